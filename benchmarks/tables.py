"""The tables of docs/benchmarks.md, from what `karyo-split evaluate slides --out FIGURES.json` wrote.

python benchmarks/tables.py FIGURES.json             # figures and errors by stage
python benchmarks/tables.py FIGURES.json --targets   # beside what we aim at
"""

from __future__ import annotations

import json
from itertools import zip_longest
from pathlib import Path
from typing import Any

import typer

SIZES = ("1", "2", "3", "4", "5+")
RECALLS = (0.985, 0.94, 0.94, 0.88, 0.80)


def figures_table(f: dict[str, Any]) -> list[tuple[str, str]]:
    """Measure and value."""
    errors = f["errors"]
    return [
        ("slides", str(f["slides"])),
        ("AP / AP50 / AP75", f"{f['ap']:.3f} / {f['ap50']:.3f} / {f['ap75']:.3f}"),
        ("F1 at IoU 0.5 / 0.75", f"{f['f1_50']:.3f} / {f['f1_75']:.3f}"),
        ("chromosomes true / found", f"{f['true_chromosomes']} / {f['found_chromosomes']}"),
        ("count error, chromosomes a slide", f"{f['count_error']:.2f}"),
        ("overlap IoU", f"{f['overlap_iou']:.3f}"),
        ("expected calibration error", f"{f['calibration_error']:.3f}"),
        ("unflagged / of them right", f"{f['unflagged_share']:.3f} / {f['unflagged_right']:.4f}"),
        ("seconds a slide, median, loaded", f"{f['seconds_a_slide']:.2f}"),
        *(
            (
                f"recall at 0.5 / 0.75, clusters of {size} ({f['clusters'][size]} chromosomes)",
                f"{f['recall_50'][size]:.3f} / {f['recall_75'][size]:.3f}",
            )
            for size in SIZES
            if size in f["clusters"]
        ),
        ("chromosomes inside some box", f"{errors['in_boxes']:.4f}"),
        ("boxes on no chromosome, a slide", f"{errors['empty_boxes']:.2f}"),
        ("right masks: mean IoU / at 0.75 or more", f"{errors['matched_iou']:.3f} / {errors['matched_75']:.3f}"),
        (
            "the same outside a one-pixel band around the true outline",
            f"{errors['band_iou']:.3f} / {errors['band_75']:.3f}",
        ),
    ]


def targets_table(f: dict[str, Any]) -> list[tuple[str, str, str, str]]:
    """Measure, target, value, whether it is met."""
    recalls = [f["recall_50"].get(size, 0.0) for size in SIZES]
    errors = f["errors"]
    rows: list[tuple[str, str, str, list[bool]]] = [
        ("AP50", ".95", f"{f['ap50']:.3f}", [f["ap50"] >= 0.95]),
        (
            "F1 at IoU 0.5 / 0.75",
            ".945 / .82",
            f"{f['f1_50']:.3f} / {f['f1_75']:.3f}",
            [f["f1_50"] >= 0.945, f["f1_75"] >= 0.82],
        ),
        ("count error, chromosomes a slide", "2.0", f"{f['count_error']:.2f}", [f["count_error"] <= 2.0]),
        (
            "recall at 0.5, clusters of 1 / 2 / 3 / 4 / 5+",
            " / ".join(f"{r:g}" for r in RECALLS),
            " / ".join(f"{r:.3f}" for r in recalls),
            [got >= wanted for got, wanted in zip(recalls, RECALLS, strict=True)],
        ),
        ("overlap IoU", ".40", f"{f['overlap_iou']:.3f}", [f["overlap_iou"] >= 0.4]),
        ("chromosomes inside some box", ".995", f"{errors['in_boxes']:.4f}", [errors["in_boxes"] >= 0.995]),
        ("boxes on no chromosome, a slide", "0.2", f"{errors['empty_boxes']:.2f}", [errors["empty_boxes"] <= 0.2]),
        ("expected calibration error", "0.03", f"{f['calibration_error']:.3f}", [f["calibration_error"] <= 0.03]),
        (
            "unflagged masks that are right; share unflagged",
            ".99; .70",
            f"{f['unflagged_right']:.4f}; {f['unflagged_share']:.2f}",
            [f["unflagged_right"] >= 0.99, f["unflagged_share"] >= 0.7],
        ),
    ]
    return [(name, wanted, got, _told(met)) for name, wanted, got, met in rows]


def _told(met: list[bool]) -> str:
    if all(met) or not any(met):
        return "yes" if all(met) else "no"
    return "in part: " + ", ".join("yes" if each else "no" for each in met)


def main(figures: Path, targets: bool = False) -> None:
    """Print Markdown."""
    f = json.loads(figures.read_text(encoding="utf-8"))
    if targets:
        print(f"| measure, {f['split']} split | target | measured | met |\n|---|---|---|---|")
        print("\n".join(f"| {' | '.join(row)} |" for row in targets_table(f)))
        return
    print("| measure | value |\n|---|---|")
    print("\n".join(f"| {' | '.join(row)} |" for row in figures_table(f)))
    print("\n| true chromosomes without a right mask | | wrong masks | |\n|---|---|---|---|")
    losses, extras = f["errors"]["losses"], f["errors"]["extras"]
    for lost, extra in zip_longest(losses.items(), extras.items(), fillvalue=("", "")):
        print(f"| {lost[0]} | {lost[1]} | {extra[0]} | {extra[1]} |")


if __name__ == "__main__":
    typer.run(main)
