"""`karyo-split train segmenter --data FILE.h5`: both networks on the published set of overlapping pairs."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from .. import weights
from ..core.errors import UsageError, WeightsError
from ..pipeline.training.provenance import RunOptions, commit, entry_of, loaded_start, report
from ..pipeline.training.train_on_slides import training_slides
from ..pipeline.training.train_seeded import SEEDED_INPUT, fit_seeded
from .pair_metrics import CLASS_NAMES, iou_of_all
from .pair_plots import plot_samples, plot_training
from .pair_scenes import PairScenes, normalised
from .pair_split import TEST_SHARE, split_pairs
from .pairs import PairSet, read_pairs
from .published_network import PublishedUNet, Recipe, read_argmax, read_channels
from .published_training import LabelledImages, PublishedTraining, answers, loss_of, predict, train_published

SAMPLES = 8


@dataclass(frozen=True, kw_only=True)
class PairsOptions(RunOptions):
    """What a training on pairs needs beside that.

    data: HDF5 file. truth: folder of slides with truth, of whose lone chromosomes more pairs are made; None for none.
    split: "order" or "chromosome". last: share tested where the split is by order. variant: of the cleaning. Only the
    seeded network takes slides.
    """

    data: Path
    truth: Path | None = None
    split: str = "order"
    last: float = TEST_SHARE
    variant: str = "text"


def train_published_on(options: PairsOptions, recipe: Recipe) -> None:
    """Train the study's network by its recipe; writes weights, log.jsonl, training.png and samples.png.

    Raises TruthError for a file that is no set of pairs, UsageError for options that do not fit, WeightsError where
    there are no weights of this recipe to begin from.
    """
    start = loaded_start("published", options.start)
    if start is not None and dict(start.entry.config) != asdict(recipe):
        raise WeightsError(f"{start.entry.file} is of another recipe, {dict(start.entry.config)}: give its options")
    training, test = _parts(options)
    folder = options.out / "published"
    settings = PublishedTraining(
        epochs=options.length, seed=options.seed, threads=options.threads, bfloat16=options.bfloat16
    )
    network = train_published(
        LabelledImages(training.grey, training.labels),
        recipe,
        folder,
        replace(settings, rate=options.rate or settings.rate),
        lambda now: _figures(now, test, recipe),
        report,
        options.resume,
        start.tensors if start else None,
    )
    log = [json.loads(line) for line in (folder / "log.jsonl").read_text(encoding="utf-8").splitlines()]
    plot_training(log, folder / "training.png")
    if recipe.answers_all:
        found = predict(network, test.grey[:SAMPLES], lambda a: read_argmax(a, recipe)).astype(np.uint8)
        plot_samples(test.grey[:SAMPLES], test.labels[:SAMPLES], found, folder / "samples.png")
    entry = entry_of(
        "published",
        _source(options, training),
        "1 x 88 x 88: grey values 0..255",
        f"karyo-split train segmenter --recipe published --data FILE.h5 --split {options.split} "
        f"--epochs {options.length}{options.begun}",
        asdict(recipe),
        commit(),
    )
    scores = {f"{name}_test": value for name, value in log[-1].items() if name.startswith("iou")}
    weights.save(replace(entry, scores=scores), network.state_dict(), options.out / "weights")
    print(options.out / "weights")


def train_seeded_on(options: PairsOptions) -> None:
    """Train the seeded network on pairs, from given weights or from scratch; the test part validates."""
    training, test = _parts(options)
    slides = [slide for slide in training_slides(options.truth) if len(slide.lone) > 1] if options.truth else []
    made = f"; pairs made from the lone chromosomes of {len(slides)} slides" if slides else ""
    network = fit_seeded(options, replace(_scenes(training), slides=slides), _scenes(test))
    entry = entry_of(
        "segmenter",
        _source(options, training) + made,
        SEEDED_INPUT,
        f"karyo-split train segmenter {'TRUTH ' if slides else ''}--data FILE.h5 --split {options.split} "
        f"--steps {options.length}{options.begun}",
        asdict(network.config),
        commit(),
    )
    weights.save(entry, network.state_dict(), options.out / "weights")
    print(options.out / "weights")


def _parts(options: PairsOptions) -> tuple[PairSet, PairSet]:
    pairs = read_pairs(options.data, options.variant)  # type: ignore[arg-type]
    training, test = split_pairs(pairs, options.split, options.last)  # type: ignore[arg-type]
    if not len(training):
        raise UsageError(f"a last share of {options.last} leaves no pair to train on: give less")
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


def _source(options: PairsOptions, training: PairSet) -> str:
    return f"{len(training)} published overlapping pairs, split by {options.split}"
