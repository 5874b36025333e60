"""Plots of figures and of sample answers, as PNG files."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from ..core.atomic import write_atomically
from .extra import require
from .pair_intensities import IntensityAnalysis

if TYPE_CHECKING:
    from matplotlib.figure import Figure

CLASS_COLOURS = ("#000000", "#4c9be8", "#f2a33a", "#e8437f")
"""Background, chromosome 1, chromosome 2, overlap."""
SHOWN = 8


def plot_training(log: Sequence[Mapping[str, float]], path: Path) -> None:
    """Losses, and every figure whose name begins with "iou", against the epochs.

    Parameters
    ----------
    log
        One line per epoch, with "epoch", "loss" and "test_loss".
    """
    figure = _figure(10, 4)
    left, right = figure.subplots(1, 2)
    epochs = [line["epoch"] for line in log]
    for name, label in (("loss", "training"), ("test_loss", "test")):
        left.plot(epochs, [line[name] for line in log], marker=".", label=label)
    for name in [name for name in log[0] if name.startswith("iou")]:
        right.plot(epochs, [line[name] for line in log], marker=".", label=name.removeprefix("iou_").replace("_", " "))
    for axes, title in ((left, "loss"), (right, "IOU, test")):
        axes.set(xlabel="epoch", ylabel=title)
        axes.grid(alpha=0.3)
        axes.legend()
    right.set_ylim(top=1)
    _save(figure, path)


def plot_samples(grey: NDArray[np.uint8], truth: NDArray[np.uint8], found: NDArray[np.uint8], path: Path) -> None:
    """Some images, their true and their found classes, one column each.

    Parameters
    ----------
    grey, truth, found
        (N, 88, 88); the first eight are shown.
    """
    require("matplotlib")
    from matplotlib.colors import ListedColormap

    count = min(SHOWN, len(grey))
    figure = _figure(1.6 * count, 5)
    rows = figure.subplots(3, count, squeeze=False)
    colours = ListedColormap(CLASS_COLOURS)
    for column in range(count):
        rows[0][column].imshow(grey[column], cmap="gray")
        rows[1][column].imshow(truth[column], cmap=colours, vmin=0, vmax=3, interpolation="nearest")
        rows[2][column].imshow(found[column], cmap=colours, vmin=0, vmax=3, interpolation="nearest")
    for row, name in zip(rows, ("image", "truth", "answer"), strict=True):
        row[0].set_ylabel(name)
        for axes in row:
            axes.set(xticks=[], yticks=[])
    _save(figure, path)


def plot_intensities(analysis: IntensityAnalysis, path: Path) -> None:
    """Both histograms, and the IOU of the overlap that each threshold gives."""
    figure = _figure(10, 4)
    left, right = figure.subplots(1, 2)
    for counts, name, colour in (
        (analysis.single, "one chromosome", CLASS_COLOURS[1]),
        (analysis.overlap, "overlap", CLASS_COLOURS[3]),
    ):
        left.fill_between(range(len(counts)), counts / counts.sum(), step="mid", alpha=0.5, label=name, color=colour)
    left.set(xlabel="grey value", ylabel="share of pixels", xlim=(0, 255))
    right.plot(analysis.curve, color=CLASS_COLOURS[3])
    right.set(xlabel="threshold", ylabel="IOU of the overlap", xlim=(0, 255), ylim=(0, 1))
    right.annotate(
        f"best: {analysis.iou:.3f} from {analysis.threshold}",
        (analysis.threshold, analysis.iou),
        xytext=(8, 12),
        textcoords="offset points",
    )
    for axes in (left, right):
        axes.axvline(analysis.threshold, color="black", linewidth=0.8, linestyle=":")
        axes.grid(alpha=0.3)
    left.legend()
    _save(figure, path)


def _figure(width: float, height: float) -> Figure:
    require("matplotlib")
    from matplotlib.figure import Figure

    return Figure(figsize=(width, height), layout="constrained")


def _save(figure: Figure, path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    write_atomically(path, lambda part: figure.savefig(part, dpi=120), check=_opens)


def _opens(path: Path) -> None:
    with Image.open(path) as picture:
        picture.verify()
