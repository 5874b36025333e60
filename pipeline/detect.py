"""The detector's boxes on a whole slide, at the scale that the detector was trained at.

Slides come at any magnification. A look at several zooms says which of them shows chromosomes (see `working_scale`);
where those are much longer or shorter than in the training slides, the slide is resampled to the working scale and
searched again.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray

from ..core.box import Box
from ..detector import MEMBER, Detector
from .merge_boxes import merge_detections, merge_members
from .normalise import Normalisation
from .occupancy import Occupancy
from .records import PlacedDetection
from .slide.slide import Slide
from .tiling import OVERLAP_PX, WINDOW_PX, is_cut, windows
from .working_scale import (
    MIN_LONE,
    MIN_SURE_SCORE,
    WORKING_LENGTH_PX,
    ZOOM_STEPS,
    View,
    choose_zoom,
    typical_length,
    zoom_for,
)

MIN_RELATIVE_LENGTH, MAX_RELATIVE_LENGTH = 0.75, 1.8
"""Lengths, relative to the working length, at which a slide is taken as it is: the training shows such too."""
MAX_VIEW_WINDOWS = 2
"""A slide of more windows is looked at through its fullest ones while its scale is sought."""
BODY_PERCENTILE = 90
MIN_RELATIVE_BRIGHTNESS = 0.35
"""Boxes whose 90th percentile is below this share of their slide's median hold specks and smears: of 2,720 boxes on
chromosomes of the training slides none is below 0.36."""
MAX_ROUNDS = 2
MAX_ZOOM = 4.0
MIN_LONG_SIDE_PX = 6
"""Smaller boxes, at the working scale, are none: the shortest chromosomes of the training have twice this length."""
MIN_ROOM = 2.5
"""Area of a slide, in typical lengths squared, that a chromosome takes up at least: metaphases take 5 to 10."""
MANY_BOXES = 80
"""So many boxes more are believed on any slide: a crop may show nothing but its metaphase."""
OVERFULL = "the detector found more boxes than chromosomes have room for: none was believed"


@dataclass(frozen=True)
class DetectedBoxes:
    """What the detector found."""

    detections: tuple[PlacedDetection, ...]
    """Lone chromosomes and clusters, in slide pixels and reading order."""
    length_px: float
    """The typical length of a lone chromosome in slide pixels."""
    measured: bool
    """False where too few were found and the length is an assumption."""
    zoom: float
    """Working pixels a slide pixel."""
    members: tuple[PlacedDetection, ...] = ()
    """Chromosomes inside clusters: no crop comes from them, they say how many there are, and where."""
    doubt: str | None = None
    """Why nothing was searched, or why what was found was not believed."""


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
        return _nothing("the slide has no contrast: nothing was searched")
    if normalisation.is_noise:
        return _nothing("the slide is noise: nothing was searched")
    search = _Search(slide, normalisation, detector, window_px, progress)
    zoom = choose_zoom(search.view)
    for rounds_left in range(MAX_ROUNDS, -1, -1):
        if search.is_overfull(zoom):
            return _nothing(OVERFULL, zoom)
        found, members = search.boxes(zoom)
        measured = typical_length(found, members)
        length = measured or WORKING_LENGTH_PX / zoom
        if _too_many(len(found) + len(members), slide.shape[0] * slide.shape[1], length):
            return _nothing(OVERFULL, zoom)
        if not rounds_left or MIN_RELATIVE_LENGTH <= length * zoom / WORKING_LENGTH_PX <= MAX_RELATIVE_LENGTH:
            break
        zoom = zoom_for(length, MAX_ZOOM)
    return DetectedBoxes(tuple(found), length, measured is not None, zoom, tuple(members))


def _nothing(doubt: str, zoom: float = 1.0) -> DetectedBoxes:
    return DetectedBoxes((), WORKING_LENGTH_PX / zoom, False, zoom, doubt=doubt)


def _too_many(boxes: int, area_px: int, length_px: float) -> bool:
    """True where an area has no room for so many chromosomes, or for so many of the smallest that can be enlarged."""
    length_px = max(length_px, WORKING_LENGTH_PX / MAX_ZOOM)
    return boxes > MANY_BOXES + area_px / length_px**2 / MIN_ROOM


class _Search:
    """The search of one slide, at any zoom; what was seen is kept."""

    def __init__(
        self,
        slide: Slide,
        normalisation: Normalisation,
        detector: Detector,
        window_px: int,
        progress: Callable[[int, int], None] | None,
    ) -> None:
        self._slide, self._normalisation, self._detector = slide, normalisation, detector
        self._window_px, self._progress = window_px, progress
        self._everywhere = Box(0, 0, slide.shape[1], slide.shape[0])
        self._occupancy = Occupancy.of(slide.survey, normalisation)
        self._searched: dict[float, tuple[list[PlacedDetection], list[PlacedDetection]]] = {}
        self._viewed: dict[float, View] = {}

    def boxes(self, zoom: float) -> tuple[list[PlacedDetection], list[PlacedDetection]]:
        """Lone chromosomes and clusters of the whole slide, and members of clusters; in slide pixels."""
        if zoom not in self._searched:
            every = self._windows(self._window_px, zoom)
            seen: list[_Seen] = []
            for number, window in enumerate(every, start=1):
                if not self._occupancy.is_empty(window):
                    seen.extend(self._seen(window, zoom))
                if self._progress is not None:
                    self._progress(number, len(every))
            self._searched[zoom] = _merged(seen)
        return self._searched[zoom]

    def view(self, zoom: float) -> View:
        """What the detector finds on a part of the slide that says enough at a zoom."""
        if zoom not in self._viewed:
            self._viewed[zoom] = self._view(zoom)
        return self._viewed[zoom]

    def _view(self, zoom: float) -> View:
        """The whole slide where it is small at this zoom or surveyed finely enough, else its fullest windows."""
        step = self._slide.survey.step
        if step > 1 and zoom * step <= 1:
            surveyed = self._normalisation.apply_to_view(self._slide.view())
            return View(
                zoom, *_merged(list(self._seen_in(resample(surveyed, zoom * step), self._everywhere, zoom))), 1.0
            )
        every = self._windows(WINDOW_PX, zoom)
        if len(every) <= MAX_VIEW_WINDOWS:
            return View(zoom, *self.boxes(zoom), 1.0)
        held = [self._occupancy.foreground_in(window) for window in every]
        fullest = sorted(range(len(every)), key=lambda i: (-held[i], i))[:MAX_VIEW_WINDOWS]
        seen = [each for i in fullest for each in self._seen(every[i], zoom)]
        total = self._occupancy.foreground_in(self._everywhere)
        share = sum(held[i] for i in fullest) / total if total else 0.0
        view = View(zoom, *_merged(seen), min(1.0, share))
        # a few chromosomes far apart: no two windows show enough, and without evidence this zoom is searched anyway
        return view if view.length_px is not None or zoom != 1.0 else View(zoom, *self.boxes(zoom), 1.0)

    def is_overfull(self, zoom: float) -> bool:
        """True where a slide's fullest windows show more than has room there: the others need not be searched."""
        view = self.view(zoom)
        areas = sorted((window.area for window in self._windows(WINDOW_PX, zoom)), reverse=True)
        length = view.length_px or WORKING_LENGTH_PX / zoom
        return _too_many(len(view.boxes) + len(view.members), sum(areas[:MAX_VIEW_WINDOWS]), length)

    def _seen(self, window: Box, zoom: float) -> Iterator[_Seen]:
        """The boxes in one window, in slide pixels."""
        image = self._normalisation.apply(self._slide.read(window), window)
        # to a whole number of resampled pixels, or the last window's scale would be another
        if zoom != 1.0 and any(side % ZOOM_STEPS for side in image.shape):
            image = np.pad(image, [(0, -side % ZOOM_STEPS) for side in image.shape])
        return self._seen_in(resample(image, zoom), window, zoom)

    def _seen_in(self, image: NDArray[np.float32], window: Box, zoom: float) -> Iterator[_Seen]:
        """The boxes on a resampled window, in slide pixels."""
        for detection in self._detector.detect(image):
            box = _to_slide(detection.box, zoom, window)
            if not box.is_empty and detection.box.long_side >= MIN_LONG_SIDE_PX:
                brightness = float(np.percentile(image[detection.box.slices], BODY_PERCENTILE))
                moved = PlacedDetection(box, detection.kind, detection.score)
                yield _Seen(moved, is_cut(box, window, self._slide.shape), brightness)

    def _windows(self, window_px: int, zoom: float) -> list[Box]:
        step = 1 if zoom == 1.0 else ZOOM_STEPS
        return list(windows(self._slide.shape, round(window_px / zoom), round(OVERLAP_PX / zoom), step))


