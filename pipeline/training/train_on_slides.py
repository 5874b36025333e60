"""`karyo-split train`: from a folder of truth to a folder of weights."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ... import weights
from ...core.errors import TruthError
from ...datasets import AnnotatedSlide
from ...datasets.mfish import find_class_maps
from ...datasets.read_truth import read_truth, training_and_validation, truth_name
from ...segmenter.training.examples import SlideScenes
from ...segmenter.training.scene import TrainingSlide
from ..evaluation.comparison import SlideComparison
from ..evaluation.error_stages import on_background
from ..evaluation.slide_scores import matches
from ..scoring.calibration import fit_calibration, review_threshold
from ..scoring.features import mask_features
from ..scoring.scorer import Scorer
from ..scoring.scoring_network import fit_scoring_network
from ..settings import SplitSettings
from ..split import Splitter
from .prepared_slides import PreparedSlide, prepare, simulated
from .provenance import RunOptions, commit, entry_of, loaded_start
from .train_seeded import SEEDED_INPUT, fit_seeded

MAX_ON_BACKGROUND = 0.2
"""Where more of a slide's masks lie on nothing, its truth leaves out a metaphase."""
MIN_KEPT_SCORE = 0.5
"""Masks with a lower calibrated score are left out: more of them are wrong than right."""
SIMULATION_SEED = 1000


@dataclass(frozen=True, kw_only=True)
class TrainOptions(RunOptions):
    """What the trainings on slides need beside that.

    truth: folder of M-FISH maps or COCO files. simulated: simulated slides to add.
    """

    truth: Path
    simulated: int

    def told(self, network: str, length: str) -> str:
        """The command line that repeats the training."""
        words = ["karyo-split", "train", network, "TRUTH", length, str(self.length), "--simulated", str(self.simulated)]
        words += ["--seed", str(self.seed)]
        return " ".join(words) + self.begun


def train_detector_on(options: TrainOptions) -> None:
    """Train the detector and write its weights to `out`/weights."""
    from ...core.grey_scale import as_uint8
    from ...detector.yolo import DetectorTraining, fit
    from ...detector.yolo_dataset import BoxedSlide, write_dataset

    def boxed(slides: Iterable[PreparedSlide]) -> list[BoxedSlide]:
        return [BoxedSlide(s.name, as_uint8(s.image), s.masks, s.clusters) for s in slides]

    start = loaded_start("detector", options.start)
    folder = options.out / "detector"
    data = folder / "data" / "data.yaml"
    if not (options.resume and data.exists()):
        training, validation = training_and_validation(options.truth)
        everything = boxed(prepare(training)) + boxed(simulated(options.simulated, SIMULATION_SEED))
        write_dataset(everything, boxed(prepare(validation)), folder / "data")
    settings = DetectorTraining(
        epochs=options.length, seed=options.seed, threads=options.threads, bfloat16=options.bfloat16
    )
    settings = replace(settings, rate=options.rate_from(settings.rate))
    architecture, tensors = fit(data, folder / "run", settings, options.resume, start)
    entry = _entry(
        "detector",
        options.truth,
        options.simulated,
        "normalised grey 0..1.5 as 0..255 in three equal channels, 640 px in training",
        options.told("detector", "--epochs"),
        architecture,
    )
    weights.save(entry, tensors, options.out / "weights")
    print(options.out / "weights")


def train_segmenter_on(options: TrainOptions) -> None:
    """Train the segmenter and write its weights to `out`/weights."""
    training, validation = training_and_validation(options.truth)
    slides = _for_segmenter(prepare(training)) + _for_segmenter(simulated(options.simulated, SIMULATION_SEED))
    validating = _for_segmenter(prepare(validation))
    network = fit_seeded(options, SlideScenes(slides), SlideScenes(validating) if validating else None)
    entry = _entry(
        "segmenter",
        options.truth,
        options.simulated,
        SEEDED_INPUT,
        options.told("segmenter", "--steps"),
        asdict(network.config),
    )
    weights.save(entry, network.state_dict(), options.out / "weights")
    print(options.out / "weights")


def training_slides(truth: Path) -> list[TrainingSlide]:
    """The training slides of a folder of truth, as the segmenter's training sees them."""
    slides = read_truth(truth, "train") if find_class_maps(truth) else training_and_validation(truth)[0]
    return _for_segmenter(prepare(slides))


def calibrate_on(truth: Path, folder: Path, threads: int | None) -> None:
    """Fit the confidence of the weights in a folder, and write it beside them.

    The network that judges learns on the training slides; its calibration and its thresholds come from the
    validation slides.
    """
    splitter = Splitter(SplitSettings(weights_folder=str(folder), threads=threads))
    splitter.scorer = None
    training, validation = training_and_validation(truth)
    rows, right = _scored_masks(training, splitter)
    network = fit_scoring_network(rows, right)
    rows, right = _scored_masks(validation, splitter)
    raw = network.probabilities(rows)
    pairs = fit_calibration(raw, right)
    fitted = Scorer(network, pairs).calibrated(raw)
    entry = replace(
        _entry("confidence", truth, 0, "15 figures of evidence per mask", "karyo-split train calibration TRUTH", {}),
        calibration=pairs,
        review_below=review_threshold(fitted, right),
        config={"keep_from": MIN_KEPT_SCORE},
    )
    weights.save(entry, network.state_dict(), folder)
    print(f"{len(raw)} masks, {right.mean():.3f} right; review below {entry.review_below}")


def _scored_masks(
    slides: Sequence[AnnotatedSlide], splitter: Splitter
) -> tuple[NDArray[np.float32], NDArray[np.bool_]]:
    """Evidence of every mask that the networks find on some slides, and whether it is right.

    Slides whose truth is incomplete are left out: there right masks count as wrong.
    """
    rows, right = [], []
    for slide in slides:
        found, length = splitter.find(slide.image_path)
        comparison = SlideComparison(
            slide.name, slide.shape, slide.chromosomes, tuple(f.placed for f in found), tuple(f.score for f in found)
        )
        beside = on_background(comparison)
        if beside > MAX_ON_BACKGROUND:
            told = f"{beside:.2f} of {len(found)} masks lie where the truth has nothing: left out"
            print(f"{slide.name}: {told}", file=sys.stderr)
            continue
        rows.append(mask_features(found, slide.shape, length))
        right.append(matches(comparison))
        print(f"{slide.name}: {right[-1].mean():.3f} of {len(found)} masks right", file=sys.stderr)
    if not rows:
        raise TruthError("no slide's truth is complete enough to calibrate with: annotate all their chromosomes")
    return np.concatenate(rows), np.concatenate(right)


def _for_segmenter(slides: Iterable[PreparedSlide]) -> list[TrainingSlide]:
    return [TrainingSlide(s.image, s.masks, s.clusters, s.length_px, s.ambiguous) for s in slides if s.masks]


def _entry(
    network: str, truth: Path, simulated_slides: int, what: str, command: str, config: dict[str, object]
) -> weights.WeightsEntry:
    data = f"{truth_name(truth)}; {simulated_slides} simulated slides, seeds from {SIMULATION_SEED}"
    return entry_of(network, data, what, command, config, commit())
