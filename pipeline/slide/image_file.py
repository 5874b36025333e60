"""The one image of a file that is meant, and how to index its pixels."""

from __future__ import annotations

import logging
import struct
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import tifffile

from ...core.errors import AmbiguousSlide, UnreadableSlide, UsageError
from ...core.printable import printable
from .directories import check_directories
from .file_formats import FlatPicture, is_flat, is_tiff, slide_name
from .no_data import named_no_data
from .ome_set import check_complete, check_names, ome_set_of, other_files, pages_meant
from .pixel_size import pixel_size_of
from .pixel_sources import CachedPixels, MappedPixels, PalettePixels, Pixels, PlanarPixels, is_grey_ramp
from .segments import check_layout, check_segments, with_checked_codes

MIN_SIDE_PX = 2
MAX_PIXELS = 10_000_000_000
"""More than any scan of a slide has; a damaged or hostile file may claim more than can be read in a day."""
PROGRAMMERS = (LookupError, TypeError, AttributeError, ArithmeticError, AssertionError, RecursionError, struct.error)
"""What libraries stumble into over a damaged file: their words are for programmers."""
logging.getLogger("tifffile").addHandler(logging.NullHandler())  # what is wrong is told in one line of ours


@dataclass(frozen=True)
class SlideInfo:
    """What a file says about its slide."""

    name: str
    """File name without its ending."""
    shape: tuple[int, int]
    """(rows, columns) at full resolution."""
    dtype: str
    """Of the samples, as numpy names it."""
    pixel_size_um: float | None
    """Micrometres a pixel; None where the file does not say."""
    warnings: tuple[str, ...] = ()
    """What a user must know about the file."""
    no_data: float | None = None
    """The value that the file says stands for no data; None where it does not say so."""
    others: tuple[Path, ...] = ()
    """Files beside the slide's own that its pixels lie in."""


@dataclass(frozen=True, eq=False)
class OpenedImage:
    """An image of a file."""

    info: SlideInfo
    """What the file says about it."""
    source: Pixels
    """Its pixels."""
    index: tuple[Any, ...]
    """One entry for each axis but the columns: "yx" stands for rows and columns, a number for a page or channel, a
    slice for colours."""
    close: Callable[[], None] | None
    """Closes the file; None where nothing stays open."""


def open_image(path: Path, page: int | None, channel: int | None, max_pixels: int = MAX_PIXELS) -> OpenedImage:
    """Open a file that exists.

    Parameters
    ----------
    path
        Of the file.
    page, channel
        Which one, from 0, where the file holds several.
    max_pixels
        Rows times columns; larger images are refused before they are read.

    Raises
    ------
    UnreadableSlide
        See `Slide.open`.
    AmbiguousSlide
        See `Slide.open`.
    UsageError
        See `Slide.open`.
    """
    if is_flat(path):
        return _open_flat(path, page, channel, max_pixels)
    if not is_tiff(path):
        raise UnreadableSlide(f"{path} is not an image: TIFF, OME-TIFF, BigTIFF, PNG and JPEG can be read")
    return _open_tiff(path, page, channel, max_pixels)


def _open_flat(path: Path, page: int | None, channel: int | None, max_pixels: int) -> OpenedImage:
    if page or channel:
        raise UsageError(f"{path} is a PNG or JPEG with one page and no channels: leave out --page and --channel")
    picture = FlatPicture(path)
    shape, dtype = picture.header()
    check_pixels(path.name, shape, np.dtype(dtype), max_pixels)
    return OpenedImage(SlideInfo(printable(path.stem), shape, dtype, None), picture, ("yx",), None)


