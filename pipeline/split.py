"""A slide in, its chromosomes out: the whole story, top to bottom."""

from __future__ import annotations

from contextlib import AbstractContextManager, nullcontext
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from .. import weights
from ..core.box import Box
from ..core.device import choose_device
from ..core.errors import UsageError
from ..detector import Detector
from ..segmenter import Segmenter
from .detect import DetectedBoxes, find_boxes
from .join_chromatids import join_chromatids
from .karyogram import is_karyogram
from .metaphases import group_metaphases
from .normalise import Normalisation, measure_slide
from .progress import Progress, StageClock
from .records import Chromosome, Metaphase, NormalisationInfo
from .result import SplitResult
from .scoring.candidate import Candidate
from .scoring.outliers import split_outliers
from .scoring.scorer import Scorer
from .separate import SearchedSlide, separate
from .settings import SplitSettings
from .slide.slide import Slide
from .stitch import merge_repeats, stitch
from .versions import versions

Source = Path | str | NDArray[Any] | Slide
"""An image file, pixels as (rows, columns) or (rows, columns, 3 or 4), or an open slide, which stays open."""
KARYOGRAM = "nearly all chromosomes stand upright: this looks like a karyogram, not like a metaphase spread"
NUCLEI = "many masks are round: these look like interphase nuclei, not like chromosomes"
UNSCORED = "these weights have no fitted confidence: scores are raw, not calibrated"
UNSCORED_REVIEW_BELOW = 0.9
"""Scores under which masks are flagged where the weights have no fitted confidence."""


class Splitter:
    """Both networks, loaded once, to split any number of slides."""

    def __init__(self, settings: SplitSettings | None = None) -> None:
        """Load the weights.

        Parameters
        ----------
        settings
            What the user chose; None for the defaults.

        Raises
        ------
        WeightsError
            Where weights are missing, altered or of another network.
        DeviceError
            Where this machine does not have the device.
        """
        from ..detector.yolo import YoloDetector  # it imports ultralytics, which takes seconds

        self.settings = settings or SplitSettings()
        if self.settings.threads is not None:
            torch.set_num_threads(self.settings.threads)
        self.device = choose_device(self.settings.device)
        folder = Path(self.settings.weights_folder) if self.settings.weights_folder else weights.FOLDER
        names = ["detector", "segmenter"] + ["confidence"] * ("confidence" in weights.read_manifest(folder))
        loaded = {name: weights.load(name, folder) for name in names}
        self.detector: Detector = YoloDetector.from_weights(loaded["detector"], device=self.device)
        self.segmenter = Segmenter.from_weights(loaded["segmenter"], device=self.device)
        self.scorer = Scorer.from_weights(loaded["confidence"]) if "confidence" in loaded else None
        self.weight_hashes = {name: each.entry.sha256 for name, each in loaded.items()}

    @property
    def review_below(self) -> float:
        """Chromosomes with a lower score get the flag low_confidence."""
        return self.scorer.review_below if self.scorer is not None else UNSCORED_REVIEW_BELOW

    def split(self, source: Source, progress: Progress | None = None) -> SplitResult:
        """Split one slide.

        Parameters
        ----------
        source
            An image file, pixels, or an open slide.
        progress
            Called as the work goes on.

        Raises
        ------
        InputError
            For a source that cannot be used.
        """
        clock = StageClock(progress)
        with self._open(source) as slide:
            searched = self._search(slide, clock)
            masks = self._separate(searched, clock)
            length = searched.boxes.length_px
            kept, doubtful = masks.candidates, list[Candidate]()
            if self.scorer is not None:
                kept, doubtful = self.scorer.divide(kept, slide.shape, length)
            stitched = stitch(kept, searched.normalisation.field, length, self.review_below)
            numbers, metaphases = group_metaphases(stitched, slide.shape, length, self.settings.expect)
            clock.end()
            return SplitResult(
                name=slide.info.name,
                shape=slide.shape,
                pixel_size_um=slide.info.pixel_size_um,
                chromosomes=tuple(_placed(c, metaphases[n - 1]) for c, n in zip(stitched, numbers, strict=True)),
                boxes=searched.boxes.detections,
                length_px=length if searched.boxes.detections else None,
                normalisation=_described(searched.normalisation),
                metaphases=metaphases,
                settings=asdict(self.settings) | {"device_used": str(self.device), "review_below": self.review_below},
                versions=versions(),
                weights=self.weight_hashes,
                warnings=_warnings(searched, masks, len(doubtful))
                + ((KARYOGRAM,) if is_karyogram(stitched) else ())
                + ((NUCLEI,) if any("round" in metaphase.flags for metaphase in metaphases) else ())
                + (() if self.scorer else (UNSCORED,))
                + searched.normalisation.warnings
                + slide.info.warnings,
                seconds=clock.seconds,
            )

    def find(self, source: Source) -> tuple[list[Candidate], float]:
        """Find the masks of a slide, before they are scored and stitched.

        Parameters
        ----------
        source
            An image file, pixels, or an open slide.

        Returns
        -------
        candidates
            Each chromosome once, without outliers; their scores are raw.
        length_px
            The typical length of the slide's chromosomes, in pixels.

        Raises
        ------
        InputError
            For a source that cannot be used.
        """
        clock = StageClock()
        with self._open(source) as slide:
            searched = self._search(slide, clock)
            return self._separate(searched, clock).candidates, searched.boxes.length_px

    def at(self, source: Source, point: tuple[int, int], known: SplitResult | None = None) -> Chromosome | None:
        """Find the chromosome under a point, as a click in a viewer asks for it.

        Parameters
        ----------
        source
            An image file, pixels, or an open slide.
        point
            (row, column) in slide pixels.
        known
            The slide's result, where it was split before: its boxes and its scale are taken, so that nothing is
            searched again.

        Returns
        -------
        Chromosome or None
            None where there is none. The score is raw: mean probability over the mask. Id, cluster and metaphase are
            not known: 0.

        Raises
        ------
        InputError
            For a source that cannot be used.
        UsageError
            For a point outside it.
        """
        with self._open(source) as slide:
            row, column = point
            if not Box(0, 0, slide.shape[1], slide.shape[0]).holds(row, column):
                raise UsageError(f"the point {point} (row, column) lies outside a slide of {slide.shape}")
            searched = self._search(slide, StageClock(), known)
            length = searched.boxes.length_px
            under = [d.box_slide for d in searched.boxes.detections if d.box_slide.holds(row, column)]
            around = Box(column, row, column + 1, row + 1).grow(round(length / 2))
            box = max(under, key=lambda b: b.area, default=around)
            region, image = searched.region_around(box)
            seed = (row - region.y0, column - region.x0)
            found = self.segmenter.at(image, box.shift(-region.x0, -region.y0), seed, length)
            if found is None:
                return None
            placed = found.placed.shift(region.x0, region.y0)
            flags = ("edge",) if placed.box.reaches_rim_of(searched.normalisation.field) else ()
            return Chromosome(0, placed.box, placed.mask, found.certainty, 0, placed.area, 0, flags, 0)

    def _open(self, source: Source) -> AbstractContextManager[Slide]:
        if isinstance(source, Slide):
            return nullcontext(source)
        if isinstance(source, np.ndarray):
            return Slide.from_array(source)
        return Slide.open(source, self.settings.page, self.settings.channel, self.settings.max_pixels)

    def _search(self, slide: Slide, clock: StageClock, known: SplitResult | None = None) -> SearchedSlide:
        """Bring a slide to the networks' grey scale, and find the boxes on it where they are not known."""
        clock.begin("normalise")
        normalisation = measure_slide(slide, self.settings.polarity)
        clock.begin("detect")
        if known is not None and known.length_px is not None:
            boxes = DetectedBoxes(known.boxes, known.length_px, True, 1.0)
        else:
            boxes = find_boxes(slide, normalisation, self.detector, self.settings.tile_px, clock.advance)
        return SearchedSlide(slide, normalisation, boxes)

    def _separate(self, searched: SearchedSlide, clock: StageClock) -> _Separated:
        """Find the masks in all boxes, and keep each chromosome once."""
        clock.begin("separate")
        masks = separate(searched, self.segmenter, clock.advance)
        clock.begin("stitch")
        boxes = (*searched.boxes.detections, *searched.boxes.members)
        found = merge_repeats(masks.candidates)
        joined = join_chromatids(found, boxes)
        kept, outliers = split_outliers(joined)
        return _Separated(kept, len(outliers), masks.unexplained_px, len(found) - len(joined), masks.refused)


