"""What a file is and what it says of itself: PNG and JPEG decoding, TIFF pixel sizes."""

from __future__ import annotations

import re
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import tifffile
from numpy.typing import NDArray
from PIL import Image

from ...core.errors import UnreadableSlide

FLAT_SIGNATURES = (b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff")
TIFF_SIGNATURES = (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+")
IMAGE_ENDINGS = frozenset({".tif", ".tiff", ".btf", ".png", ".jpg", ".jpeg"})
MICROMETRES = {"µm": 1.0, "um": 1.0, "micron": 1.0, "nm": 1e-3, "mm": 1e3, "cm": 1e4, "m": 1e6, "pm": 1e-6}
PLAUSIBLE_PIXEL_UM = (0.005, 20.0)
"""A light microscope's pixel; a printer's 72 dots an inch (353 µm) is none."""
LARGEST_FLAT_PIXELS = 1_000_000_000


def starts_with(path: Path, signatures: tuple[bytes, ...]) -> bool:
    """True where the file's first bytes are one of the signatures."""
    try:
        with path.open("rb") as file:
            return file.read(8).startswith(signatures)
    except OSError as problem:
        raise UnreadableSlide(f"{path} cannot be opened: {problem.strerror}") from problem


def is_flat(path: Path) -> bool:
    """True for a PNG or JPEG, by its content."""
    return starts_with(path, FLAT_SIGNATURES)


def is_tiff(path: Path) -> bool:
    """True for a TIFF or BigTIFF, by its content."""
    return starts_with(path, TIFF_SIGNATURES)


def slide_name(path: Path) -> str:
    """A file's name without its ending, `.ome.tif` included."""
    stem = path.stem
    return stem[:-4] if stem.lower().endswith(".ome") else stem


class FlatPicture:
    """A PNG or JPEG, decoded whole at the first read and then indexed like an array."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def header(self) -> tuple[tuple[int, int], str]:
        """((rows, columns), dtype) without decoding the pixels.

        Raises UnreadableSlide where the header is damaged.
        """
        Image.MAX_IMAGE_PIXELS = LARGEST_FLAT_PIXELS
        try:
            with Image.open(self.path) as picture:
                deep = picture.mode.startswith(("I", "F"))
                return (picture.height, picture.width), "uint16" if deep else "uint8"
        except Exception as problem:
            raise UnreadableSlide(f"{self.path} is not a readable image: {problem}") from problem

    @cached_property
    def pixels(self) -> NDArray[Any]:
        """All pixels: (rows, columns) or (rows, columns, 3)."""
        Image.MAX_IMAGE_PIXELS = LARGEST_FLAT_PIXELS
        with Image.open(self.path) as picture:
            if picture.mode in ("P", "RGBA", "CMYK", "YCbCr", "LA", "PA"):
                return np.asarray(picture.convert("RGB"))
            return np.asarray(picture)

    def __getitem__(self, where: Any) -> NDArray[Any]:
        return self.pixels[where]


def pixel_size_um(file: tifffile.TiffFile, series: tifffile.TiffPageSeries) -> float | None:
    """Micrometres a pixel from OME-XML, ImageJ or TIFF resolution tags; None where the file does not say."""
    for size in (_from_ome(file), _from_imagej(file, series), _from_resolution(series)):
        if size is not None and PLAUSIBLE_PIXEL_UM[0] <= size <= PLAUSIBLE_PIXEL_UM[1]:
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
