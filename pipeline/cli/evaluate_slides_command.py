"""`karyo-split evaluate slides`: slides whose chromosomes are known."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from .options import Device, Threads, Truth, WeightsFolder

if TYPE_CHECKING:
    from ..evaluation.error_stages import Diagnosis
    from ..evaluation.evaluate_slides import SlideEvaluation

MAX_CLUSTERS = 40
"""Shown on the contact sheet."""


def evaluate_slides(
    truth: Truth,
    split: Annotated[str, typer.Option(help="train, validation, test or all (M-FISH only).")] = "all",
    out: Annotated[Path | None, typer.Option(help="JSON file for the figures.")] = None,
    limit: Annotated[int | None, typer.Option(min=1, help="At most so many slides.")] = None,
    device: Device = "auto",
    threads: Threads = None,
    weights: WeightsFolder = None,
    errors: Annotated[
        Path | None, typer.Option(help="Folder for the errors by stage and a contact sheet of the worst clusters.")
    ] = None,
) -> None:
    """Split slides with known chromosomes and print how well that went."""
    import json
    from itertools import islice

    from ...core.atomic import write_text
    from ...datasets.read_truth import read_truth
    from ..evaluation import evaluate_slides as evaluation_of
    from ..evaluation.contact_sheet import write_contact_sheet
    from ..evaluation.error_stages import worst_clusters
    from ..settings import SplitSettings
    from ..split import Splitter
    from .messages import tell

    slides = read_truth(truth, split)
    splitter = Splitter(SplitSettings(device=device, threads=threads, weights_folder=str(weights) if weights else None))
    known = list(islice(slides, limit))
    evaluation = evaluation_of.evaluate_slides(known, splitter, tell)
    _show(evaluation, split)
    if out is not None:
        figures = evaluation.figures() | {"truth": truth.name, "split": split, "weights": dict(splitter.weight_hashes)}
        write_text(out, json.dumps(figures, indent=2) + "\n", check=json.loads)
    if errors is not None:
        errors.mkdir(parents=True, exist_ok=True)
        write_text(errors / "errors.json", json.dumps(evaluation.figures()["errors"], indent=2) + "\n", json.loads)
        worst = worst_clusters(evaluation.comparisons, MAX_CLUSTERS)
        write_contact_sheet(worst, {s.name: s.image_path for s in known}, errors / "contact_sheet.png")


def _show(evaluation: SlideEvaluation, split: str) -> None:
    from rich.console import Console
    from rich.table import Table

    scores = evaluation.scores
    table = Table("measure", "value", title=f"{scores.slides} slides, split {split}")
    rows = [
        ("AP / AP50 / AP75", f"{scores.ap:.3f} / {scores.ap50:.3f} / {scores.ap75:.3f}"),
        ("F1 at IoU 0.5 / 0.75", f"{scores.f1_50:.3f} / {scores.f1_75:.3f}"),
        ("F1 without pale rims, at IoU 0.5 / 0.75", f"{evaluation.trimmed.f1_50:.3f} / {evaluation.trimmed.f1_75:.3f}"),
        ("chromosomes true / found", f"{scores.true_chromosomes} / {scores.found_chromosomes}"),
        ("count error, chromosomes a slide", f"{scores.count_error:.2f}"),
        ("overlap IoU", f"{scores.overlap_iou:.3f}"),
        ("expected calibration error", f"{evaluation.calibration_error:.3f}"),
        ("unflagged / of them right", f"{evaluation.unflagged_share:.3f} / {evaluation.unflagged_right:.4f}"),
        ("seconds a slide, median", f"{evaluation.seconds_a_slide:.2f}"),
    ]
    for size, count in scores.clusters.items():
        recall = f"{scores.recall_50.get(size, 0):.3f} / {scores.recall_75.get(size, 0):.3f}"
        rows.append((f"recall at 0.5 / 0.75, clusters of {size} ({count})", recall))
    for row in rows:
        table.add_row(*row)
    Console(width=80).print(table)
    _show_errors(evaluation.diagnosis)


def _show_errors(diagnosis: Diagnosis) -> None:
    from itertools import zip_longest

    from rich.console import Console
    from rich.table import Table

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