@dataclass(frozen=True, eq=False)
class _Separated:
    """The masks of a slide, each chromosome once, and what was left out: outliers, unexplained foreground, whole boxes.

    Of chromosomes in two chromatids, how many were joined.
    """

    candidates: list[Candidate]
    outliers: int
    unexplained_px: int
    joined: int
    refused: int


def split_slide(source: Source, settings: SplitSettings | None = None) -> SplitResult:
    """Split one slide with the shipped weights. For several slides make one `Splitter` and reuse it.

    Parameters
    ----------
    source
        An image file, pixels as (rows, columns) or (rows, columns, 3 or 4), or an open slide.
    settings
        What the user chose; None for the defaults.

    Raises
    ------
    InputError
        For a source that cannot be used.
    WeightsError
        Where weights are missing, altered or of another network.
    DeviceError
        Where this machine does not have the device.
    """
    return Splitter(settings).split(source)


def _placed(chromosome: Chromosome, metaphase: Metaphase) -> Chromosome:
    """A chromosome in its metaphase."""
    flags = (*chromosome.flags, "round") if "round" in metaphase.flags else chromosome.flags
    return replace(chromosome, metaphase_id=metaphase.id, flags=flags)


def _described(normalisation: Normalisation) -> NormalisationInfo:
    return NormalisationInfo(
        polarity=normalisation.polarity,
        level=round(normalisation.level, 4),
        background=round(float(np.median(normalisation.background)), 4),
    )


def _warnings(searched: SearchedSlide, masks: _Separated, doubtful: int) -> tuple[str, ...]:
    boxes, out = searched.boxes, []
    if boxes.doubt is not None:
        out.append(boxes.doubt)
    elif not boxes.detections:
        out.append("the detector found no chromosome")
    if masks.refused:
        out.append(
            f"{masks.refused} boxes lie among more lines or dots than chromosomes have room for: nothing was separated"
        )
    if masks.joined:
        out.append(f"chromatids lie apart: {masks.joined} pairs were joined; look at each chromosome that is flagged")
    if masks.outliers:
        out.append(f"masks left out, far wider or paler than the slide's other chromosomes: {masks.outliers}")
    if doubtful:
        out.append(f"masks left out, more likely wrong than right: {doubtful}")
    if masks.unexplained_px:
        out.append(f"{masks.unexplained_px} px of foreground in the boxes were not explained by any chromosome")
    if boxes.detections and not boxes.measured:
        out.append("fewer than three lone chromosomes: the slide's scale was assumed, not measured")
    return tuple(out)
