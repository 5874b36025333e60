"""From a folder of truth to the segmenter's weights."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import asdict, replace
from pathlib import Path

from ... import weights
from ...datasets.mfish import find_class_maps
from ...datasets.read_truth import read_truth, training_and_validation, truth_name
from ...segmenter import SeededUNet, UNetConfig
from ...segmenter.training.examples import Scenes, SlideScenes
from ...segmenter.training.scene import TrainingSlide
from ...segmenter.training.train import SegmenterTraining, fit_segmenter
from .prepared_slides import SIMULATION_SEED, PreparedSlide, prepare, simulated
from .provenance import Beginning, entry_of

SEGMENTER_INPUT = "2 x 88 x 88: normalised grey 0..1.5 and a seed, a Gaussian of 2 px"


def train_segmenter(
    truth: Path,
    out: Path,
    settings: SegmenterTraining,
    beginning: Beginning,
    simulated_slides: int,
    report: Callable[[str], None],
    resume: bool = False,
) -> Path:
    """Train the segmenter on slides with truth.

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
    report
        Called with one line after each stretch of steps.
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
    training, validation = training_and_validation(truth)
    slides = _training_slides(prepare(training)) + _training_slides(simulated(simulated_slides, SIMULATION_SEED))
    validating = _training_slides(prepare(validation))
    network = fit_on_scenes(
        SlideScenes(slides), SlideScenes(validating) if validating else None, out, settings, beginning, report, resume
    )
    command = (
        f"karyo-split train segmenter TRUTH --steps {settings.steps} --simulated {simulated_slides} "
        f"--seed {settings.seed}{beginning}"
    )
    data_used = f"{truth_name(truth)}; {simulated_slides} simulated slides, seeds from {SIMULATION_SEED}"
    entry = entry_of("segmenter", data_used, SEGMENTER_INPUT, command, asdict(network.config))
    weights.save(entry, network.state_dict(), out / "weights")
    return out / "weights"


def fit_on_scenes(
    training: Scenes,
    validation: Scenes | None,
    out: Path,
    settings: SegmenterTraining,
    beginning: Beginning,
    report: Callable[[str], None],
    resume: bool = False,
) -> SeededUNet:
    """Train the segmenter's network, whatever its scenes come from; checkpoints go to `out`/segmenter.

    Parameters
    ----------
    training, validation
        Where crops come from; without validation scenes the log has no scores.
    out, settings, beginning, report, resume
        As for `train_segmenter`.

    Raises
    ------
    UsageError
        Where `out` holds a training that is not to go on.
    WeightsError
        Where the weights to begin from cannot be used.
    """
    start = beginning.load("segmenter")
    return fit_segmenter(
        training,
        validation,
        out / "segmenter",
        replace(
            settings,
            rate=beginning.rate_from(settings.rate),
            network=UNetConfig.from_dict(start.entry.config) if start else settings.network,
        ),
        report,
        resume,
        dict(start.tensors) if start else None,
    )


def slides_to_train_on(truth: Path) -> list[TrainingSlide]:
    """Read the training slides of a folder of truth, as the segmenter's training sees them.

    Raises
    ------
    TruthError
        Where the truth cannot be used.
    """
    slides = read_truth(truth, "train") if find_class_maps(truth) else training_and_validation(truth)[0]
    return _training_slides(prepare(slides))


def _training_slides(slides: Iterable[PreparedSlide]) -> list[TrainingSlide]:
    return [TrainingSlide(s.image, s.masks, s.clusters, s.length_px, s.ambiguous) for s in slides if s.masks]
