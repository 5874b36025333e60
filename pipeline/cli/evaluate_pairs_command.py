"""`karyo-split evaluate pairs`: either network against the published set of overlapping pairs."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from .options import PairSplit, Threads, Variant, WeightsFolder

if TYPE_CHECKING:
    from ...study.evaluate_pairs import PairsEvaluation


def evaluate_pairs(
    data: Annotated[Path, typer.Argument(help="HDF5 file of the published overlapping pairs, or of the same layout.")],
    last: Annotated[float, typer.Option(help="Share of the pairs, at the end of the file, that is tested.")] = 0.2,
    split: PairSplit = "order",
    variant: Variant = "text",
    weights: WeightsFolder = None,
    out: Annotated[Path | None, typer.Option(help="JSON file for the figures.")] = None,
    plots: Annotated[Path | None, typer.Option(help="Folder for samples.png and intensities.png.")] = None,
    limit: Annotated[int | None, typer.Option(min=1, help="At most so many pairs.")] = None,
    threads: Threads = None,
) -> None:
    """Separate the published study's pairs and print its figures."""
    import json

    import torch

    from ...core.atomic import write_text
    from ...study import evaluate_pairs as study
    from ...study.extra import require
    from ...weights import FOLDER
    from .messages import tell

    if plots is not None:
        require("matplotlib")
    if threads is not None:
        torch.set_num_threads(threads)
    evaluation = study.evaluate_pairs(data, weights or FOLDER, split, last, variant, limit, tell)  # type: ignore[arg-type]
    _show(evaluation)
    if out is not None:
        write_text(out, json.dumps(evaluation.figures(), indent=2) + "\n", check=json.loads)
    if plots is not None:
        evaluation.write_plots(plots)


def _show(evaluation: PairsEvaluation) -> None:
    from rich.console import Console
    from rich.table import Table

    from ...study.pair_metrics import CLASS_NAMES

    scores, best = evaluation.scores, evaluation.intensities
    title = f"{evaluation.network}: {scores.pairs} pairs, split by {evaluation.split}"
    table = Table("class", "IOU", "Dice", "IOU", "Dice", title=title)
    table.add_row("", "study's", "reading", "better", "order")
    for each in CLASS_NAMES:
        row = [scores.channels.iou, scores.channels.dice, scores.classes.iou, scores.classes.dice]
        table.add_row(each, *(f"{100 * figures[each]:.1f}" for figures in row))
    console = Console(width=80)
    console.print(table)
    low, high = scores.interval
    console.print(
        f"whole chromosomes, mean IOU: {100 * scores.whole:.2f}\n"
        f"whole chromosomes and overlap, mean IOU: {100 * scores.mean:.2f} (95 % of bootstraps {100 * low:.2f} to "
        f"{100 * high:.2f})\n"
        f"one grey threshold for the overlap, all pairs: IOU {100 * best.iou:.1f} from {best.threshold}, "
        f"{100 * best.accuracy:.1f} % of pixels right; calling none an overlap {100 * best.commonest:.1f} %\n"
        f"{evaluation.seconds_a_pair:.3f} seconds a pair; {evaluation.clipped} grey values lay outside 0..255 and "
        "were clipped"
    )
