"""Opens a slide and reads regions of it as grey values, whatever its format, depth or colour.

TIFF, OME-TIFF and BigTIFF are read by region through tifffile's zarr view; PNG and JPEG are decoded whole at the first
read, for they cannot be read otherwise.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import numpy as np
import tifffile
import zarr
from numpy.typing import NDArray

from ..errors import AmbiguousSlide, SlideNotFound, UnreadableSlide, UsageError
from ..geometry import Box
from .formats import FlatPicture, is_flat, is_tiff, pixel_size_um, slide_name

SMALLEST_SIDE = 2
VIEW_SIDE = 1024
"""Longer side, at most, of the small view on which normalisation is measured."""
BAND_PIXELS = 16_000_000
"""Pixels read at a time while the small view is made."""


@dataclass(frozen=True)
class SlideInfo:
    """What a file says about its slide.

    name: file name without its ending. shape: (rows, columns) at full resolution. dtype: of the samples.
    pixel_size_um: micrometres a pixel, or None where the file does not say.
    """

    name: str
    shape: tuple[int, int]
    dtype: str
    pixel_size_um: float | None


class Slide:
    """One image of a file, read lazily by region.

    Use `Slide.open(path)` for a file and `Slide.from_array(array)` for pixels in memory.
    """

    def __init__(self, info: SlideInfo, source: Any, index: tuple[Any, ...], file: tifffile.TiffFile | None) -> None:
        self.info = info
        self._source = source
        self._index = index
        self._file = file

    @property
    def shape(self) -> tuple[int, int]:
        """(rows, columns) at full resolution."""
        return self.info.shape

    @classmethod
    def open(cls, path: Path | str, page: int | None = None, channel: int | None = None) -> Slide:
        """Open an image file.

        page, channel: which one to take, counted from 0, where the file holds several.

        Raises SlideNotFound, UnreadableSlide, or AmbiguousSlide where the file holds several pages or
        channels and none was chosen.
        """
        path = Path(path)
        if not path.exists():
            raise SlideNotFound(f"{path} does not exist: check the name")
        if path.is_dir():
            raise UnreadableSlide(f"{path} is a folder: name an image in it")
        if is_flat(path):
            return _open_flat(path, page, channel)
        if not is_tiff(path):
            raise UnreadableSlide(f"{path} is not an image: TIFF, OME-TIFF, BigTIFF, PNG and JPEG can be read")
        return _open_tiff(path, page, channel)

    @classmethod
    def from_array(cls, pixels: NDArray[Any], name: str = "array", pixel_size_um: float | None = None) -> Slide:
        """A slide in memory: (rows, columns) grey or (rows, columns, 3 or 4) colour.

        Raises UnreadableSlide for another shape or kind of number.
        """
        grey = pixels.ndim == 2
        if not grey and not (pixels.ndim == 3 and pixels.shape[2] in (3, 4)):
            raise UnreadableSlide(
                f"an array of shape {pixels.shape} is not a slide: (rows, columns) or (rows, columns, 3 or 4) is"
            )
        _check(name, (pixels.shape[0], pixels.shape[1]), pixels.dtype)
        info = SlideInfo(name, (pixels.shape[0], pixels.shape[1]), str(pixels.dtype), pixel_size_um)
        return cls(info, pixels, ("yx",), None)

    def read(self, box: Box) -> NDArray[np.float32]:
        """Grey values of a region at full resolution: float32, shape (box.height, box.width).

        box: in slide pixels, inside the slide. Colours are averaged.
        Raises UnreadableSlide where the file is damaged there or holds NaN or infinite pixels.
        """
        if box.clip(self.shape) != box or box.is_empty:
            raise ValueError(f"{box} does not lie inside a slide of {self.shape}")
        where: list[Any] = []
        for part in self._index:
            where.extend(box.slices if part == "yx" else (part,))
        try:
            pixels = np.asarray(self._source[tuple(where)])
        except Exception as problem:
            raise UnreadableSlide(f"{self.info.name} is damaged or truncated: {_first_line(problem)}") from problem
        grey = to_grey(pixels)
        if not np.isfinite(grey).all():
            raise UnreadableSlide(
                f"{self.info.name} holds pixels that are not numbers (NaN or infinite): replace them and try again"
            )
        return grey

    def view(self) -> NDArray[np.float32]:
        """The whole slide, its longer side reduced to 1,024 px at most by averaging: float32."""
        step = max(1, math.ceil(max(self.shape) / VIEW_SIDE))
        rows, columns = self.shape
        band = max(1, BAND_PIXELS // max(1, columns) // step) * step
        parts = []
        for top in range(0, rows, band):
            grey = self.read(Box(0, top, columns, min(rows, top + band)))
            parts.append(_shrink(grey, step))
        return np.concatenate(parts)

    def close(self) -> None:
        """Close the file."""
        if self._file is not None:
            self._file.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, problem: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def to_grey(pixels: NDArray[Any]) -> NDArray[np.float32]:
    """Grey values of (rows, columns) or the mean of the colours of (rows, columns, samples): float32.

    The mean, not the eye's luminance: a DAPI picture in false blue would all but vanish in luminance. A fourth sample
    is transparency and is left out.
    """
    if pixels.ndim == 3:
        return pixels[..., :3].astype(np.float32).mean(axis=2)
    return pixels.astype(np.float32)


def _shrink(grey: NDArray[np.float32], step: int) -> NDArray[np.float32]:
    """Average blocks of step x step; the last ones may be smaller."""
    if step == 1:
        return grey
    rows = np.add.reduceat(grey, np.arange(0, grey.shape[0], step), axis=0)
    both = np.add.reduceat(rows, np.arange(0, grey.shape[1], step), axis=1)
    height = np.diff(np.append(np.arange(0, grey.shape[0], step), grey.shape[0]))
    width = np.diff(np.append(np.arange(0, grey.shape[1], step), grey.shape[1]))
    return (both / (height[:, None] * width[None, :])).astype(np.float32)


def _open_flat(path: Path, page: int | None, channel: int | None) -> Slide:
    if page or channel:
        raise UsageError(f"{path} is a PNG or JPEG with one page and no channels: leave out --page and --channel")
    picture = FlatPicture(path)
    shape, dtype = picture.header()
    _check(path.name, shape, np.dtype(dtype))
    return Slide(SlideInfo(path.stem, shape, dtype, None), picture, ("yx",), None)


def _open_tiff(path: Path, page: int | None, channel: int | None) -> Slide:
    try:
        file = tifffile.TiffFile(path)
        series = file.series[0]
        axes, shape = series.axes, series.shape
        pages = len(file.series)
    except Exception as problem:
        raise UnreadableSlide(f"{path} is not a readable TIFF: {_first_line(problem)}") from problem
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
        _check(str(path), (rows, columns), series.dtype)
        source = zarr.open(series.aszarr(level=0), mode="r")
        info = SlideInfo(slide_name(path), (rows, columns), str(series.dtype), pixel_size_um(file, series))
        return Slide(info, source, index, file)
    except (AmbiguousSlide, UsageError, UnreadableSlide):
        file.close()
        raise
    except Exception as problem:
        file.close()
        raise UnreadableSlide(f"{path} is damaged or truncated: {_first_line(problem)}") from problem


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


def _check(name: str, shape: tuple[int, int], dtype: Any) -> None:
    if min(shape) < SMALLEST_SIDE:
        raise UnreadableSlide(f"{name} is {shape[0]} x {shape[1]} px: a slide has at least 2 x 2")
    if np.dtype(dtype).kind not in "uif":
        raise UnreadableSlide(f"{name} holds samples of type {dtype}: whole or real numbers can be read")


def _first_line(problem: Exception) -> str:
    lines = str(problem).strip().splitlines()
    return lines[0] if lines else type(problem).__name__
