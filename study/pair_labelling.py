"""Two chromosomes and no third: the labelling of a pair that serves the answers of all seeds best.

A slide's cluster may hold any number of chromosomes, so its seeds are decoded each for itself (see
`segmenter.selection`). Where it is known that there are two, every pixel of the pair is first only, second only or
both, and a seed's answer says the same of every pixel, up to which of the two is its own. So the labelling is found
that all answers together make likeliest: start from each two answers in turn, keep the start that all seeds find
likeliest, then share the seeds out between the chromosomes and label anew (as k-means does; Lloyd: Least squares
quantization in PCM, 1982).
"""

from __future__ import annotations

from itertools import combinations_with_replacement

import numpy as np
from numpy.typing import NDArray

SURE = 0.01
"""Added to each probability: one seed's certainty must not outvote all the others."""
FOR_BOTH = 0.15
"""Added to each seed's log probability of "both": an answer misses a crossing more often than it invents one."""
ROUNDS = 3
OTHERS_VIEW = (1, 0, 2)


def label_two(answers: NDArray[np.floating]) -> NDArray[np.uint8]:
    """The likeliest labelling of a pair.

    Parameters
    ----------
    answers
        Float, shape (seeds, 3, pixels), at least one seed: probabilities that a pixel is the seeded chromosome's alone,
        the other's alone, or both's. They need not sum to 1.

    Returns
    -------
    ndarray
        uint8, shape (pixels,): 1 and 2 the chromosomes' own parts, in no certain order, 3 the overlap.
    """
    kept = answers.astype(np.float32) + SURE
    own = np.log(kept / kept.sum(axis=1, keepdims=True))
    own[:, 2] += FOR_BOTH
    other = own[:, OTHERS_VIEW]
    best, worth = np.zeros(own.shape[2], dtype=np.intp), -np.inf
    for first, second in combinations_with_replacement(range(len(own)), 2):
        labels = np.argmax(own[first] + other[second], axis=0)
        served = np.maximum(_support(own, labels), _support(other, labels)).sum()
        if served > worth:
            best, worth = labels, served
    for _ in range(ROUNDS):
        of_first = _support(own, best) >= _support(other, best)
        best = np.argmax(own[of_first].sum(axis=0) + other[~of_first].sum(axis=0), axis=0)
    return (best + 1).astype(np.uint8)


def _support(views: NDArray[np.float32], labels: NDArray[np.intp]) -> NDArray[np.float32]:
    """How likely each seed finds a labelling: (seeds,)."""
    return np.take_along_axis(views, labels[None, None], axis=1)[:, 0].sum(axis=1)
