"""The tiles and strips that an image in a TIFF lies in: whether they are all there, and none can do harm."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import imagecodecs
import tifffile

from ...core.errors import UnreadableSlide
from .lzw import checked_lzw

MAX_SAMPLES = 4
"""Of a pixel: red, green, blue and transparency."""
MAX_LOOSE_SAMPLES = 2**26
"""Samples of a tile that is larger than the image in it: it is decoded whole."""
LOWEST_BIT_FIRST = 2
"""TIFF's tag FillOrder, for bits that lie the other way round."""


def check_layout(path: Path, series: tifffile.TiffPageSeries) -> None:
    """Refuse what takes far more memory than its rows and columns say.

    Parameters
    ----------
    path
        Of the file.
    series
        The image in it that is meant.

    Raises
    ------
    UnreadableSlide
        Where a pixel has more samples than a colour, or a tile is far larger than the image.
    """
    page = series.keyframe
    samples = dict(zip(series.axes, series.shape, strict=True)).get("S", 1)
    if samples > MAX_SAMPLES:
        raise UnreadableSlide(
            f"{path} has {samples} samples a pixel, and a colour has 3 or 4: save its channels as images of their own"
        )
    if math.prod(page.chunks) > max(MAX_LOOSE_SAMPLES, math.prod(page.shape)):
        raise UnreadableSlide(
            f"{path} is damaged: it says that an image of {page.shape} lies in tiles of {page.chunks}"
        )


def with_checked_codes(series: tifffile.TiffPageSeries) -> None:
    """Let the strips or tiles of a series be looked at before they are decoded, where that is needed.

    Parameters
    ----------
    series
        That is read later; decoding raises ValueError for what its decoder would crash over.
    """
    page = series.keyframe
    if page.compression != tifffile.COMPRESSION.LZW:
        return
    decode = page.decode

    def checked(data: bytes | None, *where: Any, **options: Any) -> Any:
        if data is not None:
            reverse = page.fillorder == LOWEST_BIT_FIRST
            safe = checked_lzw(bytes(imagecodecs.bitorder_decode(data) if reverse else data))
            data = bytes(imagecodecs.bitorder_encode(safe)) if reverse else safe
        return decode(data, *where, **options)

    page.decode = checked


def check_segments(path: Path, series: tifffile.TiffPageSeries) -> str | None:
    """Look whether the file holds all tiles or strips of an image.

    Parameters
    ----------
    path
        Of the file.
    series
        The image in it that is meant.

    Returns
    -------
    str or None
        A warning where some were never written: they read as zeros.

    Raises
    ------
    UnreadableSlide
        Where the file ends before some, or does not say where they lie.
    """
    total = unwritten = beyond = 0
    for page in series.pages:
        if page is None:  # of a file that is missing
            continue
        end = page.parent.filehandle.size
        segments = list(zip(page.dataoffsets, page.databytecounts, strict=False))
        wanted = math.prod(series.keyframe.chunked)
        total += wanted
        beyond += max(0, wanted - len(segments)) + sum(at + count > end for at, count in segments if at and count)
        unwritten += sum(not at or not count for at, count in segments)
    if beyond:
        raise UnreadableSlide(
            f"{path} is damaged or truncated: {beyond} of its {total} tiles or strips are not in it: copy it again"
        )
    return f"{unwritten} of {total} tiles or strips were never written: they read as zeros" if unwritten else None