def _open_tiff(path: Path, page: int | None, channel: int | None, max_pixels: int) -> OpenedImage:
    try:
        check_directories(path)
        file = tifffile.TiffFile(path)
        ome_set = ome_set_of(file)
        check_names(path, ome_set)
        for other in (path.parent / name for name in ome_set.names if name != path.name):
            if other.is_file():
                check_directories(other)
        if not file.series:
            raise UnreadableSlide(f"{path} is damaged or truncated: no image is left in it: copy it again")
        series = file.series[0]
        axes, shape = series.axes, series.shape
        pages = len(file.series)
    except UnreadableSlide:
        raise
    except Exception as problem:
        raise UnreadableSlide(f"{path} is not a readable TIFF: {first_line(problem)}") from problem
    try:
        if pages > 1:
            if page is None:
                raise AmbiguousSlide(
                    f"{path} holds {pages} images of different kinds: choose one with --page 0..{pages - 1}"
                )
            if not 0 <= page < pages:
                raise UsageError(f"{path} has no page {page}: choose 0..{pages - 1}")
            series, page = file.series[page], None
            axes, shape = series.axes, series.shape
        index = _choose(path, axes, shape, page, channel)
        rows, columns = shape[axes.index("Y")], shape[axes.index("X")]
        check_pixels(str(path), (rows, columns), series.dtype, max_pixels)
        check_layout(path, series)
        every, meant = list(series.pages), pages_meant(series, index)
        told = [check_complete(path, ome_set, every, meant), check_segments(path, series)]
        others = other_files(path, ome_set, file, meant)
        source = _source_of(path, series, axes.index("Y"))
        is_palette = series.keyframe.photometric == tifffile.PHOTOMETRIC.PALETTE
        colours = series.keyframe.colormap if is_palette else None
        no_data = named_no_data(series)
        if colours is not None and not is_grey_ramp(colours):
            source, no_data = PalettePixels(source, colours), None  # it names an index, not a grey value
        if "S" in axes[: axes.index("Y")]:
            source = PlanarPixels(source, axes.index("S"), shape[axes.index("S")])
            index = (*(part for part in index if not isinstance(part, slice)), slice(None))
        size = pixel_size_of(file, series)
        if ome_set.described_in:
            told.append(f"part of an OME set that {ome_set.described_in} describes: it was read on its own")
        info = SlideInfo(
            name=printable(slide_name(path)),
            shape=(rows, columns),
            dtype=str(series.dtype),
            pixel_size_um=size.micrometres,
            warnings=tuple(warning for warning in (*told, size.warning) if warning),
            no_data=no_data,
            others=others,
        )
        return OpenedImage(info, source, index, file.close)
    except (AmbiguousSlide, UsageError, UnreadableSlide):
        file.close()
        raise
    except Exception as problem:
        file.close()
        raise UnreadableSlide(f"{path} is damaged or truncated: {first_line(problem)}") from problem


def _source_of(path: Path, series: tifffile.TiffPageSeries, y_axis: int) -> Pixels:
    """The series' pixels: mapped where they lie in one piece, else decoded by tiles or strips."""
    if series.dataoffset is not None and not series.is_multifile:
        dtype = np.dtype(series.dtype).newbyteorder(series.keyframe.parent.byteorder)
        return MappedPixels(path, dtype, series.dataoffset, series.shape)
    with_checked_codes(series)
    import zarr  # slow to import, and not needed for files like the first

    return CachedPixels(zarr.open(series.aszarr(level=0), mode="r"), y_axis)


def _choose(path: Path, axes: str, shape: tuple[int, ...], page: int | None, channel: int | None) -> tuple[Any, ...]:
    """How to index the file's array so that rows, columns (and colour samples) are left."""
    if "Y" not in axes or "X" not in axes:
        raise UnreadableSlide(f"{path} has axes {axes}: an image needs rows (Y) and columns (X)")
    index: list[Any] = []
    for axis, length in zip(axes, shape, strict=True):
        if axis == "Y":
            index.append("yx")
        elif axis == "X":
            continue
        elif axis == "S":
            index.append(slice(None))
        elif axis == "C":
            index.append(_one_of(path, "channel", length, channel))
            channel = None
        else:
            index.append(_one_of(path, "page", length, page))
            page = None
    return tuple(index)


def _one_of(path: Path, kind: str, length: int, chosen: int | None) -> int:
    if chosen is None:
        if length == 1:
            return 0
        raise AmbiguousSlide(f"{path} holds {length} {kind}s: choose one with --{kind} 0..{length - 1}")
    if not 0 <= chosen < length:
        raise UsageError(f"{path} has no {kind} {chosen}: choose 0..{length - 1}")
    return chosen


def check_pixels(name: str, shape: tuple[int, int], dtype: Any, max_pixels: int = MAX_PIXELS) -> None:
    """Refuse pixels that cannot be a slide's.

    Raises
    ------
    UnreadableSlide
        Where a side is too short, there are too many pixels, or the samples are no real numbers.
    """
    if min(shape) < MIN_SIDE_PX:
        raise UnreadableSlide(f"{name} is {shape[0]} x {shape[1]} px: a slide has at least 2 x 2")
    if shape[0] * shape[1] > max_pixels:
        raise UnreadableSlide(
            f"{name} claims {shape[0]} x {shape[1]} px, more than the {max_pixels} that are allowed: if it is what it "
            "claims to be, raise --max-pixels"
        )
    if np.dtype(dtype).kind not in "uifb":
        raise UnreadableSlide(f"{name} holds samples of type {dtype}: whole or real numbers can be read")


def first_line(problem: Exception) -> str:
    """What an exception says to a user, on one line."""
    if isinstance(problem, PROGRAMMERS):
        return "what it says of itself does not fit together"
    lines = str(problem).strip().splitlines()
    return lines[0] if lines else type(problem).__name__
