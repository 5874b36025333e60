"""`karyo-split evaluate boxes`: slides whose chromosomes are known by boxes only."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from .options import Device, Threads, WeightsFolder

if TYPE_CHECKING:
    from ..evaluation.box_scores import BoxScores


def evaluate_boxes(
    folder: Annotated[
        Path, typer.Argument(help="Folder of the G-band set, or images with Pascal VOC, YOLO or COCO boxes.")
    ],
    split: Annotated[str, typer.Option(help="train, validation, test or all (G-band set only).")] = "all",
    out: Annotated[Path | None, typer.Option(help="JSON file for the figures.")] = None,
    limit: Annotated[int | None, typer.Option(min=1, help="At most so many slides.")] = None,
    device: Device = "auto",
    threads: Threads = None,
    weights: WeightsFolder = None,
) -> None:
    """Split slides with known boxes and compare."""
    import json
    import time
    from dataclasses import asdict
    from itertools import islice

    from ...core.atomic import write_text
    from ...datasets.box_files import read_boxes
    from ..evaluation.box_scores import compare_boxes, score_boxes
    from ..settings import SplitSettings
    from ..split import Splitter
    from .messages import tell

    slides = list(islice(read_boxes(folder, split), limit))  # a wrong row is told before any time is spent
    splitter = Splitter(SplitSettings(device=device, threads=threads, weights_folder=str(weights) if weights else None))
    comparisons, seconds = [], []
    for slide in slides:
        since = time.perf_counter()
        comparisons.append(compare_boxes(slide, splitter))
        seconds.append(time.perf_counter() - since)
        tell(f"{slide.name}: {len(comparisons[-1].found)} found, {len(slide.boxes)} true")
    scores = score_boxes(comparisons)
    seconds_a_slide = sorted(seconds)[len(seconds) // 2]
    _show(scores, split, seconds_a_slide)
    if out is not None:
        figures = asdict(scores) | {"seconds_a_slide": seconds_a_slide, "truth": folder.name, "split": split}
        figures |= {"weights": dict(splitter.weight_hashes)}
        write_text(out, json.dumps(figures, indent=2) + "\n", check=json.loads)


def _share(value: float | None) -> str:
    return "none" if value is None else f"{value:.3f}"


def _show(scores: BoxScores, split: str, seconds_a_slide: float) -> None:
    from rich.console import Console
    from rich.table import Table

    table = Table("measure", "value", title=f"{scores.slides} slides, split {split}")
    rows = [
        ("box AP50", _share(scores.ap50)),
        ("box F1 at IoU 0.5 / 0.75", f"{scores.f1_50:.3f} / {scores.f1_75:.3f}"),
        ("the same with boxes as drawn", f"{scores.f1_50_as_drawn:.3f} / {scores.f1_75_as_drawn:.3f}"),
        ("chromosomes true / found", f"{scores.true_chromosomes} / {scores.found_chromosomes}"),
        ("count error, chromosomes a slide", f"{scores.count_error:.2f}"),
        ("slides with exactly the true count", f"{scores.exact_counts:.3f}"),
        ("slides at a wrong scale", f"{len(scores.wrong_scale)} {' '.join(scores.wrong_scale[:5])}"),
        ("unflagged / of them right", f"{_share(scores.unflagged_share)} / {_share(scores.unflagged_right)}"),
        ("seconds a slide, median", f"{seconds_a_slide:.2f}"),
    ]
    for size, count in scores.clusters.items():
        rows.append((f"recall at 0.5, boxes that overlap {size} ({count})", f"{scores.recall_50[size]:.3f}"))
    for row in rows:
        table.add_row(*row)
    Console(width=80).print(table)
