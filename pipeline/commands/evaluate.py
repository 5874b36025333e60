"""`karyo-split evaluate`."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Iterator
from dataclasses import asdict
from itertools import islice
from pathlib import Path

import numpy as np
from rich.console import Console
from rich.table import Table

from ...datasets import AnnotatedSlide
from ...datasets.coco import read_coco
from ...datasets.mfish import SPLITS, find_class_maps, read_mfish
from ...errors import TruthError, UsageError
from ..calibrate import calibration_error
from ..evaluate import SlideComparison, SlideScores, matches, score_slides
from ..split import SplitSettings, Splitter
from ..writers.atomic import write_text


def evaluate_slides(
    truth: Path, split: str, out: Path | None, limit: int | None, device: str, threads: int | None, weights: Path | None
) -> None:
    """Split slides with truth, print the figures, and write them as JSON where `out` is given."""
    slides = read_truth(truth, split)
    settings = SplitSettings(device=device, threads=threads, weights_folder=str(weights) if weights else None)
    splitter = Splitter(settings)
    comparisons, seconds = [], []
    for slide in islice(slides, limit):
        since = time.perf_counter()
        comparison = compare(slide, splitter)
        seconds.append(time.perf_counter() - since)
        comparisons.append(comparison)
        print(f"{slide.name}: {len(comparison.found)} found, {len(slide.chromosomes)} true", file=sys.stderr)
    scores = score_slides(comparisons)
    right = np.concatenate([matches(c) for c in comparisons])
    error = calibration_error(np.concatenate([np.array(c.scores) for c in comparisons]), right)
    figures = asdict(scores) | {
        "calibration_error": error,
        "seconds_a_slide": float(np.median(seconds)),
        "truth": str(truth.name),
        "split": split,
        "weights": dict(splitter.weight_hashes),
    }
    _print_table(scores, error, figures["seconds_a_slide"], split)
    if out is not None:
        write_text(out, json.dumps(figures, indent=2) + "\n", check=json.loads)


def read_truth(truth: Path, split: str = "all") -> Iterator[AnnotatedSlide]:
    """The slides of a folder of M-FISH maps or of COCO files.

    Raises TruthError where the folder holds neither, UsageError for a split of COCO files.
    """
    if not truth.is_dir():
        raise TruthError(f"{truth} is not a folder: name one with M-FISH maps, or with COCO files and their slides")
    if split not in SPLITS:
        raise UsageError(f"unknown split {split!r}: choose one of {', '.join(SPLITS)}")
    if find_class_maps(truth):
        return read_mfish(truth, split)
    if split != "all":
        raise UsageError(f"{truth} holds no M-FISH maps, and only those have splits: leave out --split")
    return read_coco(truth)


def compare(slide: AnnotatedSlide, splitter: Splitter) -> SlideComparison:
    """Split a slide and put the result beside its truth."""
    result = splitter.split(slide.image_path)
    return SlideComparison(
        slide.name,
        slide.shape,
        slide.chromosomes,
        tuple(c.placed for c in result.chromosomes),
        tuple(c.score for c in result.chromosomes),
    )


def _print_table(scores: SlideScores, error: float, seconds: float, split: str) -> None:
    table = Table("measure", "value", title=f"{scores.slides} slides, split {split}")
    rows = [
        ("AP / AP50 / AP75", f"{scores.ap:.3f} / {scores.ap50:.3f} / {scores.ap75:.3f}"),
        ("F1 at IoU 0.5 / 0.75", f"{scores.f1_50:.3f} / {scores.f1_75:.3f}"),
        ("chromosomes true / found", f"{scores.true_chromosomes} / {scores.found_chromosomes}"),
        ("count error, chromosomes a slide", f"{scores.count_error:.2f}"),
        ("overlap IoU", f"{scores.overlap_iou:.3f}"),
        ("expected calibration error", f"{error:.3f}"),
        ("seconds a slide, median", f"{seconds:.2f}"),
    ]
    for size, count in scores.clusters.items():
        recall = f"{scores.recall_50.get(size, 0):.3f} / {scores.recall_75.get(size, 0):.3f}"
        rows.append((f"recall at 0.5 / 0.75, clusters of {size} ({count})", recall))
    for row in rows:
        table.add_row(*row)
    Console(width=80).print(table)
