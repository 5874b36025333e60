"""`karyo-split train`: from a folder of truth to a folder of weights."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

import numpy as np

from ... import weights
from ...datasets import AnnotatedSlide
from ...datasets.mfish import find_class_maps
from ...segmenter.samples import TrainingSlide
from ...segmenter.train import SegmenterTraining, train_segmenter
from ..calibrate import fit_calibration, review_threshold
from ..evaluate import matches
from ..split import SplitSettings, Splitter, calibrated
from ..training import PreparedSlide, prepare, simulated
from .evaluate import compare, read_truth

LICENCE = "AGPL-3.0-or-later"
SIMULATION_SEED = 1000
VALIDATION_SHARE = 5
"""Of truth without splits, every fifth slide validates."""


def train_detector_on(
    truth: Path, out: Path, epochs: int, simulated_slides: int, resume: bool, seed: int, threads: int
) -> None:
    """Train the detector and write its weights to `out`/weights."""
    from ...detector.train import BoxedSlide, write_dataset
    from ...detector.yolo import DetectorTraining, as_uint8, fit

    def boxed(slides: Iterable[PreparedSlide]) -> list[BoxedSlide]:
        return [BoxedSlide(s.name, as_uint8(s.image), s.masks, s.clusters) for s in slides]

    data = out / "data" / "data.yaml"
    if not (resume and data.exists()):
        training, validation = _splits(truth)
        everything = boxed(prepare(training)) + boxed(simulated(simulated_slides, SIMULATION_SEED))
        write_dataset(everything, boxed(prepare(validation)), out / "data")
    architecture, tensors = fit(data, out / "run", DetectorTraining(epochs=epochs, seed=seed, threads=threads), resume)
    entry = _entry(
        "detector",
        truth,
        simulated_slides,
        "normalised grey 0..1.5 as 0..255 in three equal channels, 640 px in training",
        f"karyo-split train detector TRUTH --epochs {epochs} --simulated {simulated_slides} --seed {seed}",
        architecture,
    )
    weights.save(entry, tensors, out / "weights")
    print(out / "weights")


def train_segmenter_on(
    truth: Path, out: Path, steps: int, simulated_slides: int, resume: bool, seed: int, threads: int
) -> None:
    """Train the segmenter and write its weights, not yet calibrated, to `out`/weights."""
    training, validation = _splits(truth)
    slides = _for_segmenter(prepare(training)) + _for_segmenter(simulated(simulated_slides, SIMULATION_SEED))
    settings = SegmenterTraining(steps=steps, seed=seed, threads=threads, workers=int(threads > 1))
    network = train_segmenter(
        slides,
        _for_segmenter(prepare(validation)),
        out / "run",
        settings,
        lambda line: print(line, file=sys.stderr, flush=True),
        resume,
    )
    entry = _entry(
        "segmenter",
        truth,
        simulated_slides,
        "2 x 88 x 88: normalised grey 0..1.5 and a seed, a Gaussian of 2 px",
        f"karyo-split train segmenter TRUTH --steps {steps} --simulated {simulated_slides} --seed {seed}",
        {"channels": list(settings.channels)},
    )
    weights.save(entry, network.state_dict(), out / "weights")
    print(out / "weights")


def calibrate_on(truth: Path, split: str, folder: Path, threads: int | None) -> None:
    """Fit the scores of the weights in a folder on slides with truth, and write them into its manifest."""
    splitter = Splitter(SplitSettings(weights_folder=str(folder), threads=threads))
    splitter.calibration = ()
    raw: list[float] = []
    right: list[bool] = []
    for slide in read_truth(truth, split):
        comparison = compare(slide, splitter)
        raw.extend(comparison.scores)
        right.extend(matches(comparison).tolist())
    scores, truths = np.array(raw), np.array(right, dtype=bool)
    pairs = fit_calibration(scores, truths)
    fitted = np.array([calibrated(score, pairs) for score in scores])
    entries = weights.read_manifest(folder)
    entries["segmenter"] = replace(
        entries["segmenter"], calibration=pairs, review_below=review_threshold(fitted, truths)
    )
    weights.write_manifest(entries, folder)
    print(f"{len(raw)} masks, {truths.mean():.3f} right; review below {entries['segmenter'].review_below}")


def _splits(truth: Path) -> tuple[list[AnnotatedSlide], list[AnnotatedSlide]]:
    """(training, validation): M-FISH by its splits; of COCO files every fifth slide validates."""
    if find_class_maps(truth):
        return list(read_truth(truth, "train")), list(read_truth(truth, "validation"))
    slides = list(read_truth(truth))
    validation = slides[::VALIDATION_SHARE] if len(slides) >= VALIDATION_SHARE else slides[:1]
    training = [s for s in slides if s not in validation] or slides
    return training, validation


def _for_segmenter(slides: Iterable[PreparedSlide]) -> list[TrainingSlide]:
    return [TrainingSlide(s.image, s.masks, s.clusters, s.length_px) for s in slides if s.masks]


def _entry(
    network: str, truth: Path, simulated_slides: int, what: str, command: str, config: dict[str, object]
) -> weights.WeightsEntry:
    source = "ADIR M-FISH, training slides" if find_class_maps(truth) else f"COCO slides of {truth.name}"
    return weights.WeightsEntry(
        name=network,
        network=network,
        file=f"{network}.safetensors",
        sha256="",
        licence=LICENCE,
        data=f"{source}; {simulated_slides} simulated slides, seeds from {SIMULATION_SEED}",
        commit=_commit(),
        input=what,
        command=command,
        config=config,
    )


def _commit() -> str:
    """The commit of the checkout that trains, or "unknown" where it is no checkout."""
    import subprocess

    here = Path(__file__).parent
    answer = subprocess.run(
        ["git", "-C", str(here), "rev-parse", "--short", "HEAD"], capture_output=True, text=True, check=False
    )
    return answer.stdout.strip() or "unknown"
