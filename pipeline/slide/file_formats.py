"""Which format a file has, by its content; PNG and JPEG files as arrays."""

from __future__ import annotations

from functools import cached_property
from pathlib import Path
from typing import Any

import imagecodecs
import numpy as np
from numpy.typing import NDArray
from PIL import Image

from ...core.errors import UnreadableSlide

FLAT_SIGNATURES = (b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff")
TIFF_SIGNATURES = (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+")
IMAGE_ENDINGS = frozenset({".tif", ".tiff", ".btf", ".png", ".jpg", ".jpeg"})
MAX_FLAT_PIXELS = 1_000_000_000


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


def is_readable_tiff(path: Path) -> bool:
    """True for a TIFF or BigTIFF, by its content; false where it cannot be opened."""
    try:
        return path.is_file() and is_tiff(path)
    except (UnreadableSlide, OSError, ValueError):
        return False


def slide_name(path: Path) -> str:
    """A file's name without its ending, `.ome.tif` included."""
    stem = path.stem
    return stem[:-4] if stem.lower().endswith(".ome") else stem


def is_deep_colour(path: Path) -> bool:
    """True for a PNG in colour of 16 bits a sample, by its header (PNG specification, 11.2.1 IHDR)."""
    with path.open("rb") as file:
        head = file.read(26)
    return head.startswith(FLAT_SIGNATURES[0]) and len(head) == 26 and head[24] == 16 and head[25] in (2, 6)


class FlatPicture:
    """A PNG or JPEG, decoded whole at the first read and then indexed like an array."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def header(self) -> tuple[tuple[int, int], str]:
        """((rows, columns), dtype) without decoding the pixels.

        Raises
        ------
        UnreadableSlide
            Where the header is damaged.
        """
        Image.MAX_IMAGE_PIXELS = MAX_FLAT_PIXELS
        try:
            with Image.open(self.path) as picture:
                deep = picture.mode.startswith(("I", "F")) or is_deep_colour(self.path)
                return (picture.height, picture.width), "uint16" if deep else "uint8"
        except Exception as problem:
            raise UnreadableSlide(f"{self.path} is not a readable image: {problem}") from problem

    @cached_property
    def pixels(self) -> NDArray[Any]:
        """All pixels: (rows, columns) or (rows, columns, 3)."""
        Image.MAX_IMAGE_PIXELS = MAX_FLAT_PIXELS
        with Image.open(self.path) as picture:
            if is_deep_colour(self.path):  # pillow would keep 8 of its 16 bits
                return imagecodecs.png_decode(self.path.read_bytes())[..., :3]
            if picture.mode in ("P", "RGBA", "CMYK", "YCbCr", "LA", "PA"):
                return np.asarray(picture.convert("RGB"))
            return np.asarray(picture)

    def __getitem__(self, where: Any) -> NDArray[Any]:
        return self.pixels[where]
