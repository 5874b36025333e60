from __future__ import annotations

import numpy as np
import pytest
from karyo_split.core.box import Box
from karyo_split.detector import CHROMOSOME, CLUSTER, MEMBER
from karyo_split.pipeline.join_chromatids import join_chromatids
from karyo_split.pipeline.records import PlacedDetection
from karyo_split.pipeline.scoring.candidate import Candidate

from ..strategies import rod


def pair(number: int, second: int = 30) -> list[Candidate]:
    """Two upright rods side by side with a gap between them: the left 30 px long, the right `second`."""
    left, right = rod(100 * number, 10, 30, 8), rod(100 * number, 24, second, 8)
    return [Candidate(left, 0.9, certainty=0.9, seeds=2), Candidate(right, 0.8, certainty=0.8, seeds=3)]


def boxed(number: int, kind: int = CHROMOSOME, score: float = 0.8) -> PlacedDetection:
    return PlacedDetection(Box(9, 100 * number - 1, 33, 100 * number + 31), kind, score)


def lone(number: int) -> Candidate:
    return Candidate(rod(100 * number, 200, 40, 10), 0.9)


def test_where_many_boxes_hold_two_chromatids_they_are_one_chromosome() -> None:
    found = [each for n in range(5) for each in pair(n)] + [lone(n) for n in range(5)]
    joined = join_chromatids(found, [boxed(n) for n in range(5)])
    assert len(joined) == 10
    whole = [c for c in joined if c.seeds == 5]
    assert len(whole) == 5
    assert [c.unresolved for c in joined] == [True] * 5 + [False] * 5
    assert {c.placed.area for c in whole} == {2 * 30 * 8}
    assert {(c.score, c.certainty) for c in whole} == {(0.8, 0.8)}
    assert all(c.expected == pytest.approx(22 * 30 / (24 * 32) * 0.8) for c in whole)


def test_on_such_a_slide_doubtful_boxes_and_members_join_too() -> None:
    found = [each for n in range(7) for each in pair(n)]
    doubtful = [boxed(5, MEMBER), boxed(6, CHROMOSOME, 0.15)]
    assert len(join_chromatids(found, [*(boxed(n) for n in range(5)), *doubtful])) == 7
    assert join_chromatids(found, doubtful) == found


def test_few_such_boxes_prove_nothing() -> None:
    found = pair(0) + [lone(n) for n in range(12)]
    assert join_chromatids(found, [boxed(0)]) == found


def test_a_cluster_s_box_joins_nothing() -> None:
    found = [each for n in range(5) for each in pair(n)]
    assert join_chromatids(found, [boxed(n, CLUSTER) for n in range(5)]) == found


def test_a_box_of_its_own_keeps_a_mask_apart() -> None:
    found = [each for n in range(5) for each in pair(n)]
    own = [PlacedDetection(c.placed.box, CHROMOSOME, 0.9) for c in found]
    assert join_chromatids(found, [*own, *(boxed(n) for n in range(5))]) == found


def test_masks_of_unlike_size_are_no_sisters() -> None:
    found = [each for n in range(5) for each in pair(n, second=12)]
    assert join_chromatids(found, [boxed(n) for n in range(5)]) == found


def test_no_masks_are_none() -> None:
    assert join_chromatids([], [boxed(0)]) == []


def test_the_joined_mask_is_where_both_were() -> None:
    found = pair(0)
    (whole,) = join_chromatids(found, [boxed(0)])
    assert np.array_equal(whole.placed.within(found[0].placed.box), found[0].placed.mask)
    assert np.array_equal(whole.placed.within(found[1].placed.box), found[1].placed.mask)
