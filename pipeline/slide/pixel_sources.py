"""Where a slide's pixels come from: parts of a file, read when they are asked for.

Neighbouring regions share the file's tiles or strips. Compressed ones are kept for a while after they were decoded,
so that windows which go over the slide row by row decode each of them once.
"""

from __future__ import annotations

from collections import OrderedDict
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

MAX_KEPT_BYTES = 192 * 2**20
"""Decoded pixels of one slide that are kept, at most."""
MIN_BLOCK_PX = 512
"""Least side of what is decoded at a time, where the file's own tiles are smaller."""


class Pixels(Protocol):
    """What can be indexed by whole numbers and slices of positive steps, one for each axis."""

    def __getitem__(self, where: Any) -> NDArray[Any]: ...


class MappedPixels:
    """Pixels that lie in a file uncompressed and in one piece. Mapped for each read, so that memory holds that only."""

    def __init__(self, path: Path, dtype: Any, offset: int, shape: tuple[int, ...]) -> None:
        self._path, self._dtype, self._offset, self._shape = path, dtype, offset, shape

    def __getitem__(self, where: Any) -> NDArray[Any]:
        mapped = np.memmap(self._path, self._dtype, "r", self._offset, self._shape)
        return np.array(mapped[where])


class PlanarPixels:
    """Pixels whose colours lie in planes of their own, indexed as if they lay side by side: the samples come last."""

    def __init__(self, source: Pixels, samples_axis: int, samples: int) -> None:
        """source: its axis `samples_axis`, before the rows, has `samples` planes."""
        self._source, self._axis, self._samples = source, samples_axis, samples

    def __getitem__(self, where: Any) -> NDArray[Any]:
        *others, wanted = where
        before, after = tuple(others[: self._axis]), tuple(others[self._axis :])
        planes = [self._source[(*before, plane, *after)] for plane in range(self._samples)[wanted]]
        return np.stack(planes, axis=-1)


class PalettePixels:
    """Pixels that are indices into a table of colours, as grey values."""

    def __init__(self, source: Pixels, colours: NDArray[np.uint16]) -> None:
        """source: whole numbers. colours: shape (3, entries)."""
        self._source = source
        self._grey = colours.astype(np.float32).mean(axis=0)

    def __getitem__(self, where: Any) -> NDArray[Any]:
        return self._grey[self._source[where]]


def is_grey_ramp(colours: NDArray[np.uint16]) -> bool:
    """True for a table of colours, shape (3, entries), that only says that indices are grey values, from 0 upwards.

    Such indices are the file's own grey values: they are taken as they are.
    """
    ramp = np.linspace(0, 1, colours.shape[1])
    return bool(np.abs(colours / max(1, colours.max()) - ramp).max() < 2 / colours.shape[1])


class CachedPixels:
    """Pixels of an array that is costly to read in parts: blocks of its chunks are kept, the last used longest."""

    def __init__(self, source: Any, y_axis: int, kept_bytes: int = MAX_KEPT_BYTES) -> None:
        """source: a zarr array. y_axis: which axis the rows are; the columns are the next."""
        self._source = source
        self._y = y_axis
        self._kept: OrderedDict[tuple[Any, ...], NDArray[Any]] = OrderedDict()
        self._kept_bytes = kept_bytes
        self._block = tuple(
            min(side, chunk * max(1, -(-MIN_BLOCK_PX // chunk)))
            for chunk, side in zip(source.chunks[y_axis : y_axis + 2], source.shape[y_axis : y_axis + 2], strict=True)
        )

    def __getitem__(self, where: Any) -> NDArray[Any]:
        before, (rows, columns), after = where[: self._y], where[self._y : self._y + 2], where[self._y + 2 :]
        height, width = self._block
        parts = []
        for y0 in range(rows.start // height * height, rows.stop, height):
            across = []
            for x0 in range(columns.start // width * width, columns.stop, width):
                block = self._read(before, y0, x0, after)
                inside = (_within(rows, y0, height), _within(columns, x0, width))
                across.append(block[inside])
            parts.append(np.concatenate(across, axis=1))
        return np.concatenate(parts, axis=0)

    def _read(self, before: Any, y0: int, x0: int, after: Any) -> NDArray[Any]:
        key = (*before, y0, x0)
        block = self._kept.pop(key, None)
        if block is None:
            height, width = self._block
            block = np.asarray(self._source[(*before, slice(y0, y0 + height), slice(x0, x0 + width), *after)])
        self._kept[key] = block
        while sum(kept.nbytes for kept in self._kept.values()) > self._kept_bytes and len(self._kept) > 1:
            self._kept.popitem(last=False)
        return block


def _within(wanted: slice, start: int, length: int) -> slice:
    """The part of `wanted` that lies in start..start + length, counted from start."""
    return slice(max(wanted.start, start) - start, min(wanted.stop, start + length) - start)
