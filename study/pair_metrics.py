"""Figures of the published study of overlapping pairs, by its own reading and by one that does not favour an order.

IOU (Jaccard's J) and Dice's D of a class are pooled: the pixels of all images are counted together. They are the same
figure in two scales: D = 2 J / (1 + J) and J = D / (2 - D).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.stats import bootstrap

from ..segmenter.training.pair_scene import whole

CLASS_NAMES = ("background", "chromosome 1", "chromosome 2", "overlap")
BOOTSTRAPS, BOOTSTRAPS_AT_ONCE = 1000, 50
CONFIDENCE = 0.95


@dataclass(frozen=True)
class ClassScores:
    """One figure per class, by name: background, chromosome 1, chromosome 2, overlap; 0..1."""

    iou: dict[str, float]
    dice: dict[str, float]


@dataclass(frozen=True)
class PairScores:
    """Figures of a set of pairs."""

    pairs: int
    """How many there are."""
    channels: ClassScores
    """By the study's reading: each output channel rounded on its own, classes 1 and 2 fixed."""
    classes: ClassScores
    """By the likeliest class, in the better of the two orders of each image."""
    whole: float
    """Mean IOU of whole chromosomes (own part plus overlap), in the same order."""
    mean: float
    """Mean over images of the mean IOU of both whole chromosomes and the overlap."""
    interval: tuple[float, float]
    """Its 95 % bootstrap interval over images."""


def score_pairs(channels: NDArray[np.bool_], classes: NDArray[np.uint8], labels: NDArray[np.uint8]) -> PairScores:
    """Score answers.

    Parameters
    ----------
    channels
        bool, (N, 4, 88, 88), which pixels belong to each class; they need not exclude each other.
    classes
        uint8, (N, 88, 88), the likeliest class.
    labels
        uint8, (N, 88, 88), the truth.

    Raises
    ------
    ValueError
        For an empty set or shapes that differ.
    """
    if not len(labels) or classes.shape != labels.shape or channels.shape != (len(labels), 4, *labels.shape[1:]):
        raise ValueError(f"answers of {channels.shape} and {classes.shape} do not fit labels of {labels.shape}")
    ordered = better_order(classes, labels)
    every = np.stack([_iou(whole(ordered, c), whole(labels, c)) for c in (1, 2)], axis=1)
    overlap = _iou(ordered == 3, labels == 3)
    per_image = np.concatenate([every, overlap[:, None]], axis=1).mean(axis=1)
    return PairScores(
        pairs=len(labels),
        channels=pooled(channels, labels),
        classes=pooled(one_hot(ordered), labels),
        whole=float(every.mean()),
        mean=float(per_image.mean()),
        interval=_interval(per_image),
    )


def _interval(values: NDArray[np.float64]) -> tuple[float, float]:
    """The bootstrap interval of a mean; of one value that value."""
    if len(values) < 2:
        return float(values[0]), float(values[0])
    interval = bootstrap(
        (values,),
        np.mean,
        n_resamples=BOOTSTRAPS,
        batch=BOOTSTRAPS_AT_ONCE,
        confidence_level=CONFIDENCE,
        method="percentile",
        random_state=np.random.default_rng(0),
    ).confidence_interval
    return float(interval.low), float(interval.high)


def pooled(found: NDArray[np.bool_], labels: NDArray[np.uint8]) -> ClassScores:
    """IOU and Dice of each class over all pixels of all images.

    Parameters
    ----------
    found
        bool, (N, 4, 88, 88), which pixels belong to each class.
    """
    iou = dict(zip(CLASS_NAMES, iou_of_all(found, labels), strict=True))
    return ClassScores(iou, {name: dice_of(value) for name, value in iou.items()})


def iou_of_all(found: NDArray[np.bool_], labels: NDArray[np.uint8]) -> list[float]:
    """Pooled IOU of each class, 1 where neither has it.

    Parameters
    ----------
    found
        bool, (N, classes, 88, 88), which pixels belong to each.
    labels
        (N, 88, 88).
    """
    ious = []
    for value in range(found.shape[1]):
        true, answer = labels == value, found[:, value]
        either = int(np.count_nonzero(true | answer))
        ious.append(int(np.count_nonzero(true & answer)) / either if either else 1.0)
    return ious


def dice_of(iou: float) -> float:
    """Dice's D of a Jaccard index J: D = 2 J / (1 + J)."""
    return 2 * iou / (1 + iou)


def one_hot(classes: NDArray[np.uint8]) -> NDArray[np.bool_]:
    """Classes 0..3, (N, 88, 88), as bool (N, 4, 88, 88)."""
    return np.stack([classes == value for value in range(len(CLASS_NAMES))], axis=1)


def better_order(classes: NDArray[np.uint8], labels: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """The answers with classes 1 and 2 exchanged in the images where that agrees with more of the truth's pixels."""
    swapped = np.array([0, 2, 1, 3], dtype=np.uint8)[classes]
    foreground = labels > 0
    plain = ((classes == labels) & foreground).sum(axis=(1, 2))
    other = ((swapped == labels) & foreground).sum(axis=(1, 2))
    return np.where((other > plain)[:, None, None], swapped, classes)


def _iou(a: NDArray[np.bool_], b: NDArray[np.bool_]) -> NDArray[np.float64]:
    """IOU of each image; 1 where both are empty."""
    shared = (a & b).sum(axis=(1, 2))
    either = (a | b).sum(axis=(1, 2))
    return np.where(either > 0, shared / np.maximum(either, 1), 1.0)
