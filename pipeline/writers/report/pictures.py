"""The pictures in a report: the whole slide, and the metaphases of a large one at full resolution."""

from __future__ import annotations

import base64
import io
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from ....core.box import Box
from ...records import SplitRecord
from ...slide.slide import Slide
from ..preview import CONTRAST, eight_bits

MAX_WHOLE_PX = 2400
"""A slide of at most this many pixels a side is shown as it is."""
MAX_METAPHASE_PX = 1800
"""Longer side, at most, of the picture of a metaphase."""
AROUND_PX = 40


def pictures_of(result: SplitRecord, slide: Slide) -> list[dict[str, Any]]:
    """Boxes in slide pixels and their pictures: the later ones lie on the earlier."""
    everything = Box(0, 0, result.shape[1], result.shape[0])
    if max(result.shape) <= MAX_WHOLE_PX:
        grey = slide.read(everything)
        return [_picture(everything, grey, *np.percentile(grey, CONTRAST))]
    view = slide.view()
    pictures = [_picture(everything, view, *np.percentile(view, CONTRAST))]
    boxes = [m.box_slide.grow(AROUND_PX).clip(result.shape) for m in result.metaphases]
    limits = _limits(slide, boxes)
    for box in boxes:
        pictures.append(_picture(box, slide.read(box), *limits))
    return pictures


def _limits(slide: Slide, boxes: list[Box]) -> tuple[float, float]:
    """One contrast for all metaphases, from the first eight."""
    values = [slide.read(box)[::4, ::4].ravel() for box in boxes[:8]]
    return tuple(np.percentile(np.concatenate(values), CONTRAST)) if values else (0.0, 1.0)


def _picture(box: Box, grey: NDArray[np.float32], low: float, high: float) -> dict[str, Any]:
    picture = eight_bits(grey, low, high)
    side = MAX_WHOLE_PX if grey.size <= MAX_WHOLE_PX**2 else MAX_METAPHASE_PX
    picture.thumbnail((side, side))
    return {"box": box.edges, "src": as_uri(picture, "jpeg", quality=88)}


def as_uri(picture: Image.Image, kind: str = "png", **options: int) -> str:
    """A picture for the src of an HTML image."""
    buffer = io.BytesIO()
    picture.save(buffer, kind, **options)
    return f"data:image/{kind};base64,{base64.b64encode(buffer.getvalue()).decode('ascii')}"
