"""The one grey scale that detector and segmenter see: background 0, chromosomes bright, typical edge 0.35.

Measured once on a small view of the whole slide and applied region by region, so that the same pixel gets
the same value whatever tile it is read with.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from ..errors import UsageError
from ..geometry import Box

POLARITIES = ("auto", "bright", "dark")
EDGE_LEVEL = 0.35
"""Value of a typical chromosome edge: half of its body, so that a body lies near 0.7."""
CEILING = 1.5
"""Brighter pixels are clipped here."""
BACKGROUND_WINDOW = 1 / 3
"""Side of the window in which the background is sought, as a share of the longer side of the view."""
FAINTEST_CONTRAST = 3.0
"""A slide whose edges rise less than this many standard deviations of its noise holds nothing to find."""


@dataclass(frozen=True, eq=False)
class Normalisation:
    """How a slide's grey values become normalised ones.

    polarity: "bright" or "dark", the chromosomes on their background.
    background: float32, shape (rows, columns) of the small view: the level under the chromosomes.
    level: grey values between the background and a typical chromosome edge; 0 for a slide without contrast.
    shape: (rows, columns) of the slide.
    """

    polarity: str
    background: NDArray[np.float32]
    level: float
    shape: tuple[int, int]

    @property
    def is_blank(self) -> bool:
        """True where the slide has no contrast at all."""
        return self.level <= 0

    def apply(self, region: NDArray[np.float32], box: Box) -> NDArray[np.float32]:
        """Normalise the region of the slide that lies at `box`: float32 of the same shape, 0..1.5."""
        if self.is_blank:
            return np.zeros(region.shape, dtype=np.float32)
        rows = _positions(box.y0, box.y1, self.shape[0], self.background.shape[0])
        columns = _positions(box.x0, box.x1, self.shape[1], self.background.shape[1])
        background = _bilinear(self.background, rows, columns)
        risen = region - background if self.polarity == "bright" else background - region
        return np.clip(risen * (EDGE_LEVEL / self.level), 0, CEILING).astype(np.float32)


def measure(view: NDArray[np.float32], shape: tuple[int, int], polarity: str = "auto") -> Normalisation:
    """Find polarity, background and contrast on a small view of a slide.

    view: float32, shape (rows, columns), the whole slide at reduced size (or the slide itself).
    shape: (rows, columns) of the slide.
    polarity: "bright", "dark", or "auto": bright where the grey values reach further above the commonest
    one than below it.

    Raises UsageError for another polarity.
    """
    if polarity not in POLARITIES:
        raise UsageError(f"unknown polarity {polarity!r}: choose one of {', '.join(POLARITIES)}")
    smooth = ndimage.gaussian_filter(view, 1.0)
    if polarity == "auto":
        polarity = find_polarity(smooth)
    window = max(3, round(max(view.shape) * BACKGROUND_WINDOW))
    background = _background(smooth if polarity == "bright" else -smooth, window)
    if polarity == "dark":
        background = -background
    risen = smooth - background if polarity == "bright" else background - smooth
    return Normalisation(polarity, background.astype(np.float32), edge_level(risen), shape)


def find_polarity(view: NDArray[np.float32]) -> str:
    """ "bright" or "dark": on which side of the background the slide's strong pixels lie.

    The light is levelled first with a wide median, so that a shaded corner is not taken for stain.
    """
    coarse = view[:: max(1, view.shape[0] // 64), :: max(1, view.shape[1] // 64)]
    levelled = coarse - ndimage.median_filter(coarse, size=max(3, max(coarse.shape) // 2), mode="nearest")
    centre = float(np.median(levelled))
    above = np.clip(levelled - centre, 0, None)
    below = np.clip(centre - levelled, 0, None)
    return "bright" if np.square(above).mean() >= np.square(below).mean() else "dark"


def edge_level(risen: NDArray[np.float32]) -> float:
    """The typical grey level of chromosome edges above the background, 0 where there are none.

    The median grey value weighted by the squared gradient: chromosomes have more outline for their area
    than nuclei or glow, so they decide, at any magnification.
    """
    down, across = np.gradient(risen)
    weight = down**2 + across**2
    total = float(weight.sum())
    if not np.isfinite(total) or total <= 0:
        return 0.0
    order = np.argsort(risen, axis=None)
    running = np.cumsum(weight.ravel()[order])
    level = float(risen.ravel()[order[int(np.searchsorted(running, total / 2))]])
    noise = 1.4826 * float(np.median(np.abs(risen - np.median(risen))))
    return level if level > FAINTEST_CONTRAST * noise or noise == 0 else max(level, 0.0)


def _background(view: NDArray[np.float32], window: int) -> NDArray[np.float32]:
    """The level under bright objects: a low percentile in a wide window, smoothed."""
    step = max(1, max(view.shape) // 80)
    coarse = ndimage.uniform_filter(view, step)[::step, ::step]
    size = max(3, window // step)
    low = ndimage.percentile_filter(coarse, 20, size=size, mode="nearest")
    low = ndimage.gaussian_filter(low, size / 4, mode="nearest")
    rows = _positions(0, view.shape[0], view.shape[0], low.shape[0])
    columns = _positions(0, view.shape[1], view.shape[1], low.shape[1])
    return _bilinear(low.astype(np.float32), rows, columns)


def _positions(first: int, end: int, length: int, samples: int) -> NDArray[np.float64]:
    """Where the pixels first..end of an axis of `length` lie among `samples`, pixel centres aligned."""
    return np.clip((np.arange(first, end) + 0.5) * samples / length - 0.5, 0, samples - 1)


def _bilinear(
    grid: NDArray[np.float32], rows: NDArray[np.float64], columns: NDArray[np.float64]
) -> NDArray[np.float32]:
    """Sample a grid at every combination of row and column positions."""
    y0 = np.floor(rows).astype(int)
    x0 = np.floor(columns).astype(int)
    y1 = np.minimum(y0 + 1, grid.shape[0] - 1)
    x1 = np.minimum(x0 + 1, grid.shape[1] - 1)
    fy = (rows - y0).astype(np.float32)[:, None]
    fx = (columns - x0).astype(np.float32)[None, :]
    along = grid[y0] * (1 - fy) + grid[y1] * fy
    return along[:, x0] * (1 - fx) + along[:, x1] * fx
