"""From a folder of truth to the detector's weights."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

from ... import weights
from ...core.grey_scale import as_uint8
from ...datasets.read_truth import training_and_validation, truth_name
from ...detector.yolo import DetectorTraining, fit
from ...detector.yolo_dataset import BoxedSlide, write_dataset
from .prepared_slides import SIMULATION_SEED, PreparedSlide, prepare, simulated
from .provenance import Beginning, entry_of

DETECTOR_INPUT = "normalised grey 0..1.5 as 0..255 in three equal channels, 640 px in training"


def train_detector(
    truth: Path,
    out: Path,
    settings: DetectorTraining,
    beginning: Beginning,
    simulated_slides: int,
    resume: bool = False,
) -> Path:
    """Train the detector on slides with truth.

    Parameters
    ----------
    truth
        Folder of M-FISH maps, or of COCO files with their slides.
    out
        Folder for checkpoints, log and weights.
    settings
        Of the training; the learning rate is that of a training from scratch.
    beginning
        Weights to begin from, and the learning rate where it is another.
    simulated_slides
        How many are added.
    resume
        Whether a training in `out` goes on.

    Returns
    -------
    Path
        The folder of the new weights.

    Raises
    ------
    TruthError
        Where the truth cannot be used.
    UsageError
        Where `out` holds a training that is not to go on.
    WeightsError
        Where the weights to begin from cannot be used.
    """
    start = beginning.load("detector")
    folder = out / "detector"
    data = folder / "data" / "data.yaml"
    if not (resume and data.exists()):
        training, validation = training_and_validation(truth)
        everything = _boxed(prepare(training)) + _boxed(simulated(simulated_slides, SIMULATION_SEED))
        write_dataset(everything, _boxed(prepare(validation)), folder / "data")
    settings = replace(settings, rate=beginning.rate_from(settings.rate))
    architecture, tensors = fit(data, folder / "run", settings, resume, start)
    command = (
        f"karyo-split train detector TRUTH --epochs {settings.epochs} --simulated {simulated_slides} "
        f"--seed {settings.seed}{beginning}"
    )
    data_used = f"{truth_name(truth)}; {simulated_slides} simulated slides, seeds from {SIMULATION_SEED}"
    weights.save(entry_of("detector", data_used, DETECTOR_INPUT, command, architecture), tensors, out / "weights")
    return out / "weights"


def _boxed(slides: Iterable[PreparedSlide]) -> list[BoxedSlide]:
    return [BoxedSlide(s.name, as_uint8(s.image), s.masks, s.clusters) for s in slides]
