"""The one grey scale that detector and segmenter see: background 0, chromosomes bright, typical edge 0.35.

Measured once and applied region by region, so that the same pixel gets the same value whatever tile it is read with.
The background is that of a small view of the whole slide. The contrast is measured at full resolution, on a large slide
in its busiest parts: a view that is much smaller than the slide shows chromosomes blurred and pale.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from ..core.box import Box
from ..core.errors import UsageError
from ..core.grey_scale import EDGE_LEVEL, MAX_LEVEL
from .slide.slide import Slide

POLARITIES = ("auto", "bright", "dark")
BACKGROUND_WINDOW = 1 / 3
"""Side of the window in which the background is sought, as a share of the longer side of the view."""
SAMPLE_PX, MAX_SAMPLES = 512, 24
"""Side and number, at most, of the parts of a large slide in which contrast is measured."""


@dataclass(frozen=True, eq=False)
class Normalisation:
    """How a slide's grey values become normalised ones."""

    polarity: str
    """Chromosomes are "bright" or "dark" on their background."""
    background: NDArray[np.float32]
    """float32, shape (rows, columns) of the small view: the level under the chromosomes."""
    level: float
    """Grey values between the background and a typical chromosome edge; 0 for a slide without contrast."""
    shape: tuple[int, int]
    """(rows, columns) of the slide."""

    @property
    def is_blank(self) -> bool:
        """True where the slide has no contrast at all."""
        return self.level <= 0

    def apply(self, region: NDArray[np.float32], box: Box) -> NDArray[np.float32]:
        """Normalise the region of the slide that lies at `box`: float32 of the same shape, 0..1.5.

        Parameters
        ----------
        region
            float32, shape (box.height, box.width): the slide's grey values there.
        box
            In slide pixels.
        """
        return self.scaled(region, self.background_in(box))

    def background_in(self, box: Box) -> NDArray[np.float32]:
        """The background under a region of the slide: float32, shape (box.height, box.width)."""
        rows = _positions(box.y0, box.y1, self.shape[0], self.background.shape[0])
        columns = _positions(box.x0, box.x1, self.shape[1], self.background.shape[1])
        return _bilinear(self.background, rows, columns)

    def scaled(self, grey: NDArray[np.float32], background: NDArray[np.float32]) -> NDArray[np.float32]:
        """Normalise grey values over their background: float32 of the same shape, 0..1.5."""
        if self.is_blank:
            return np.zeros(grey.shape, dtype=np.float32)
        risen = _risen(grey, background, self.polarity)
        return np.clip(risen * (EDGE_LEVEL / self.level), 0, MAX_LEVEL).astype(np.float32)


def measure_slide(slide: Slide, polarity: str = "auto") -> Normalisation:
    """Find polarity, background and contrast of a slide. For `polarity` and what is raised see `measure`.

    Parameters
    ----------
    slide
        The open slide.
    polarity
        One of "auto", "bright", "dark".
    """
    view = slide.view()
    coarse = measure(view, slide.shape, polarity)
    if view.shape == slide.shape:
        return coarse
    risen = []
    for box in _busiest(view, slide.shape):
        smooth = ndimage.gaussian_filter(slide.read(box), 1.0)
        risen.append(_risen(smooth, coarse.background_in(box), coarse.polarity))
    return replace(coarse, level=edge_level(risen))


def measure(view: NDArray[np.float32], shape: tuple[int, int], polarity: str = "auto") -> Normalisation:
    """Find polarity, background and contrast on a small view of a slide.

    Parameters
    ----------
    view
        float32, shape (rows, columns), the whole slide at reduced size (or the slide itself).
    shape
        (rows, columns) of the slide.
    polarity
        "bright", "dark", or "auto": bright where the grey values reach further above the commonest one than below it.

    Raises
    ------
    UsageError
        For another polarity.
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
    level = edge_level([_risen(smooth, background, polarity)])
    return Normalisation(polarity, background.astype(np.float32), level, shape)


def _busiest(view: NDArray[np.float32], shape: tuple[int, int]) -> list[Box]:
    """The windows of a slide in which its small view has the most outline, in reading order."""
    energy = _outline(view)
    step = max(shape) / max(view.shape)
    boxes, seen = [], []
    for y0 in range(0, shape[0], SAMPLE_PX):
        for x0 in range(0, shape[1], SAMPLE_PX):
            box = Box(x0, y0, x0 + SAMPLE_PX, y0 + SAMPLE_PX).clip(shape)
            rows = slice(int(box.y0 / step), math.ceil(box.y1 / step))
            columns = slice(int(box.x0 / step), math.ceil(box.x1 / step))
            boxes.append(box)
            seen.append(float(energy[rows, columns].sum()))
    best = np.argsort(-np.array(seen), kind="stable")[:MAX_SAMPLES]
    return [boxes[index] for index in sorted(best)]


def _risen(grey: NDArray[np.float32], background: NDArray[np.float32], polarity: str) -> NDArray[np.float32]:
    """How far grey values lie from the background on the chromosomes' side."""
    return grey - background if polarity == "bright" else background - grey


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


def edge_level(risen: Sequence[NDArray[np.float32]]) -> float:
    """The typical grey level of chromosome edges above the background, 0 where there are none.

    It is the median grey value weighted by the squared gradient: chromosomes have more outline for their area than
    nuclei or glow, so they decide, at any magnification.

    Parameters
    ----------
    risen
        Grey values above the background in one or several parts of a slide.
    """
    weight = np.concatenate([_outline(part).ravel() for part in risen])
    values = np.concatenate([part.ravel() for part in risen])
    total = float(weight.sum())
    if not np.isfinite(total) or total <= 0:
        return 0.0
    order = np.argsort(values)
    running = np.cumsum(weight[order])
    return max(0.0, float(values[order[int(np.searchsorted(running, total / 2))]]))


def _outline(grey: NDArray[np.float32]) -> NDArray[np.float32]:
    """How much outline there is at each pixel: the squared gradient."""
    return np.square(np.gradient(grey)).sum(axis=0)


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
