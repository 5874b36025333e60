"""Writes slides and their boxes as ultralytics reads them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from scipy.spatial import ConvexHull, QhullError

from ..core.atomic import write_folder
from ..core.mask import PlacedMask, union
from .detection import CHROMOSOME, CLASS_NAMES, CLUSTER, MEMBER

DATA_FILE = "data.yaml"


@dataclass(frozen=True, eq=False)
class LabelledSlide:
    """A slide as the detector's training sees it."""

    name: str
    """Of its picture and its labels, without ending."""
    grey: NDArray[np.uint8]
    """uint8, shape (rows, columns), normalised."""
    masks: tuple[PlacedMask, ...]
    """The true chromosomes, in slide pixels."""
    clusters: tuple[tuple[int, ...], ...]
    """Indices into `masks`, one tuple per cluster."""


def write_dataset(train: Iterable[LabelledSlide], validation: Iterable[LabelledSlide], folder: Path) -> Path:
    """Write pictures, labels and the data file below `folder`, which is replaced; returns the data file's path.

    A label is the convex hull of what it names, not its box, so that a turned picture gets a tight box again.

    Parameters
    ----------
    train, validation
        Slides of either part.
    folder
        Where pictures and labels go.
    """

    def write(part_folder: Path) -> None:
        for part, slides in (("train", train), ("val", validation)):
            for kind in ("images", "labels"):
                (part_folder / kind / part).mkdir(parents=True, exist_ok=True)
            for number, slide in enumerate(slides):  # slides of several folders may have one name
                name = f"{number:05}-{slide.name}"
                Image.fromarray(slide.grey).convert("RGB").save(part_folder / "images" / part / f"{name}.png")
                lines = "\n".join(label_lines(slide))
                (part_folder / "labels" / part / f"{name}.txt").write_text(lines, encoding="utf-8")
        names = "\n".join(f"  {number}: {name}" for number, name in enumerate(CLASS_NAMES))
        text = f"path: {folder.resolve()}\ntrain: images/train\nval: images/val\nnames:\n{names}\n"
        (part_folder / DATA_FILE).write_text(text, encoding="utf-8")

    write_folder(folder, write)
    return folder / DATA_FILE


def label_lines(slide: LabelledSlide) -> list[str]:
    """One line per lone chromosome, cluster and member: its class and its hull as x y pairs, relative to the slide."""
    rows, columns = slide.grey.shape
    lines = []
    for members in slide.clusters:
        masks = [slide.masks[i] for i in members]
        outlines = [(CHROMOSOME, masks)] if len(masks) == 1 else [(CLUSTER, masks), *((MEMBER, [m]) for m in masks)]
        for kind, several in outlines:
            pairs = " ".join(f"{x / columns:.6f} {y / rows:.6f}" for x, y in hull(several))
            lines.append(f"{kind} {pairs}")
    return lines


def hull(masks: Sequence[PlacedMask]) -> NDArray[np.float64]:
    """The convex hull of some masks, through pixel corners: (n, 2) of x, y in slide pixels."""
    whole = union(masks)
    pixels = np.argwhere(whole.mask)[:, ::-1] + np.array([whole.box.x0, whole.box.y0])
    corners = np.concatenate([pixels + offset for offset in ((0, 0), (0, 1), (1, 0), (1, 1))]).astype(float)
    try:
        return corners[ConvexHull(corners).vertices]
    except QhullError:  # pragma: no cover - four corners of one pixel are never degenerate
        return corners
