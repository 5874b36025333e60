"""The study's network and the segmenter's, trained on the published set of overlapping pairs."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import asdict, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from .. import weights
from ..core.errors import UsageError, WeightsError
from ..pipeline.training.provenance import Beginning, entry_of
from ..pipeline.training.train_segmenter import SEGMENTER_INPUT, fit_on_scenes, slides_to_train_on
from ..segmenter.training.examples import Scenes
from ..segmenter.training.pair_scene import normalised
from ..segmenter.training.scene_sources import MixedScenes
from ..segmenter.training.synthetic_pairs import SyntheticPairs, lending
from ..segmenter.training.train import SegmenterTraining
from .extra import require
from .pair_metrics import CLASS_NAMES, iou_of_all
from .pair_plots import plot_samples, plot_training
from .pair_scenes import PairScenes
from .pair_split import TEST_SHARE, Split, split_pairs
from .pairs import PairSet, Variant, read_pairs
from .published_network import PublishedUNet, Recipe, read_argmax, read_channels
from .published_training import LabelledImages, PublishedTraining, answers, loss_of, predict, train_published

MAX_SAMPLES = 8
SYNTHETIC_SHARE = 0.25
"""Share of the training scenes that are made from slides, where there are slides."""
SEEDS_A_PAIR = 4
"""Seeds asked in each crop in training: two chromosomes need fewer than a slide's clusters, and a step is sooner."""


def train_published_on(
    data: Path,
    out: Path,
    recipe: Recipe,
    settings: PublishedTraining,
    beginning: Beginning,
    report: Callable[[str], None],
    split: Split = "order",
    variant: Variant = "text",
    resume: bool = False,
) -> Path:
    """Train the study's network by its recipe; writes weights, log.jsonl, training.png and samples.png.

    Parameters
    ----------
    data
        HDF5 file of the published layout.
    out
        Folder for checkpoints, log, plots and weights.
    recipe
        The study's, or one of its investigations.
    settings
        Of the training.
    beginning
        Weights of the same recipe to begin from, and the learning rate where it is another.
    report
        Called with one line after each epoch.
    split, variant
        Which pairs are trained on, see `pair_split`; whose cleaning, see `pairs`.
    resume
        Whether a training in `out` goes on.

    Returns
    -------
    Path
        The folder of the new weights.

    Raises
    ------
    TruthError
        For a file that is no set of pairs.
    UsageError
        For options that do not fit, or where `out` holds a training that is not to go on.
    WeightsError
        Where there are no weights of this recipe to begin from.
    """
    require("h5py", "matplotlib")
    start = beginning.load("published")
    if start is not None and dict(start.entry.config) != asdict(recipe):
        raise WeightsError(f"{start.entry.file} is of another recipe, {dict(start.entry.config)}: give its options")
    training, test = _parts(data, split, variant, report)
    folder = out / "published"
    network = train_published(
        LabelledImages(training.grey, training.labels),
        recipe,
        folder,
        replace(settings, rate=beginning.rate or settings.rate),
        lambda now: _figures(now, test, recipe),
        report,
        resume,
        start.tensors if start else None,
    )
    log = [json.loads(line) for line in (folder / "log.jsonl").read_text(encoding="utf-8").splitlines()]
    plot_training(log, folder / "training.png")
    if recipe.answers_all:
        found = predict(network, test.grey[:MAX_SAMPLES], lambda a: read_argmax(a, recipe)).astype(np.uint8)
        plot_samples(test.grey[:MAX_SAMPLES], test.labels[:MAX_SAMPLES], found, folder / "samples.png")
    entry = entry_of(
        "published",
        _data_used(training, split),
        "1 x 88 x 88: grey values 0..255",
        f"karyo-split train segmenter --recipe published --data FILE.h5 --split {split} "
        f"--epochs {settings.epochs}{beginning}",
        asdict(recipe),
    )
    scores = {f"{name}_test": value for name, value in log[-1].items() if name.startswith("iou")}
    weights.save(replace(entry, scores=scores), network.state_dict(), out / "weights")
    return out / "weights"


