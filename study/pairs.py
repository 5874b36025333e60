"""The published set of overlapping chromosome pairs: reading, cleaning, cropping.

Source: Hu, Karnowski, Fadely, Pommier: Image segmentation to distinguish between overlapping human chromosomes,
NIPS workshop on machine learning for health, 2017; the 13,434 pairs are by Pommier. An HDF5 file with one dataset
`dataset_1` of shape (N, rows, columns, 2): grey values, and labels 0 background, 1 and 2 the chromosomes' own parts,
3 overlap; stray labels 4 occur.

The study's text and its released code differ in two details. Both are here; the text's is the default.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, get_args

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from ..core.errors import TruthError
from .extra import require

Variant = Literal["text", "code"]
VARIANTS: tuple[Variant, ...] = get_args(Variant)
DATASET = "dataset_1"
SIDE = 88
CLASSES = 4
MAX_STRAY_LABEL = 4
MIN_NEIGHBOURS = 3
"""A chromosome pixel with fewer neighbours of its own label is taken for noise."""
CHUNK_PAIRS = 512


@dataclass(frozen=True, eq=False)
class PairSet:
    """Cleaned pairs."""

    grey: NDArray[np.uint8]
    """uint8, shape (N, 88, 88)."""
    labels: NDArray[np.uint8]
    """uint8, the same shape: 0 background, 1 and 2 the chromosomes' own parts, 3 overlap."""
    clipped: int
    """Grey values of the file that lay outside 0..255."""

    def __len__(self) -> int:
        return len(self.grey)

    def part(self, first: int, end: int) -> PairSet:
        """The pairs first..end - 1."""
        return PairSet(self.grey[first:end], self.labels[first:end], self.clipped)

    def where(self, chosen: NDArray[np.bool_]) -> PairSet:
        """The pairs of which `chosen`, bool (N,), is true."""
        return PairSet(self.grey[chosen], self.labels[chosen], self.clipped)

    def split(self, last: float = 0.2) -> tuple[PairSet, PairSet]:
        """(training, test): the last share of the pairs, in the file's order, is the test, as in the study."""
        boundary = round(len(self) * (1 - last))
        return self.part(0, boundary), self.part(boundary, len(self))


def read_pairs(path: Path, variant: Variant = "text", cleaned: bool = True) -> PairSet:
    """Read, clean and crop a set of pairs.

    Parameters
    ----------
    variant
        Whose details, "text" or "code".
    cleaned
        False leaves the labels as they are, stray ones as overlap.

    Raises
    ------
    TruthError
        Where the file is missing, no HDF5 file, without `dataset_1`, empty, of another shape, or with labels outside
        0..4.
    """
    require("h5py")
    import h5py

    if variant not in VARIANTS:
        raise TruthError(f"unknown variant {variant!r}: choose one of {', '.join(VARIANTS)}")
    if not path.is_file():
        raise TruthError(f"{path} does not exist: name the HDF5 file of the pairs")
    try:
        file = h5py.File(path, "r")
    except OSError as problem:
        raise TruthError(f"{path} is not an HDF5 file: {problem}") from problem
    with file:
        stored = _dataset(path, file)
        grey = np.empty((len(stored), SIDE, SIDE), dtype=np.uint8)
        labels = np.empty_like(grey)
        clipped = 0
        for first in range(0, len(stored), CHUNK_PAIRS):
            try:
                part = np.asarray(stored[first : first + CHUNK_PAIRS])
            except OSError as problem:
                raise TruthError(f"{path} is damaged: {problem}") from problem
            values, classes = part[..., 0], part[..., 1]
            if classes.min() < 0 or classes.max() > MAX_STRAY_LABEL:
                raise TruthError(
                    f"{path} holds labels {classes.min()}..{classes.max()}: allowed are 0 to {MAX_STRAY_LABEL}"
                )
            clipped += int(np.count_nonzero((values < 0) | (values > 255)))
            whole = clean_labels(classes, variant) if cleaned else np.minimum(classes, 3)
            where = slice(first, first + len(part))
            grey[where] = crop(np.clip(values, 0, 255), variant)
            labels[where] = crop(whole, variant)
    return PairSet(grey, labels, clipped)


def clean_labels(labels: NDArray[np.integer], variant: Variant = "text") -> NDArray[np.uint8]:
    """Clean label maps.

    A label above 3 takes the most frequent label of the eight pixels around, the lowest of equals. A pixel of a label
    1..3 with fewer than three neighbours of that label becomes background ("text"), or takes the most frequent label
    around ("code").

    Parameters
    ----------
    labels
        Integers 0..4, shape (..., rows, columns).
    variant
        Whose details, "text" or "code".

    Returns
    -------
    ndarray
        uint8 of the same shape, 0..3.
    """
    around = np.stack([_neighbours(labels == value) for value in range(MAX_STRAY_LABEL + 1)])
    around[MAX_STRAY_LABEL] = 0
    commonest = around[:CLASSES].argmax(axis=0)
    own = np.take_along_axis(around, np.minimum(labels, MAX_STRAY_LABEL)[None].astype(np.intp), axis=0)[0]
    stray = labels >= CLASSES
    lonely = (labels > 0) & ~stray & (own < MIN_NEIGHBOURS)
    out = np.where(stray, commonest, labels)
    return np.where(lonely, commonest if variant == "code" else 0, out).astype(np.uint8)


def crop(images: NDArray[Any], variant: Variant = "text") -> NDArray[Any]:
    """The middle 88 x 88 pixels of (N, rows, columns) images; "code" starts the columns where the rows start.

    Parameters
    ----------
    images
        Shape (N, rows, columns).
    variant
        Whose details, "text" or "code".

    Raises
    ------
    TruthError
        For smaller images.
    """
    rows, columns = images.shape[1:3]
    top = (rows - SIDE) // 2
    left = top if variant == "code" else (columns - SIDE) // 2
    if min(rows, columns) < SIDE or left + SIDE > columns:
        raise TruthError(f"images of {rows} x {columns} px cannot be cropped to {SIDE} x {SIDE}: they must be larger")
    return images[:, top : top + SIDE, left : left + SIDE]


def _neighbours(mask: NDArray[np.bool_]) -> NDArray[np.int8]:
    """How many of the eight pixels around each are true; (..., rows, columns)."""
    kernel = np.ones((3, 3), dtype=np.int8)
    kernel[1, 1] = 0
    flat = mask.reshape(-1, *mask.shape[-2:]).astype(np.int8)
    counted = ndimage.convolve(flat, kernel[None], mode="constant")
    return counted.reshape(mask.shape)


def _dataset(path: Path, file: Any) -> Any:
    if DATASET not in file:
        found = ", ".join(sorted(file)) or "nothing"
        raise TruthError(f"{path} holds {found}, but no {DATASET!r}: is it the set of overlapping pairs?")
    stored = file[DATASET]
    shape = getattr(stored, "shape", None)
    if shape is None or len(shape) != 4 or shape[3] != 2:
        raise TruthError(
            f"{DATASET} of {path} has shape {shape}: expected (N, rows, columns, 2), grey values and labels"
        )
    if shape[0] == 0:
        raise TruthError(f"{DATASET} of {path} is empty")
    if min(shape[1:3]) < SIDE:
        raise TruthError(
            f"{DATASET} of {path} has images of {shape[1]} x {shape[2]} px: at least {SIDE} x {SIDE} are needed"
        )
    return stored
