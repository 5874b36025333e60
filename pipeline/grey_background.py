"""The level under the chromosomes: slowly varying light, glow and offset."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

LOW_PERCENT = 20
"""Of the values in a window, so many in a hundred lie below the background."""


def background_level(view: NDArray[np.float32], window: int) -> NDArray[np.float32]:
    """The level under bright objects: a low percentile in a wide window, smoothed. float32, shape of the view.

    Parameters
    ----------
    view
        float32, shape (rows, columns).
    window
        Side of the window in pixels of the view.
    """
    step = max(1, max(view.shape) // 80)
    coarse = ndimage.uniform_filter(view, step)[::step, ::step]
    size = max(3, window // step)
    low = ranked_in_window(coarse, size, LOW_PERCENT / 100)
    low = ndimage.gaussian_filter(low, size / 4, mode="nearest")
    rows = sample_positions(0, view.shape[0], view.shape[0], low.shape[0])
    columns = sample_positions(0, view.shape[1], view.shape[1], low.shape[1])
    return bilinear(low.astype(np.float32), rows, columns)


def ranked_in_window(image: NDArray[np.float32], size: int, share: float) -> NDArray[np.float32]:
    """The value at a share of the ordered values around each pixel: 0.5 is the median. float32, the same shape.

    What scipy's `percentile_filter` and `median_filter` give with mode "nearest", to the bit, in a sixth of the time:
    for windows as wide as these it is quicker to take each window's values than to keep them in order on the way.

    Parameters
    ----------
    image
        float32, shape (rows, columns).
    size
        Side of the window in pixels.
    share
        0 is the lowest value; less than 1.
    """
    rank = int(size * size * share)
    before, after = size // 2, size - 1 - size // 2
    windows = np.lib.stride_tricks.sliding_window_view(
        np.pad(image, (before, after), mode="edge"), (size, size)
    )  # one row of them at a time is copied: all would be too much for memory
    return np.stack([np.partition(row.reshape(len(row), -1), rank, axis=1)[:, rank] for row in windows])


def sample_positions(first: int, end: int, length: int, samples: int) -> NDArray[np.float64]:
    """Where the pixels first..end of an axis of `length` lie among `samples`, pixel centres aligned."""
    return np.clip((np.arange(first, end) + 0.5) * samples / length - 0.5, 0, samples - 1)


def bilinear(grid: NDArray[np.float32], rows: NDArray[np.float64], columns: NDArray[np.float64]) -> NDArray[np.float32]:
    """Sample a grid at every combination of row and column positions."""
    y0 = np.floor(rows).astype(int)
    x0 = np.floor(columns).astype(int)
    y1 = np.minimum(y0 + 1, grid.shape[0] - 1)
    x1 = np.minimum(x0 + 1, grid.shape[1] - 1)
    fy = (rows - y0).astype(np.float32)[:, None]
    fx = (columns - x0).astype(np.float32)[None, :]
    along = grid[y0] * (1 - fy) + grid[y1] * fy
    return along[:, x0] * (1 - fx) + along[:, x1] * fx