def train_segmenter_on_pairs(
    data: Path,
    out: Path,
    settings: SegmenterTraining,
    beginning: Beginning,
    report: Callable[[str], None],
    truth: Sequence[Path] = (),
    split: Split = "order",
    variant: Variant = "text",
    resume: bool = False,
) -> Path:
    """Train the segmenter on pairs, from given weights or from scratch; the test part validates.

    Parameters
    ----------
    data
        HDF5 file of the published layout.
    out
        Folder for checkpoints, log and weights.
    settings
        Of the training; the learning rate is that of a training from scratch.
    beginning
        Weights to begin from, and the learning rate where it is another.
    report
        Called with one line after each stretch of steps.
    truth
        Folders of slides with masks, of whose lone chromosomes more pairs are made.
    split, variant, resume
        As for `train_published_on`.

    Returns
    -------
    Path
        The folder of the new weights.

    Raises
    ------
    TruthError
        For a file that is no set of pairs, or truth that cannot be used.
    UsageError
        For options that do not fit, or where `out` holds a training that is not to go on.
    WeightsError
        Where the weights to begin from cannot be used.
    """
    training, test = _parts(data, split, variant, report)
    slides = [slide for folder in truth for slide in lending(slides_to_train_on(folder))]
    made = f"; pairs made from the lone chromosomes of {len(slides)} slides" if slides else ""
    settings = replace(settings, seeds=SEEDS_A_PAIR)
    scenes: Scenes = _scenes(training)
    if slides:
        scenes = MixedScenes([scenes, SyntheticPairs(slides)], [1 - SYNTHETIC_SHARE, SYNTHETIC_SHARE])
    network = fit_on_scenes(scenes, {"test": _scenes(test)}, out, settings, beginning, report, resume)
    entry = entry_of(
        "segmenter",
        _data_used(training, split) + made,
        SEGMENTER_INPUT,
        f"karyo-split train segmenter {'TRUTH ' if slides else ''}--data FILE.h5 --split {split} "
        f"--steps {settings.steps}{beginning}",
        asdict(network.config),
    )
    weights.save(entry, network.state_dict(), out / "weights")
    return out / "weights"


def _parts(data: Path, split: Split, variant: Variant, report: Callable[[str], None]) -> tuple[PairSet, PairSet]:
    pairs = read_pairs(data, variant)
    training, test = split_pairs(pairs, split, TEST_SHARE)
    if not len(training):
        raise UsageError(f"a last share of {TEST_SHARE} leaves no pair to train on: give less")
    report(f"{len(training)} pairs to train, {len(test)} to test; {pairs.clipped} grey values clipped to 0..255")
    return training, test


def _scenes(pairs: PairSet) -> PairScenes:
    return PairScenes(normalised(pairs.grey).astype(np.float16), pairs.labels)


def _figures(network: PublishedUNet, test: PairSet, recipe: Recipe) -> dict[str, float]:
    """Loss and pooled IOU of each class on the test part, by the study's reading."""
    total = 0.0
    found: list[NDArray[np.bool_]] = []
    for part, answer in answers(network, test.grey):
        total += loss_of(answer, test.labels[part], recipe)
        found.append(read_channels(answer, recipe).numpy())
    ious = iou_of_all(np.concatenate(found), recipe.kept_of(test.labels))
    names = CLASS_NAMES if recipe.answers_all else recipe.class_names
    named = {f"iou_{name.replace(' ', '_')}": v for name, v in zip(names, ious, strict=True) if name != CLASS_NAMES[0]}
    return {"test_loss": total / len(test), **named}


def _data_used(training: PairSet, split: Split) -> str:
    return f"{len(training)} published overlapping pairs, split by {split}"
