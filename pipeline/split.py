"""A slide in, its chromosomes out: the whole story, top to bottom."""

from __future__ import annotations

import importlib.metadata
import platform
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from .. import weights
from ..detector import Detection, Detector
from ..errors import DeviceError, WeightsError
from ..geometry import Box
from ..segmenter import DecodingSettings, SeededUNet, Segmenter, UNetConfig
from .boxes import Boxes, find_boxes
from .confidence import rim_contrast
from .found import Found
from .judge import Judge
from .normalise import Normalisation, measure
from .plausible import split_plausible
from .result import NormalisationInfo, SplitResult
from .slide import Slide
from .stitch import merge_twice_found, stitch

CONTEXT = 1.8
"""Pixels read around a box, in typical lengths: what its largest frame can see beyond it."""
BOXES_AT_ONCE = 64
UNJUDGED = "these weights have no fitted confidence: scores are raw, not calibrated"
UNJUDGED_REVIEW_BELOW = 0.9
"""Scores under which masks are flagged where the weights have no fitted confidence."""


@dataclass(frozen=True)
class SplitSettings:
    """What a user may choose.

    device: "auto", "cpu", "cuda", "cuda:N" or "mps". polarity: "auto", "bright" or "dark".
    weights_folder: None for the shipped weights. page, channel: of files that hold several.
    threads: of torch; None leaves it to torch.
    """

    device: str = "auto"
    polarity: str = "auto"
    weights_folder: str | None = None
    page: int | None = None
    channel: int | None = None
    threads: int | None = None


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

    def split(self, source: Path | str | NDArray[Any], progress: Callable[[str], None] | None = None) -> SplitResult:
        """Split one slide.

        source: an image file, or pixels as (rows, columns) or (rows, columns, 3 or 4).
        progress: called with the name of each stage as it begins.
        Raises InputError for a source that cannot be used.
        """
        clock = _Clock(progress)
        settings = self.settings
        with self._open(source) as slide:
            clock.begin("normalise")
            normalisation = measure(slide.view(), slide.shape, settings.polarity)

            clock.begin("detect")
            boxes = find_boxes(slide, normalisation, self.detector)
            length = boxes.length_px

            clock.begin("separate")
            found, left_over = self._separated(slide, normalisation, boxes.detections, length)

            clock.begin("stitch")
            plausible, implausible = split_plausible(merge_twice_found(found))
            kept, doubtful = plausible, list[Found]()
            if self.judge is not None:
                kept, doubtful = self.judge.judged(plausible, slide.shape, length)
            chromosomes = stitch(kept, slide.shape, length, self.review_below)
            clock.end()
            return SplitResult(
                name=slide.info.name,
                shape=slide.shape,
                pixel_size_um=slide.info.pixel_size_um,
                chromosomes=chromosomes,
                boxes=boxes.detections,
                length_px=length if boxes.detections else None,
                normalisation=_describe(normalisation),
                settings=asdict(settings) | {"device_used": str(self.device)},
                versions=versions(),
                weights=self.weight_hashes,
                warnings=_warnings(normalisation, boxes, left_over, len(implausible), len(doubtful))
                + (() if self.judge else (UNJUDGED,)),
                seconds=clock.seconds,
            )

    def find(self, source: Path | str | NDArray[Any]) -> tuple[list[Found], float]:
        """The masks of a slide before they are judged, and its typical chromosome length in pixels.

        Raises InputError for a source that cannot be used.
        """
        with self._open(source) as slide:
            normalisation = measure(slide.view(), slide.shape, self.settings.polarity)
            boxes = find_boxes(slide, normalisation, self.detector)
            found, _ = self._separated(slide, normalisation, boxes.detections, boxes.length_px)
            return split_plausible(merge_twice_found(found))[0], boxes.length_px

    def _open(self, source: Path | str | NDArray[Any]) -> Slide:
        if isinstance(source, np.ndarray):
            return Slide.from_array(source)
        return Slide.open(source, self.settings.page, self.settings.channel)

    def _separated(
        self, slide: Slide, normalisation: Normalisation, boxes: Sequence[Detection], length: float
    ) -> tuple[list[Found], int]:
        """Masks in slide pixels, and the pixels left unexplained, for groups of neighbouring boxes at a time."""
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
        return found, left_over


def split_slide(source: Path | str | NDArray[Any], settings: SplitSettings | None = None) -> SplitResult:
    """Split one slide with the shipped weights. For several slides make one `Splitter` and reuse it.

    source: an image file, or pixels as (rows, columns) or (rows, columns, 3 or 4).
    Raises InputError, WeightsError or DeviceError.
    """
    return Splitter(settings).split(source)


def load_segmenter(loaded: weights.LoadedWeights, device: torch.device | None = None) -> Segmenter:
    """The segmenter of a weights file.

    Raises WeightsError where the tensors do not fit the network.
    """
    network = SeededUNet(UNetConfig.from_dict(loaded.entry.config))
    try:
        network.load_state_dict(dict(loaded.tensors))
    except RuntimeError as problem:
        raise WeightsError(f"{loaded.entry.file} does not fit the segmenter: {str(problem)[:200]}") from problem
    return Segmenter(network, DecodingSettings(), device)


def choose_device(wish: str) -> torch.device:
    """The device that a user asked for; "auto" takes CUDA, then MPS, then the CPU.

    Raises DeviceError where this machine does not have it: another one is never taken instead.
    """
    available = ["cpu"]
    available += [f"cuda:{i}" for i in range(torch.cuda.device_count())] if torch.cuda.is_available() else []
    available += ["mps"] if torch.backends.mps.is_available() else []
    if wish == "auto":
        return torch.device(available[1] if len(available) > 1 else "cpu")
    if wish == "cuda" and "cuda:0" in available:
        return torch.device("cuda:0")
    if wish not in available:
        raise DeviceError(f"no device {wish!r} here: choose one of auto, {', '.join(available)}")
    return torch.device(wish)


def versions() -> dict[str, str]:
    """Versions of what a result depends on."""
    names = ("karyo-split", "torch", "torchvision", "ultralytics", "numpy", "scipy", "scikit-image", "tifffile")
    return {"python": platform.python_version(), **{name: importlib.metadata.version(name) for name in names}}


def _box_score(box: Box, detections: Sequence[Detection]) -> float:
    """The best score of the detector's boxes that hold the middle of a mask's box."""
    y, x = (box.y0 + box.y1) / 2, (box.x0 + box.x1) / 2
    holding = [
        d.score for d in detections if d.box_slide.y0 <= y < d.box_slide.y1 and d.box_slide.x0 <= x < d.box_slide.x1
    ]
    return max(holding, default=0.0)


class _Clock:
    """Seconds by stage."""

    def __init__(self, progress: Callable[[str], None] | None) -> None:
        self.seconds: dict[str, float] = {}
        self._progress = progress
        self._stage: str | None = None
        self._since = 0.0

    def begin(self, stage: str) -> None:
        self.end()
        self._stage, self._since = stage, time.perf_counter()
        if self._progress is not None:
            self._progress(stage)

    def end(self) -> None:
        if self._stage is not None:
            self.seconds[self._stage] = round(time.perf_counter() - self._since, 4)
        self._stage = None


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
        out.append(f"{implausible} masks were left out: far wider or paler than the slide's other chromosomes")
    if doubtful:
        out.append(f"{doubtful} masks were left out: more likely wrong than right")
    if left_over:
        out.append(f"{left_over} px of foreground in the boxes were not explained by any chromosome")
    if boxes.detections and not boxes.measured:
        out.append("fewer than three lone chromosomes: the slide's scale was assumed, not measured")
    return tuple(out)