@dataclass(frozen=True)
class _Seen:
    """A box that one window showed: whether the window cuts it, and how bright it is."""

    detection: PlacedDetection
    is_cut: bool
    brightness: float


def _merged(seen: Sequence[_Seen]) -> tuple[list[PlacedDetection], list[PlacedDetection]]:
    """One list of the boxes of all windows, without those far paler than the rest, and one of the members."""
    members = merge_members([s.detection for s in seen if s.detection.kind == MEMBER])
    seen = [s for s in seen if s.detection.kind != MEMBER]
    sure = [s.brightness for s in seen if s.detection.score >= MIN_SURE_SCORE]
    faintest = MIN_RELATIVE_BRIGHTNESS * float(np.median(sure)) if len(sure) >= MIN_LONE else 0.0
    kept = [s for s in seen if s.brightness >= faintest]
    boxes = merge_detections([s.detection for s in kept if not s.is_cut], [s.detection for s in kept if s.is_cut])
    return boxes, members


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


def _to_slide(box: Box, zoom: float, window: Box) -> Box:
    """A box in the pixels of a resampled window, in slide pixels."""
    if zoom == 1.0:
        return box.shift(window.x0, window.y0)
    x0, y0, x1, y1 = (math.floor(edge / zoom + 0.5) for edge in (box.x0, box.y0, box.x1, box.y1))
    return Box(x0, y0, x1, y1).clip((window.height, window.width)).shift(window.x0, window.y0)
