from __future__ import annotations

import numpy as np
import pytest
from karyo_split.core.errors import TruthError, UsageError
from karyo_split.study.pair_split import groups_of, split_pairs
from karyo_split.study.pairs import PairSet

SIZES = {"small": (10, 14), "tested": (10, 32), "tested too": (17, 32), "large": (23, 40)}
"""Rods of 140, 320, 544 and 920 px."""


def pair(first: str, second: str) -> np.ndarray:
    labels = np.zeros((88, 88), dtype=np.uint8)
    rows, columns = SIZES[first]
    labels[2 : 2 + rows, 2 : 2 + columns] = 1
    rows, columns = SIZES[second]
    labels[40 : 40 + rows, 2 : 2 + columns] = 2
    return labels


def pairs(*names: tuple[str, str]) -> PairSet:
    labels = np.stack([pair(*each) for each in names])
    return PairSet(labels * 50, labels, 0)


MIXED = pairs(("small", "large"), ("tested", "tested too"), ("small", "tested"), ("large", "large"))


def test_no_chromosome_is_in_both_parts() -> None:
    training, test = split_pairs(MIXED, "chromosome")
    assert (len(training), len(test)) == (2, 1)
    assert not {*groups_of(training.labels).ravel()} & {*groups_of(test.labels).ravel()}


def test_an_overlap_belongs_to_both_chromosomes() -> None:
    crossed = pair("small", "large")[None].copy()
    whole = groups_of(crossed)
    crossed[0, 2:4, 2:16] = 3  # two rows of the small one now lie on the large one as well
    assert np.array_equal(groups_of(crossed)[0, :1], whole[0, :1])


def test_by_order_the_last_are_tested() -> None:
    training, test = split_pairs(MIXED, "order", 0.25)
    assert np.array_equal(test.labels, MIXED.labels[3:]) and len(training) == 3
    assert [len(part) for part in split_pairs(MIXED, "order", 1.0)] == [0, 4]


def test_what_cannot_be_split_is_refused() -> None:
    with pytest.raises(UsageError, match="unknown split 'area'"):
        split_pairs(MIXED, "area")  # type: ignore[arg-type]
    with pytest.raises(UsageError, match="above 0 and at most 1"):
        split_pairs(MIXED, "order", 1.5)
    with pytest.raises(TruthError, match="a part would be empty"):
        split_pairs(pairs(("small", "large")), "chromosome")
