"""Training and test parts of the published pairs: by order, as in the study, or so that they share no chromosome."""

from __future__ import annotations

from typing import Literal, get_args

import numpy as np
from numpy.typing import NDArray

from ..core.errors import TruthError, UsageError
from .pairs import PairSet

Split = Literal["order", "chromosome"]
SPLITS: tuple[Split, ...] = get_args(Split)
TEST_SHARE = 0.2
"""Share of the pairs, at the end of the file, on which the study tested."""
AREA_GAPS = (190, 278, 390, 487, 640, 800)
"""Areas, in px, that none of the set's twelve chromosomes has: they lie near 145, 220 and 250, 300 and 335, 435 and
460, 510, 545 and 590, 690, and 915."""
TEST_GROUPS = (2, 4)
"""Groups between the gaps whose five chromosomes are kept for the test."""


def split_pairs(pairs: PairSet, split: Split = "order", last: float = TEST_SHARE) -> tuple[PairSet, PairSet]:
    """(training, test).

    "order": the last share of the pairs, in the file's order, is the test. The set's twelve chromosomes are in both.
    "chromosome": pairs of the seven chromosomes of some areas to train, of the five others to test; pairs of one of
    each are left out. Areas tell the chromosomes apart only in the published set.

    Parameters
    ----------
    pairs
        All of a file.
    split
        Either "order" or "chromosome".
    last
        Share that is tested where the split is by order.

    Raises
    ------
    UsageError
        For another split or a share outside 0..1.
    TruthError
        Where a part would be empty.
    """
    if split not in SPLITS:
        raise UsageError(f"unknown split {split!r} of pairs: choose one of {', '.join(SPLITS)}")
    if not 0 < last <= 1:
        raise UsageError(f"the last share of the pairs is above 0 and at most 1, not {last}")
    if split == "order":
        parts = pairs.split(last)
    else:
        tested: NDArray[np.bool_] = np.isin(groups_of(pairs.labels), TEST_GROUPS)
        parts = pairs.where(~np.any(tested, axis=1)), pairs.where(np.all(tested, axis=1))
    if not len(parts[1]) or (not len(parts[0]) and split == "chromosome"):
        raise TruthError(f"{len(pairs)} pairs cannot be split by {split}: a part would be empty")
    return parts


def groups_of(labels: NDArray[np.uint8]) -> NDArray[np.intp]:
    """The area group of both chromosomes of each pair: (N, 2), 0..6.

    Parameters
    ----------
    labels
        (N, 88, 88), 0..3.
    """
    areas = np.stack([((labels == c) | (labels == 3)).sum(axis=(1, 2)) for c in (1, 2)], axis=1)
    return np.searchsorted(AREA_GAPS, areas)
