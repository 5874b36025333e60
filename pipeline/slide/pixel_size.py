"""How large a pixel is, as a TIFF says."""

from __future__ import annotations

import re

import tifffile

MICROMETRES = {"µm": 1.0, "um": 1.0, "micron": 1.0, "nm": 1e-3, "mm": 1e3, "cm": 1e4, "m": 1e6, "pm": 1e-6}
MIN_PIXEL_UM, MAX_PIXEL_UM = 0.005, 20.0
"""A light microscope's pixel; a printer's 72 dots an inch (353 µm) is none."""


def pixel_size_um(file: tifffile.TiffFile, series: tifffile.TiffPageSeries) -> float | None:
    """Look up the size of a pixel in OME-XML, ImageJ's metadata or TIFF's resolution tags, in this order.

    Parameters
    ----------
    file
        An open file.
    series
        The image in it that is meant.

    Returns
    -------
    float or None
        Micrometres a pixel; None where the file does not say, or says what no microscope's pixel is.
    """
    for size in (_from_ome(file), _from_imagej(file, series), _from_resolution(series)):
        if size is not None and MIN_PIXEL_UM <= size <= MAX_PIXEL_UM:
            return size
    return None


def _from_ome(file: tifffile.TiffFile) -> float | None:
    text = file.ome_metadata
    if not text:
        return None
    size = re.search(r'PhysicalSizeX="([0-9.eE+-]+)"', text)
    if size is None:
        return None
    unit = re.search(r'PhysicalSizeXUnit="([^"]+)"', text)
    factor = MICROMETRES.get(unit.group(1) if unit else "µm")
    return float(size.group(1)) * factor if factor else None


def _from_imagej(file: tifffile.TiffFile, series: tifffile.TiffPageSeries) -> float | None:
    facts = file.imagej_metadata
    if not facts:
        return None
    factor = MICROMETRES.get(str(facts.get("unit", "")).replace("\\u00B5", "µ"))
    per_unit = _resolution(series)
    return factor / per_unit if factor and per_unit else None


def _from_resolution(series: tifffile.TiffPageSeries) -> float | None:
    page = series.keyframe
    unit = page.tags.get("ResolutionUnit")
    factor = {2: 25_400.0, 3: 10_000.0}.get(int(unit.value)) if unit is not None else None
    per_unit = _resolution(series)
    return factor / per_unit if factor and per_unit else None


def _resolution(series: tifffile.TiffPageSeries) -> float | None:
    tag = series.keyframe.tags.get("XResolution")
    if tag is None:
        return None
    over, under = tag.value
    return over / under if over and under else None
