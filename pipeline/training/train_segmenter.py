"""From a folder of truth to the segmenter's weights."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, replace
from pathlib import Path

from ... import weights
from ...datasets.mfish import find_class_maps
from ...datasets.read_truth import read_truth, training_and_validation
from ...segmenter import ConditionalConfig, ConditionalUNet
from ...segmenter.training.checkpoints import checkpoint_in
from ...segmenter.training.examples import Scenes
from ...segmenter.training.scene import TrainingSlide
from ...segmenter.training.train import SegmenterTraining, fit_segmenter
from ..settings import SplitSettings
from ..split import Splitter
from .prepared_slides import prepare
from .provenance import Beginning, entry_of
from .training_slides import slides_with_masks, training_scenes

SEGMENTER_INPUT = "88 x 88: normalised grey 0..1.5; seeds as (row, column) from -1 to 1"


def train_segmenter(
    folders: Sequence[Path],
    out: Path,
    settings: SegmenterTraining,
    beginning: Beginning,
    simulated_share: float,
    pairs_share: float,
    report: Callable[[str], None],
    resume: bool = False,
    verify_with: Path | None = None,
) -> Path:
    """Train the segmenter on slides with truth.

    Parameters
    ----------
    folders
        Of truth: each of M-FISH maps, of COCO files with their slides, or of the G-band set.
    out
        Folder for checkpoints, log and weights.
    settings
        Of the training; the learning rate is that of a training from scratch.
    beginning
        Weights to begin from, and the learning rate where it is another.
    simulated_share
        Share of the crops that come from simulated slides, 0 to 1.
    pairs_share
        Share of the folders' crops that are pairs made from lone chromosomes, 0 to 1.
    report
        Called with one line after each stretch of steps.
    resume
        Whether a training in `out` goes on.
    verify_with
        Folder of weights whose masks of real clusters are truth where boxes confirm them; None takes none.

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
    beginning.load("segmenter")  # before any slide is read: what cannot begin need not wait
    checkpoint_in(out / "segmenter", resume)
    verifier = (
        Splitter(SplitSettings(weights_folder=str(verify_with), device=str(settings.device), threads=settings.threads))
        if verify_with
        else None
    )
    scenes = training_scenes(folders, simulated_share, pairs_share, verifier)
    network = fit_on_scenes(scenes.training, scenes.validation, out, settings, beginning, report, resume)
    command = (
        f"karyo-split train segmenter{' TRUTH' * len(folders)} --steps {settings.steps} "
        f"--simulated {simulated_share:g} --pairs {pairs_share:g} --seed {settings.seed}{beginning}"
        f"{f' --verify-with {verify_with}' if verify_with else ''}"
    )
    entry = entry_of("segmenter", scenes.data, SEGMENTER_INPUT, command, asdict(network.config))
    weights.save(entry, network.state_dict(), out / "weights")
    return out / "weights"


def fit_on_scenes(
    training: Scenes,
    validation: Mapping[str, Scenes],
    out: Path,
    settings: SegmenterTraining,
    beginning: Beginning,
    report: Callable[[str], None],
    resume: bool = False,
) -> ConditionalUNet:
    """Train the segmenter's network, whatever its scenes come from; checkpoints go to `out`/segmenter.

    Parameters
    ----------
    training, validation
        Where crops come from; the log has scores for each named part of the validation.
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
            network=ConditionalConfig.from_dict(start.entry.config) if start else settings.network,
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
    return slides_with_masks(prepare(slides))
