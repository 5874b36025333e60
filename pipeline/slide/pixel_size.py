"""How large a pixel is, as a TIFF says."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from xml.etree import ElementTree

import tifffile

MICROMETRES = {
    "µm": 1.0, "um": 1.0, "micron": 1.0, "microns": 1.0, "pm": 1e-6, "Å": 1e-4, "nm": 1e-3, "mm": 1e3, "cm": 1e4,
    "inch": 25_400.0, "m": 1e6,
}  # fmt: skip
MIN_PIXEL_UM, MAX_PIXEL_UM = 0.005, 20.0
"""A light microscope's pixel; a printer's 72 dots an inch (353 µm) is none."""
MAX_DIFFERENCE = 0.01
"""Sizes along rows and columns that differ by less, relatively, are those of a square pixel."""


@dataclass(frozen=True)
class PixelSize:
    """How large a square pixel is, or why that is not known."""

    micrometres: float | None
    """Micrometres a pixel; None where the file does not say."""
    warning: str | None = None
    """What a user must know: the file says something that cannot be used."""


def pixel_size_of(file: tifffile.TiffFile, series: tifffile.TiffPageSeries) -> PixelSize:
    """Look up the size of a pixel in OME-XML, ImageJ's metadata or TIFF's resolution tags, in this order.

    Parameters
    ----------
    file
        An open file.
    series
        The image in it that is meant.

    Returns
    -------
    PixelSize
        Not known, without a warning, where the file says nothing or what no microscope's pixel is; with a warning where
        pixels are not square: lengths along rows and columns would not compare.
    """
    for sizes in (_from_ome(file, series), _from_imagej(file, series), _from_resolution(series)):
        if sizes is None or not all(MIN_PIXEL_UM <= size <= MAX_PIXEL_UM for size in sizes):
            continue
        x, y = sizes
        if abs(x - y) > MAX_DIFFERENCE * max(x, y):
            return PixelSize(None, f"pixels are not square ({x:g} x {y:g} µm): all lengths are in pixels only")
        return PixelSize(x)
    return PixelSize(None)


def _from_ome(file: tifffile.TiffFile, series: tifffile.TiffPageSeries) -> tuple[float, float] | None:
    """The sizes of the series' own image; None where images of the file differ and none is known to be meant."""
    text = file.ome_metadata
    if not text:
        return None
    try:
        images = list(_ome_images(ElementTree.fromstring(text.encode("utf-8"))))
    except ElementTree.ParseError:
        return None
    place = next((number for number, other in enumerate(file.series) if other is series), -1)
    if len(images) == len(file.series) and place >= 0:
        return images[place][1]
    named = {sizes for name, sizes in images if name == series.name} or {sizes for _, sizes in images}
    return named.pop() if len(named) == 1 else None


def _ome_images(root: ElementTree.Element) -> Iterator[tuple[str, tuple[float, float] | None]]:
    """The name and the pixel's sizes of every image of an OME-XML document, whatever its schema's year.

    A missing size of one axis counts as the other's.
    """
    for image in root.iterfind("{*}Image"):
        pixels = image.find("{*}Pixels")
        x, y = (None if pixels is None else _ome_length(pixels, f"PhysicalSize{axis}") for axis in "XY")
        x, y = x or y, y or x
        yield image.get("Name", ""), (x, y) if x and y else None


def _ome_length(pixels: ElementTree.Element, name: str) -> float | None:
    factor = MICROMETRES.get(pixels.get(f"{name}Unit", "µm"))
    try:
        return float(pixels.get(name, "")) * factor if factor is not None else None
    except ValueError:
        return None


def _from_imagej(file: tifffile.TiffFile, series: tifffile.TiffPageSeries) -> tuple[float, float] | None:
    facts = file.imagej_metadata
    if not facts:
        return None
    return _by_resolution(series, MICROMETRES.get(str(facts.get("unit", "")).replace("\\u00B5", "µ")))


def _from_resolution(series: tifffile.TiffPageSeries) -> tuple[float, float] | None:
    unit = series.keyframe.tags.get("ResolutionUnit")
    return _by_resolution(series, {2: 25_400.0, 3: 10_000.0}.get(unit.value) if unit is not None else None)


def _by_resolution(series: tifffile.TiffPageSeries, factor: float | None) -> tuple[float, float] | None:
    """Sizes from the pixels in a unit of `factor` micrometres; a missing tag of one axis counts as the other's."""
    found = [_resolution(series, name) for name in ("XResolution", "YResolution")]
    x, y = found[0] or found[1], found[1] or found[0]
    return (factor / x, factor / y) if factor and x and y else None


def _resolution(series: tifffile.TiffPageSeries, name: str) -> float | None:
    tag = series.keyframe.tags.get(name)
    if tag is None:
        return None
    value = tag.value if isinstance(tag.value, tuple) else (tag.value, 1)  # some write a whole or a real number
    if len(value) != 2 or not all(isinstance(part, (int, float)) and part > 0 for part in value):
        return None
    return value[0] / value[1]
