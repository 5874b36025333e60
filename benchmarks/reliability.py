"""Draws the reliability diagram of an evaluation.

karyo-split evaluate slides MFISH --split test --out test.json
python benchmarks/reliability.py test.json docs/reliability.png
"""

from __future__ import annotations

import json
from pathlib import Path

import matplotlib
import typer

matplotlib.use("Agg")
from matplotlib import pyplot


def main(figures: Path, out: Path) -> None:
    """Score against share right, a dot per bin, its area by the number of masks."""
    values = json.loads(figures.read_text(encoding="utf-8"))
    bins = values["reliability"]
    drawing, axes = pyplot.subplots(figsize=(4.6, 4.6), layout="constrained")
    axes.plot([0, 1], [0, 1], color="0.6", linewidth=1)
    axes.plot([b["score"] for b in bins], [b["right"] for b in bins], color="tab:blue", linewidth=1)
    axes.scatter([b["score"] for b in bins], [b["right"] for b in bins], s=[10 + b["masks"] / 3 for b in bins])
    for b in bins:
        axes.annotate(
            str(b["masks"]), (b["score"], b["right"]), textcoords="offset points", xytext=(6, -12), fontsize=8
        )
    axes.set(xlabel="score", ylabel="share with IoU ≥ 0.5", xlim=(0, 1.02), ylim=(0, 1.02), aspect="equal")
    axes.set_title(f"{values['split']}: expected calibration error {values['calibration_error']:.3f}", fontsize=10)
    drawing.savefig(out, dpi=130)


if __name__ == "__main__":
    typer.run(main)
