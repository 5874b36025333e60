"""Opens a slide and reads regions of it as grey values, whatever its format, depth or colour.

TIFF, OME-TIFF and BigTIFF are read by region (see `pixel_sources`); PNG and JPEG are decoded whole at the first
read, for they cannot be read otherwise.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from ...core.box import Box
from ...core.errors import SlideNotFound, UnreadableSlide
from .image_file import MAX_PIXELS, SlideInfo, check_pixels, first_line, open_image
from .no_data import NoData, find_no_data, may_be_no_data
from .pixel_sources import Pixels

MAX_VIEW_PX = 1024
"""Longer side, at most, of the small views of the whole slide."""
AVERAGED_PX = 4
"""A chromosome is wider than this, so averages over so many pixels a side still show it, with less noise."""
MIN_AVERAGED_STEP = 2 * AVERAGED_PX
"""Pixels of the slide in one of a view, a side, from which its extremes are those of such averages."""
MAX_BAND_PIXELS = 16_000_000
"""Pixels read at a time while the small views are made."""


@dataclass(frozen=True, eq=False)
class Survey:
    """The whole slide, reduced until its longer side is at most 1,024 px."""

    mean: NDArray[np.float32]
    """float32, shape (rows, columns): averages."""
    lowest: NDArray[np.float32]
    """float32, the same shape: minima of averages over 4 x 4 px of the slide where a pixel of the view stands for 8 x 8
    or more, else of the slide's own pixels."""
    highest: NDArray[np.float32]
    """float32, the same shape: maxima of the same."""
    step: int
    """Pixels of the slide, a side, in one of the view."""
    no_data: float = 0.0
    """Share of the slide's pixels that are no data."""


