"""A slide in, its chromosomes out: the whole story, top to bottom."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from .. import weights
from ..core.box import Box
from ..core.device import choose_device
from ..core.errors import UsageError
from ..detector import Detection, Detector
from .detect import Boxes, find_boxes
from .metaphases import group_metaphases
from .normalise import Normalisation, measure_slide
from .records import Chromosome, NormalisationInfo
from .result import SplitResult
from .scoring.candidate import Found
from .scoring.features import rim_contrast
from .scoring.outliers import split_plausible
from .scoring.scorer import Judge
from .settings import SplitSettings
from .slide.slide import Slide
from .stitch import merge_twice_found, stitch
from .versions import load_segmenter, versions

CONTEXT = 1.8
"""Pixels read around a box, in typical lengths: what its largest frame can see beyond it."""
BOXES_AT_ONCE = 64
Source = Path | str | NDArray[Any] | Slide
"""An image file, pixels as (rows, columns) or (rows, columns, 3 or 4), or an open slide, which stays open."""
Progress = Callable[[str, int, int], None]
"""Called with the stage at work ("normalise", "detect", "separate" or "stitch"), how many of its parts are done, and
how many it has."""
UNJUDGED = "these weights have no fitted confidence: scores are raw, not calibrated"
UNJUDGED_REVIEW_BELOW = 0.9
"""Scores under which masks are flagged where the weights have no fitted confidence."""


class Splitter:
    """Both networks, loaded once, to split any number of slides."""

    def __init__(self, settings: SplitSettings | None = None) -> None:
        """Load the weights.

        Raises WeightsError or DeviceError.
        """
        from ..detector.yolo import YoloDetector

        self.settings = settings or SplitSettings()
        if self.settings.threads is not None:
            torch.set_num_threads(self.settings.threads)
        self.device = choose_device(self.settings.device)
        folder = Path(self.settings.weights_folder) if self.settings.weights_folder else weights.FOLDER
        boxes = weights.load("detector", folder)
        masks = weights.load("segmenter", folder)
        self.detector: Detector = YoloDetector.from_weights(
            dict(boxes.entry.config), dict(boxes.tensors), device=self.device
        )
        self.segmenter = load_segmenter(masks, self.device)
        self.weight_hashes = {"detector": boxes.entry.sha256, "segmenter": masks.entry.sha256}
        self.judge: Judge | None = None
        if "confidence" in weights.read_manifest(folder):
            judge = weights.load("confidence", folder)
            self.judge = Judge.from_weights(judge)
            self.weight_hashes["confidence"] = judge.entry.sha256

    @property
    def review_below(self) -> float:
        """Chromosomes with a lower score get the flag low_confidence."""
        return self.judge.review_below if self.judge is not None else UNJUDGED_REVIEW_BELOW

    def split(self, source: Source, progress: Progress | None = None) -> SplitResult:
        """Split one slide.

        Raises InputError for a source that cannot be used.
        """
        clock = _Clock(progress or _tell_nobody)
        settings = self.settings
        with self._open(source) as slide:
            clock.begin("normalise")
            normalisation = measure_slide(slide, settings.polarity)

            clock.begin("detect")
            boxes = find_boxes(slide, normalisation, self.detector, settings.tile_px, clock.advance)
            length = boxes.length_px

            clock.begin("separate")
            found, left_over = self._separated(slide, normalisation, boxes.detections, length, clock.advance)

            clock.begin("stitch")
            plausible, implausible = split_plausible(merge_twice_found(found))
            kept, doubtful = plausible, list[Found]()
            if self.judge is not None:
                kept, doubtful = self.judge.judged(plausible, slide.shape, length)
            stitched = stitch(kept, slide.shape, length, self.review_below)
            numbers, metaphases = group_metaphases(stitched, slide.shape, length, settings.expect)
            clock.end()
            return SplitResult(
                name=slide.info.name,
                shape=slide.shape,
                pixel_size_um=slide.info.pixel_size_um,
                chromosomes=tuple(replace(c, metaphase_id=n) for c, n in zip(stitched, numbers, strict=True)),
                boxes=boxes.detections,
                length_px=length if boxes.detections else None,
                normalisation=_describe(normalisation),
                metaphases=metaphases,
                settings=asdict(settings) | {"device_used": str(self.device), "review_below": self.review_below},
                versions=versions(),
                weights=self.weight_hashes,
                warnings=_warnings(normalisation, boxes, left_over, len(implausible), len(doubtful))
                + (() if self.judge else (UNJUDGED,)),
                seconds=clock.seconds,
            )

    def at(self, source: Source, point: tuple[int, int], known: SplitResult | None = None) -> Chromosome | None:
        """The chromosome under a point, as a click in a viewer asks for it; None where there is none.

        point: (row, column) in slide pixels. known: the slide's result, where it was split before: its boxes and its
        scale are taken, so that nothing is searched again.
        The score is raw: mean probability over the mask. Id, cluster and metaphase are not known: 0.
        Raises InputError for a source that cannot be used, UsageError for a point outside it.
        """
        with self._open(source) as slide:
            row, column = point
            if not Box(0, 0, slide.shape[1], slide.shape[0]).holds(row, column):
                raise UsageError(f"the point {point} (row, column) lies outside a slide of {slide.shape}")
            normalisation = measure_slide(slide, self.settings.polarity)
            if known is not None and known.length_px is not None:
                boxes, length = known.boxes, known.length_px
            else:
                searched = find_boxes(slide, normalisation, self.detector, self.settings.tile_px)
                boxes, length = searched.detections, searched.length_px
            under = [d.box_slide for d in boxes if d.box_slide.holds(row, column)]
            box = max(
                under, key=lambda b: b.area, default=Box(column, row, column + 1, row + 1).grow(round(length / 2))
            )
            region = box.grow(round(CONTEXT * length)).clip(slide.shape)
            image = normalisation.apply(slide.read(region), region)
            seed = (row - region.y0, column - region.x0)
            found = self.segmenter.at(image, box.shift(-region.x0, -region.y0), seed, length)
            if found is None:
                return None
            placed = found.placed.shift(region.x0, region.y0)
            flags = ("edge",) if placed.box.touches_edge_of(slide.shape) else ()
            return Chromosome(0, placed.box, placed.mask, found.certainty, 0, placed.area, 0, flags, 0)

    def find(self, source: Source) -> tuple[list[Found], float]:
        """The masks of a slide before they are judged, and its typical chromosome length in pixels.

        Raises InputError for a source that cannot be used.
        """
        with self._open(source) as slide:
            normalisation = measure_slide(slide, self.settings.polarity)
            boxes = find_boxes(slide, normalisation, self.detector, self.settings.tile_px)
            found, _ = self._separated(slide, normalisation, boxes.detections, boxes.length_px)
            return split_plausible(merge_twice_found(found))[0], boxes.length_px

    def _open(self, source: Source) -> AbstractContextManager[Slide]:
        if isinstance(source, Slide):
            return nullcontext(source)
        if isinstance(source, np.ndarray):
            return Slide.from_array(source)
        return Slide.open(source, self.settings.page, self.settings.channel)

    def _separated(
        self,
        slide: Slide,
        normalisation: Normalisation,
        boxes: Sequence[Detection],
        length: float,
        advance: Callable[[int, int], None] | None = None,
    ) -> tuple[list[Found], int]:
        """Masks in slide pixels, and the pixels left unexplained, for groups of neighbouring boxes at a time.

        advance: called after each group with how many boxes are done and how many there are.
        """
        done = 0
        margin = round(CONTEXT * length)
        found: list[Found] = []
        left_over = 0
        for group in _groups(boxes):
            region = group[0].box_slide
            for detection in group[1:]:
                region = region.enclose(detection.box_slide)
            region = region.grow(margin).clip(slide.shape)
            image = normalisation.apply(slide.read(region), region)
            inside = [d.box_slide.shift(-region.x0, -region.y0) for d in group]
            for answer in self.segmenter.separate(image, inside, length):
                left_over += answer.unexplained.area if answer.unexplained else 0
                masks = [separated.placed for separated in answer.chromosomes]
                for separated in answer.chromosomes:
                    placed = separated.placed.shift(region.x0, region.y0)
                    found.append(
                        Found(
                            placed=placed,
                            score=separated.certainty * separated.support,
                            certainty=separated.certainty,
                            support=separated.support,
                            seeds=separated.seeds,
                            brightness=float(image[separated.placed.box.slices][separated.placed.mask].mean()),
                            contrast=rim_contrast(image, separated.placed, masks),
                            box_score=_box_score(placed.box, group),
                            unresolved=answer.unexplained is not None,
                        )
                    )
            done += len(group)
            if advance is not None:
                advance(done, len(boxes))
        return found, left_over


def split_slide(source: Source, settings: SplitSettings | None = None) -> SplitResult:
    """Split one slide with the shipped weights. For several slides make one `Splitter` and reuse it.

    Raises InputError, WeightsError or DeviceError.
    """
    return Splitter(settings).split(source)


def _box_score(box: Box, detections: Sequence[Detection]) -> float:
    """The best score of the detector's boxes that hold the middle of a mask's box."""
    y, x = (box.y0 + box.y1) / 2, (box.x0 + box.x1) / 2
    return max((d.score for d in detections if d.box_slide.holds(y, x)), default=0.0)


def _tell_nobody(stage: str, done: int, total: int) -> None:
    pass


class _Clock:
    """Seconds by stage; tells the caller where the work stands."""

    def __init__(self, progress: Progress) -> None:
        self.seconds: dict[str, float] = {}
        self._progress = progress
        self._stage = ""
        self._since = 0.0

    def begin(self, stage: str) -> None:
        self.end()
        self._stage, self._since = stage, time.perf_counter()
        self.advance(0, 1)

    def advance(self, done: int, total: int) -> None:
        self._progress(self._stage, done, total)

    def end(self) -> None:
        if self._stage:
            self.seconds[self._stage] = round(time.perf_counter() - self._since, 4)
        self._stage = ""


def _groups(boxes: Sequence[Detection]) -> Iterator[list[Detection]]:
    """Boxes in reading order, as many at a time as fit a region of about one window."""
    cells: dict[tuple[int, int], list[Detection]] = {}
    for detection in boxes:
        cells.setdefault((detection.box_slide.y0 // 1024, detection.box_slide.x0 // 1024), []).append(detection)
    for _, members in sorted(cells.items()):
        for first in range(0, len(members), BOXES_AT_ONCE):
            yield members[first : first + BOXES_AT_ONCE]


def _describe(normalisation: Normalisation) -> NormalisationInfo:
    return NormalisationInfo(
        polarity=normalisation.polarity,
        level=round(normalisation.level, 4),
        background=round(float(np.median(normalisation.background)), 4),
    )


def _warnings(
    normalisation: Normalisation, boxes: Boxes, left_over: int, implausible: int, doubtful: int
) -> tuple[str, ...]:
    out = []
    if normalisation.is_blank:
        out.append("the slide has no contrast: nothing was searched")
    elif not boxes.detections:
        out.append("the detector found no chromosome")
    if implausible:
        out.append(f"masks left out, far wider or paler than the slide's other chromosomes: {implausible}")
    if doubtful:
        out.append(f"masks left out, more likely wrong than right: {doubtful}")
    if left_over:
        out.append(f"{left_over} px of foreground in the boxes were not explained by any chromosome")
    if boxes.detections and not boxes.measured:
        out.append("fewer than three lone chromosomes: the slide's scale was assumed, not measured")
    return tuple(out)
