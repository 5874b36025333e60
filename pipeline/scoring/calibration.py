"""Turns raw scores into the share of masks that are right.

Method: isotonic regression (Zadrozny and Elkan, KDD 2002), on slides that neither training nor test saw.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import isotonic_regression

KNOTS = 24
MAX_WRONG_SHARE = 0.01
"""Share of unflagged masks that may be wrong on the calibration slides."""
MAX_KEPT_FROM = 0.5
"""A mask that is more likely right than wrong is never left out."""


def fit_calibration(raw: NDArray[np.float64], right: NDArray[np.bool_]) -> tuple[tuple[float, float], ...]:
    """Rising (raw, calibrated) pairs from raw scores and whether each mask was right.

    The scores are grouped into bins of equal count first, so that single masks do not make steps; one right and one
    wrong mask are added to each bin, so that no bin claims certainty.

    Parameters
    ----------
    raw
        float64, shape (N,): raw scores, 0..1.
    right
        bool, shape (N,): whether each mask was right.

    Raises
    ------
    ValueError
        Where there are no scores.
    """
    if raw.size == 0:
        raise ValueError("no scores to calibrate with")
    order = np.argsort(raw, kind="stable")
    bins = [part for part in np.array_split(order, min(KNOTS, max(1, raw.size // 10))) if part.size]
    centres = np.array([raw[part].mean() for part in bins])
    shares = np.array([(right[part].sum() + 1) / (part.size + 2) for part in bins])
    rising = isotonic_regression(shares, weights=np.array([float(p.size) for p in bins])).x
    return tuple((round(float(x), 5), round(float(y), 5)) for x, y in zip(centres, rising, strict=True))


def review_threshold(calibrated: NDArray[np.float64], right: NDArray[np.bool_]) -> float:
    """The lowest score such that the masks at or above it are wrong in at most 1 % of the cases.

    1.0 where there is none: then every mask is flagged.

    Parameters
    ----------
    calibrated
        float64, shape (N,): calibrated scores, 0..1.
    right
        bool, shape (N,): whether each mask was right.
    """
    for threshold in np.unique(calibrated):
        above = calibrated >= threshold
        if np.mean(~right[above]) <= MAX_WRONG_SHARE:
            return round(float(threshold), 5)
    return 1.0


def keep_threshold(
    scores: Sequence[NDArray[np.float64]], right: Sequence[NDArray[np.bool_]], true: Sequence[int]
) -> float:
    """The score from which keeping masks gives the best F1, each kind of slide counting alike.

    Parameters
    ----------
    scores
        For each kind of slide, float64, shape (N,): calibrated scores of its masks, 0..1.
    right
        For each, bool, shape (N,): whether each mask was right.
    true
        For each, how many true chromosomes its slides have.
    """

    def mean_f1(threshold: float) -> float:
        kept = [s >= threshold for s in scores]
        f1 = [2 * np.sum(r[k]) / (np.sum(k) + n) for k, r, n in zip(kept, right, true, strict=True)]
        return float(np.mean(f1))

    return max((round(float(t), 2) for t in np.arange(0.1, MAX_KEPT_FROM + 0.01, 0.02)), key=lambda t: (mean_f1(t), -t))


@dataclass(frozen=True)
class Reliability:
    """One bin of a reliability diagram."""

    score: float
    """Mean score of its masks, 0..1."""
    right: float
    """Share of its masks that is right, 0..1."""
    masks: int
    """How many masks it has."""


def reliability(scores: NDArray[np.float64], right: NDArray[np.bool_], bins: int = 10) -> list[Reliability]:
    """Masks by score, in bins of equal width; empty bins are left out.

    Parameters
    ----------
    scores
        float64, shape (N,): 0..1.
    right
        bool, shape (N,): whether each mask was right.
    bins
        How many.
    """
    which = np.minimum((scores * bins).astype(int), bins - 1)
    return [
        Reliability(float(scores[which == b].mean()), float(right[which == b].mean()), int(np.sum(which == b)))
        for b in range(bins)
        if np.any(which == b)
    ]


def calibration_error(scores: NDArray[np.float64], right: NDArray[np.bool_], bins: int = 10) -> float:
    """Expected calibration error: the mean gap between score and share right, over bins of equal width.

    Parameters
    ----------
    scores
        float64, shape (N,): 0..1.
    right
        bool, shape (N,): whether each mask was right.
    bins
        How many.

    References
    ----------
    Guo et al., On Calibration of Modern Neural Networks, ICML 2017.
    """
    if scores.size == 0:
        return 0.0
    return float(sum(b.masks * abs(b.score - b.right) for b in reliability(scores, right, bins)) / scores.size)
