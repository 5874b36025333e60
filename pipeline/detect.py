"""The detector's boxes on a whole slide, at the scale that the detector was trained at.

Slides come at any magnification. A first search at the slide's own scale gives its lone chromosomes; where they are
much longer or shorter than those of the training slides, the slide is resampled to the working scale and
searched again. A slide on which the first search finds next to nothing is searched at other scales too.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray

from ..core.box import Box
from ..detector import CHROMOSOME, MEMBER, Detector
from .merge_boxes import merge_detections
from .normalise import Normalisation
from .occupancy import Occupancy
from .records import PlacedDetection
from .slide.slide import Slide
from .tiling import OVERLAP_PX, WINDOW_PX, is_cut, windows

WORKING_LENGTH_PX = 35.0
"""The typical length of a lone chromosome at the working scale: the median of the training slides."""
MIN_RELATIVE_LENGTH, MAX_RELATIVE_LENGTH = 0.55, 1.8
"""Lengths, relative to the working length, at which a slide is taken as it is: the training shows such too."""
OTHER_ZOOMS = (0.4, 2.5)
"""Tried where the slide's own scale shows fewer than `MIN_LONE` lone chromosomes."""
MIN_LONE = 3
MIN_SURE_SCORE = 0.3
"""Only boxes of this score or more are measured."""
BODY_PERCENTILE = 90
MIN_RELATIVE_BRIGHTNESS = 0.35
"""Boxes whose 90th percentile is below this share of their slide's median hold specks and smears: of 2,720 boxes on
chromosomes of the training slides none is below 0.36."""
MAX_ROUNDS = 2
MAX_ZOOM = 4.0


@dataclass(frozen=True)
class DetectedBoxes:
    """What the detector found."""

    detections: tuple[PlacedDetection, ...]
    """In slide pixels and reading order."""
    length_px: float
    """The typical length of a lone chromosome in slide pixels."""
    measured: bool
    """False where too few were found and the length is an assumption."""
    zoom: float
    """Working pixels a slide pixel."""


def find_boxes(
    slide: Slide,
    normalisation: Normalisation,
    detector: Detector,
    window_px: int = WINDOW_PX,
    progress: Callable[[int, int], None] | None = None,
) -> DetectedBoxes:
    """Search a whole slide, resampled where its scale asks for it.

    Parameters
    ----------
    window_px
        Side of the windows that the detector gets, at the working scale.
    progress
        Called after each window with how many are done and how many there are.
    """
    if normalisation.is_blank:
        return DetectedBoxes((), WORKING_LENGTH_PX, False, 1.0)
    occupancy = Occupancy.of(slide.survey, normalisation)

    def search(zoom: float) -> list[PlacedDetection]:
        """The detector's boxes at one scale, in slide pixels; without those far paler than the rest."""
        every = list(windows(slide.shape, round(window_px / zoom), round(OVERLAP_PX / zoom)))
        searched: list[_Seen] = []
        for number, window in enumerate(every, start=1):
            if not occupancy.is_empty(window):
                searched.extend(_search(slide, normalisation, detector, window, zoom))
            if progress is not None:
                progress(number, len(every))
        return _merged(searched)

    zoom = 1.0
    found = search(zoom)
    if len(_lengths(found)) < MIN_LONE:
        tried = {other: search(other) for other in OTHER_ZOOMS} | {zoom: found}
        zoom = max(tried, key=lambda z: (sum(d.score for d in tried[z] if d.kind == CHROMOSOME), z == 1.0))
        found = tried[zoom]
    for _ in range(MAX_ROUNDS):
        length = typical_length(found)
        if length is None or MIN_RELATIVE_LENGTH <= length * zoom / WORKING_LENGTH_PX <= MAX_RELATIVE_LENGTH:
            break
        zoom = min(WORKING_LENGTH_PX / length, MAX_ZOOM)
        found = search(zoom)
    length = typical_length(found)
    return DetectedBoxes(tuple(found), length or WORKING_LENGTH_PX / zoom, length is not None, zoom)


@dataclass(frozen=True)
class _Seen:
    """A box that one window showed: whether the window cuts it, and how bright it is."""

    detection: PlacedDetection
    is_cut: bool
    brightness: float


def _search(
    slide: Slide, normalisation: Normalisation, detector: Detector, window: Box, zoom: float
) -> Iterator[_Seen]:
    """The boxes in one window, in slide pixels. zoom: working pixels a slide pixel."""
    image = resample(normalisation.apply(slide.read(window), window), zoom)
    for detection in detector.detect(image):
        box = _to_slide(detection.box, zoom, window)
        if not box.is_empty and detection.kind != MEMBER:  # crops come from lone chromosomes and clusters
            brightness = float(np.percentile(image[detection.box.slices], BODY_PERCENTILE))
            moved = PlacedDetection(box, detection.kind, detection.score)
            yield _Seen(moved, is_cut(box, window, slide.shape), brightness)


def _merged(seen: Sequence[_Seen]) -> list[PlacedDetection]:
    """One list of the boxes of all windows, without those far paler than the rest."""
    sure = [s.brightness for s in seen if s.detection.score >= MIN_SURE_SCORE]
    faintest = MIN_RELATIVE_BRIGHTNESS * float(np.median(sure)) if len(sure) >= MIN_LONE else 0.0
    kept = [s for s in seen if s.brightness >= faintest]
    return merge_detections([s.detection for s in kept if not s.is_cut], [s.detection for s in kept if s.is_cut])


def typical_length(boxes: Sequence[PlacedDetection]) -> float | None:
    """The median long side of the boxes of lone chromosomes, in pixels; None with fewer than three of them."""
    sure = _lengths(boxes)
    lengths = sure if len(sure) >= MIN_LONE else _lengths(boxes, 0.0)
    return float(np.median(lengths)) if len(lengths) >= MIN_LONE else None


def resample(image: NDArray[np.float32], zoom: float) -> NDArray[np.float32]:
    """An image at another scale: bilinear, with averaging where it shrinks. float32, shape (rows, columns).

    Parameters
    ----------
    image
        float32, shape (rows, columns).
    zoom
        New pixels an old one, a side.
    """
    if zoom == 1.0:
        return image
    size = (max(1, round(image.shape[0] * zoom)), max(1, round(image.shape[1] * zoom)))
    plane = torch.from_numpy(np.ascontiguousarray(image))[None, None]
    return torch.nn.functional.interpolate(plane, size=size, mode="bilinear", antialias=zoom < 1)[0, 0].numpy()


def _lengths(boxes: Sequence[PlacedDetection], score: float = MIN_SURE_SCORE) -> list[int]:
    return [max(d.box_slide.width, d.box_slide.height) for d in boxes if d.kind == CHROMOSOME and d.score >= score]


def _to_slide(box: Box, zoom: float, window: Box) -> Box:
    """A box in the pixels of a resampled window, in slide pixels."""
    if zoom == 1.0:
        return box.shift(window.x0, window.y0)
    x0, y0, x1, y1 = (round(edge / zoom) for edge in (box.x0, box.y0, box.x1, box.y1))
    return Box(x0, y0, x1, y1).clip((window.height, window.width)).shift(window.x0, window.y0)
