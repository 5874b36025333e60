"""The training of the seeded network, whatever its scenes come from."""

from __future__ import annotations

from dataclasses import replace

from ...segmenter import SeededUNet, UNetConfig
from ...segmenter.training.examples import Scenes
from ...segmenter.training.train import SegmenterTraining, train_segmenter
from .provenance import RunOptions, loaded_start, report

SEEDED_INPUT = "2 x 88 x 88: normalised grey 0..1.5 and a seed, a Gaussian of 2 px"


def fit_seeded(options: RunOptions, training: Scenes, validation: Scenes | None) -> SeededUNet:
    """Train the seeded network, from given weights or from scratch; checkpoints go to `out`/segmenter."""
    start = loaded_start("segmenter", options.start)
    settings = SegmenterTraining(
        steps=options.length,
        seed=options.seed,
        threads=options.threads,
        workers=int(options.threads > 1),
        bfloat16=options.bfloat16,
    )
    return train_segmenter(
        training,
        validation,
        options.out / "segmenter",
        replace(
            settings,
            rate=options.rate_from(settings.rate),
            network=UNetConfig.from_dict(start.entry.config) if start else settings.network,
        ),
        report,
        options.resume,
        dict(start.tensors) if start else None,
    )