class Slide:
    """One image of a file, read lazily by region.

    Use `Slide.open(path)` for a file and `Slide.from_array(array)` for pixels in memory.
    """

    def __init__(
        self, info: SlideInfo, source: Pixels, index: tuple[Any, ...], close: Callable[[], None] | None = None
    ) -> None:
        """source: its pixels. index: how they are indexed, see `image_file.OpenedImage`. close: closes the file."""
        self.info = info
        self._source = source
        self._index = index
        self._close = close

    @property
    def shape(self) -> tuple[int, int]:
        """(rows, columns) at full resolution."""
        return self.info.shape

    @classmethod
    def open(
        cls, path: Path | str, page: int | None = None, channel: int | None = None, max_pixels: int = MAX_PIXELS
    ) -> Slide:
        """Open an image file.

        Parameters
        ----------
        path
            Of the file.
        page, channel
            Which one to take, counted from 0, where the file holds several.
        max_pixels
            Rows times columns; larger images are refused before they are read.

        Raises
        ------
        SlideNotFound
            Where there is no such file.
        UnreadableSlide
            Where it is no image, is damaged, or is larger than allowed.
        AmbiguousSlide
            Where the file holds several pages or channels and none was chosen.
        """
        path = Path(path)
        if not path.exists():
            raise SlideNotFound(f"{path} does not exist: check the name")
        if path.is_dir():
            raise UnreadableSlide(f"{path} is a folder: name an image in it")
        opened = open_image(path, page, channel, max_pixels)
        return cls(opened.info, opened.source, opened.index, opened.close)

    @classmethod
    def from_array(cls, pixels: NDArray[Any], name: str = "array", pixel_size_um: float | None = None) -> Slide:
        """A slide in memory: (rows, columns) grey or (rows, columns, 3 or 4) colour.

        Parameters
        ----------
        pixels
            Whole or real numbers.
        name
            What the slide is called.
        pixel_size_um
            Micrometres a pixel; None where it is not known.

        Raises
        ------
        UnreadableSlide
            For another shape or kind of number.
        """
        grey = pixels.ndim == 2
        if not grey and not (pixels.ndim == 3 and pixels.shape[2] in (3, 4)):
            raise UnreadableSlide(
                f"an array of shape {pixels.shape} is not a slide: (rows, columns) or (rows, columns, 3 or 4) is"
            )
        info = SlideInfo(name, (pixels.shape[0], pixels.shape[1]), str(pixels.dtype), pixel_size_um)
        check_pixels(name, info.shape, pixels.dtype)
        return cls(info, pixels, ("yx",))

    def read(self, box: Box) -> NDArray[np.float32]:
        """Grey values of a region at full resolution: float32, shape (box.height, box.width). Colours are averaged.

        Pixels without data (see `no_data`) get the median of the others.

        Parameters
        ----------
        box
            In slide pixels, inside the slide.

        Raises
        ------
        UnreadableSlide
            Where the file is damaged there or holds NaN or infinite pixels.
        """
        return self._filled(box)[0]

    @cached_property
    def no_data(self) -> NoData:
        """How much of the slide is no data, and the grey value that `read` gives there. Reads the whole slide once.

        Raises
        ------
        UnreadableSlide
            As `read` does.
        """
        by_type = np.dtype(self.info.dtype).kind == "i" and self.info.no_data is None
        return find_no_data((self._read(band) for band in self._bands(1)), by_type)

    def _filled(self, box: Box) -> tuple[NDArray[np.float32], NDArray[np.bool_] | None]:
        """Grey values, and which of them stand in for no data; None for none."""
        grey, held = self._read(box)
        if held is not None and self.no_data.share:
            grey[held] = self.no_data.level
        else:
            held = None
        if not np.isfinite(grey).all():
            raise UnreadableSlide(
                f"{self.info.name} holds pixels that are not numbers (NaN or infinite): replace them and try again"
            )
        return grey, held

    def _read(self, box: Box) -> tuple[NDArray[np.float32], NDArray[np.bool_] | None]:
        """Grey values as they are, and which of them may stand for no data."""
        if box.clip(self.shape) != box or box.is_empty:
            raise ValueError(f"{box} does not lie inside a slide of {self.shape}")
        where: list[Any] = []
        for part in self._index:
            where.extend(box.slices if part == "yx" else (part,))
        try:
            pixels = np.asarray(self._source[tuple(where)])
        except Exception as problem:
            raise UnreadableSlide(f"{self.info.name} is damaged or truncated: {first_line(problem)}") from problem
        with np.errstate(over="ignore"):  # doubles beyond float32 become infinite
            return to_grey(pixels), may_be_no_data(pixels, self.info.no_data)

    def _bands(self, step: int) -> Iterator[Box]:
        """The slide in pieces of whole rows, a multiple of `step` at a time."""
        rows, columns = self.shape
        height = max(1, MAX_BAND_PIXELS // max(1, columns) // step) * step
        for top in range(0, rows, height):
            yield Box(0, top, columns, min(rows, top + height))

    @cached_property
    def survey(self) -> Survey:
        """The whole slide at a glance. Read once, in bands.

        Raises
        ------
        UnreadableSlide
            As `read` does.
        """
        return self.surveyed()

    def surveyed(self, cleaned: Callable[[NDArray[np.float32]], NDArray[np.float32]] | None = None) -> Survey:
        """Survey the whole slide anew.

        Parameters
        ----------
        cleaned
            Changes the grey values of a band before they are reduced, without changing its shape.

        Raises
        ------
        UnreadableSlide
            As `read` does.
        """
        step = max(1, math.ceil(max(self.shape) / MAX_VIEW_PX))
        fine = AVERAGED_PX if step >= MIN_AVERAGED_STEP else 1
        step = -(-step // fine) * fine
        bands, missing = [], 0
        for band in self._bands(step):
            grey, held = self._filled(band)
            missing += 0 if held is None else int(held.sum())
            averaged = _shrink(grey if cleaned is None else cleaned(grey), fine)
            outer = step // fine
            bands.append(
                (
                    _shrink(averaged, outer),
                    _blocks(np.minimum, averaged, outer),
                    _blocks(np.maximum, averaged, outer),
                )
            )
        mean, lowest, highest = (np.concatenate(parts) for parts in zip(*bands, strict=True))
        return Survey(mean, lowest, highest, step, missing / (self.shape[0] * self.shape[1]))

    def view(self) -> NDArray[np.float32]:
        """The whole slide, its longer side reduced to 1,024 px at most by averaging: float32."""
        return self.survey.mean

    def close(self) -> None:
        """Close the file."""
        if self._close is not None:
            self._close()

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
    both = _blocks(np.add, grey, step)
    height = np.diff(np.append(np.arange(0, grey.shape[0], step), grey.shape[0]))
    width = np.diff(np.append(np.arange(0, grey.shape[1], step), grey.shape[1]))
    return (both / (height[:, None] * width[None, :])).astype(np.float32)


def _blocks(combine: np.ufunc, grey: NDArray[np.float32], step: int) -> NDArray[np.float32]:
    """Combine blocks of step x step."""
    rows = combine.reduceat(grey, np.arange(0, grey.shape[0], step), axis=0)
    return combine.reduceat(rows, np.arange(0, grey.shape[1], step), axis=1)
