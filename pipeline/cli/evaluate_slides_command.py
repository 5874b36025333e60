"""`karyo-split evaluate`."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Sequence
from dataclasses import asdict
from itertools import islice, zip_longest
from pathlib import Path

import numpy as np
from rich.console import Console
from rich.table import Table

from ...core.atomic import write_text
from ...datasets.read_truth import read_truth
from ..evaluation.comparison import compare
from ..evaluation.contact_sheet import write_contact_sheet
from ..evaluation.error_stages import Diagnosis, diagnose, worst_clusters
from ..evaluation.slide_scores import SlideScores, matches, score_slides
from ..scoring.calibration import calibration_error, reliability
from ..settings import SplitSettings
from ..split import Splitter

CLUSTERS_SHOWN = 40


def evaluate_slides(
    truth: Path,
    split: str,
    out: Path | None,
    limit: int | None,
    device: str,
    threads: int | None,
    weights: Path | None,
    errors: Path | None = None,
) -> None:
    """Split slides with truth and print the figures.

    out: where they are written as JSON. errors: a folder for errors.json, by stage, and contact_sheet.png.
    """
    slides = read_truth(truth, split)
    settings = SplitSettings(device=device, threads=threads, weights_folder=str(weights) if weights else None)
    splitter = Splitter(settings)
    comparisons, seconds, paths = [], [], {}
    for slide in islice(slides, limit):
        paths[slide.name] = slide.image_path
        since = time.perf_counter()
        comparison = compare(slide, splitter)
        seconds.append(time.perf_counter() - since)
        comparisons.append(comparison)
        print(f"{slide.name}: {len(comparison.found)} found, {len(slide.chromosomes)} true", file=sys.stderr)
    scores = score_slides(comparisons)
    diagnosis = diagnose(comparisons)
    right = np.concatenate([matches(c) for c in comparisons])
    every_score = np.concatenate([np.array(c.scores) for c in comparisons])
    error = calibration_error(every_score, right)
    unflagged = every_score >= splitter.review_below
    figures = asdict(scores) | {
        "errors": asdict(diagnosis),
        "calibration_error": error,
        "reliability": [asdict(b) for b in reliability(every_score, right)],
        "unflagged_share": float(unflagged.mean()) if unflagged.size else 0.0,
        "unflagged_right": float(right[unflagged].mean()) if unflagged.any() else 1.0,
        "seconds_a_slide": float(np.median(seconds)),
        "truth": str(truth.name),
        "split": split,
        "weights": dict(splitter.weight_hashes),
    }
    _print_table(
        scores,
        split,
        [
            ("expected calibration error", f"{error:.3f}"),
            ("unflagged / of them right", f"{figures['unflagged_share']:.3f} / {figures['unflagged_right']:.4f}"),
            ("seconds a slide, median", f"{figures['seconds_a_slide']:.2f}"),
        ],
    )
    _print_errors(diagnosis)
    if out is not None:
        write_text(out, json.dumps(figures, indent=2) + "\n", check=json.loads)
    if errors is not None:
        errors.mkdir(parents=True, exist_ok=True)
        write_text(errors / "errors.json", json.dumps(asdict(diagnosis), indent=2) + "\n", check=json.loads)
        write_contact_sheet(worst_clusters(comparisons, CLUSTERS_SHOWN), paths, errors / "contact_sheet.png")


def _print_table(scores: SlideScores, split: str, more: Sequence[tuple[str, str]]) -> None:
    table = Table("measure", "value", title=f"{scores.slides} slides, split {split}")
    rows = [
        ("AP / AP50 / AP75", f"{scores.ap:.3f} / {scores.ap50:.3f} / {scores.ap75:.3f}"),
        ("F1 at IoU 0.5 / 0.75", f"{scores.f1_50:.3f} / {scores.f1_75:.3f}"),
        ("chromosomes true / found", f"{scores.true_chromosomes} / {scores.found_chromosomes}"),
        ("count error, chromosomes a slide", f"{scores.count_error:.2f}"),
        ("overlap IoU", f"{scores.overlap_iou:.3f}"),
        *more,
    ]
    for size, count in scores.clusters.items():
        recall = f"{scores.recall_50.get(size, 0):.3f} / {scores.recall_75.get(size, 0):.3f}"
        rows.append((f"recall at 0.5 / 0.75, clusters of {size} ({count})", recall))
    for row in rows:
        table.add_row(*row)
    Console(width=80).print(table)


def _print_errors(diagnosis: Diagnosis) -> None:
    table = Table("true chromosomes without a mask", "", "wrong masks", "", title="errors at IoU 0.5")
    for lost, extra in zip_longest(diagnosis.losses.items(), diagnosis.extras.items(), fillvalue=("", "")):
        table.add_row(lost[0], str(lost[1]), extra[0], str(extra[1]))
    console = Console(width=80)
    console.print(table)
    console.print(
        f"inside some box: {diagnosis.in_boxes:.4f}   boxes on no chromosome, a slide: {diagnosis.empty_boxes:.2f}\n"
        f"right masks: mean IoU {diagnosis.matched_iou:.3f}, {diagnosis.matched_75:.3f} at 0.75 or more; "
        f"without the outline's own pixels {diagnosis.band_iou:.3f}, {diagnosis.band_75:.3f}"
    )
