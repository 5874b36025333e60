"""Windows of a slide for the detector, on a grid that depends on the slide alone.

The grid is fixed, so results do not depend on how much of a slide is read at a time.
"""

from __future__ import annotations

import math
from collections.abc import Iterator

from ..core.box import Box

WINDOW_PX = 1024
OVERLAP_PX = 256


def windows(shape: tuple[int, int], window: int = WINDOW_PX, overlap: int = OVERLAP_PX, step: int = 1) -> Iterator[Box]:
    """Yield the windows that cover (rows, columns), row by row, each at most `window` a side, rounded up to `step`.

    Neighbours share `overlap` pixels or more, where windows are longer than that by `step`; the last of a row or column
    ends at the slide's edge.

    Parameters
    ----------
    shape
        (rows, columns) of the slide.
    window
        Side, in pixels.
    overlap
        Pixels that neighbours share.
    step
        Every window starts at a multiple of it.
    """
    window = math.ceil(window / step) * step
    for y0 in _starts(shape[0], window, overlap, step):
        for x0 in _starts(shape[1], window, overlap, step):
            yield Box(x0, y0, min(x0 + window, shape[1]), min(y0 + window, shape[0]))


def _starts(length: int, window: int, overlap: int, step: int) -> list[int]:
    if length <= window:
        return [0]
    apart = max(step, (window - overlap) // step * step)
    last = math.ceil((length - window) / step) * step
    return [min(i * apart, last) for i in range(math.ceil(last / apart) + 1)]


def is_cut(box: Box, window: Box, shape: tuple[int, int], margin: int = 2) -> bool:
    """True where a box reaches a side of its window that is not the slide's own edge.

    Parameters
    ----------
    box
        In slide pixels.
    window
        In slide pixels.
    shape
        (rows, columns) of the slide.
    margin
        Pixels from a side that still count as reaching it.
    """
    return (
        (box.x0 <= window.x0 + margin and window.x0 > 0)
        or (box.y0 <= window.y0 + margin and window.y0 > 0)
        or (box.x1 >= window.x1 - margin and window.x1 < shape[1])
        or (box.y1 >= window.y1 - margin and window.y1 < shape[0])
    )
