"""Which answers become chromosomes: joined where they belong together, apart where they do not."""

from __future__ import annotations

import numpy as np
import pytest
from karyo_split.core.box import Box
from karyo_split.core.mask import PlacedMask, iou
from karyo_split.segmenter import DecodingSettings, ExpectedBox
from karyo_split.segmenter.components import reached_parts
from karyo_split.segmenter.selection import SeedAnswer, Separated, select_masks
from numpy.typing import NDArray

SHAPE = (100, 100)
SEEN = Box(0, 0, 100, 100)
LENGTH = 40.0


def painted(*rods: tuple[int, int, int, int]) -> NDArray[np.bool_]:
    """Rods as (row, column, height, width) in one mask."""
    mask = np.zeros(SHAPE, dtype=bool)
    for row, column, height, width in rods:
        mask[row : row + height, column : column + width] = True
    return mask


def answer(mask: NDArray[np.bool_], seed: tuple[int, int], sure: float = 0.9) -> SeedAnswer:
    placed = PlacedMask.from_dense(mask)
    assert placed is not None
    own = np.where(mask, sure, 0.02).astype(np.float32)
    return SeedAnswer(seed, SEEN, own, np.where(CROSSING, sure, 0.0).astype(np.float32), placed, sure)


def chosen(*answers: SeedAnswer) -> list[Separated]:
    return select_masks(answers, DecodingSettings(), LENGTH)


CROSSING = painted((45, 40, 10, 10))
WHOLE = painted((20, 40, 50, 10))
UPPER = painted((20, 40, 24, 10))


def test_one_seed_that_saw_a_part_does_not_split_a_chromosome() -> None:
    found = chosen(*(answer(WHOLE, (row, 45)) for row in (28, 40, 52, 64)), answer(UPPER, (24, 45)))
    assert len(found) == 1
    assert np.array_equal(found[0].placed.within(SEEN), WHOLE)
    assert (found[0].seeds, found[0].support) == (5, 4.5 / 6)


def test_two_parallel_touching_chromosomes_are_two() -> None:
    left, right = painted((20, 40, 50, 10)), painted((20, 50, 50, 10))
    found = chosen(*(answer(m, (row, c)) for m, c in ((left, 45), (right, 55)) for row in (30, 45, 60)))
    assert len(found) == 2
    assert {int(s.placed.box.x0) for s in found} == {40, 50}


def test_two_crossing_chromosomes_share_their_overlap() -> None:
    upright, flat = painted((20, 40, 60, 10)), painted((45, 15, 10, 60))
    found = chosen(
        *(answer(upright, (row, 45)) for row in (25, 35, 70)), *(answer(flat, (50, column)) for column in (20, 30, 70))
    )
    assert sorted(s.placed.area for s in found) == [600, 600]


def test_neighbours_that_both_claim_their_border_share_none_of_it() -> None:
    left, right = painted((20, 40, 30, 11)), painted((20, 50, 30, 10))
    found = chosen(*(answer(m, (row, c)) for m, c in ((left, 44), (right, 56)) for row in (25, 35, 42)))
    dense = [s.placed.within(SEEN) for s in found]
    assert len(dense) == 2
    assert not (dense[0] & dense[1]).any()
    assert np.array_equal(dense[0] | dense[1], left | right)


def test_a_folded_chromosome_that_all_seeds_see_whole_is_one() -> None:
    folded = painted((20, 30, 50, 10), (60, 30, 10, 30), (20, 50, 50, 10))
    assert len(chosen(*(answer(folded, seed) for seed in ((30, 35), (55, 35), (65, 45), (30, 55))))) == 1


def test_the_crossing_alone_is_no_chromosome() -> None:
    upright, flat = painted((20, 40, 60, 10)), painted((45, 15, 10, 60))
    crossing = painted((42, 37, 16, 16)) & (upright | flat)
    seeds = [answer(upright, (25, 45)), answer(upright, (70, 45)), answer(flat, (50, 20)), answer(flat, (50, 70))]
    found = chosen(*seeds, answer(crossing, (50, 45)))
    assert all(max(iou(s.placed, a.placed) for a in seeds) > 0.9 for s in found)
    assert len(found) == 2


def test_answers_that_agree_are_averaged() -> None:
    wide, narrow = painted((20, 40, 50, 12)), painted((20, 40, 50, 10))
    (found,) = chosen(answer(wide, (30, 45), 0.6), answer(narrow, (45, 45), 0.9), answer(narrow, (60, 45), 0.9))
    assert np.array_equal(found.placed.within(SEEN), narrow)


def test_a_chromosome_cut_in_two_by_another_is_one() -> None:
    probability = np.where(WHOLE, 0.9, 0.02).astype(np.float32)
    probability[43:47, 40:50] = 0.4
    mask, _ = reached_parts(probability, (25, 45), 0.5, 0.3)
    assert mask[25, 45] and mask[65, 45] and not mask[45, 45]
    assert not reached_parts(probability, (25, 45), 0.5, 0.45)[0][65, 45]


def test_no_answers_are_no_chromosomes() -> None:
    assert chosen() == []


def test_a_fragment_that_no_expected_box_supports_is_dropped() -> None:
    seeds = [answer(WHOLE, (row, 45)) for row in (28, 40, 52, 64)]
    fragment = answer(painted((20, 60, 24, 10)), (24, 65))
    expected = [ExpectedBox(seeds[0].placed.box, 0.9)]
    assert len(select_masks([*seeds, fragment], DecodingSettings(), LENGTH)) == 2
    (found,) = select_masks([*seeds, fragment], DecodingSettings(), LENGTH, expected)
    assert found.expected == pytest.approx(0.9)


def test_an_expected_box_saves_a_mask_that_one_seed_found() -> None:
    seeds = [answer(WHOLE, (row, 45), 0.9) for row in (28, 40, 52, 64)]
    doubted = answer(painted((20, 60, 24, 10)), (24, 65), 0.3)
    expected = [ExpectedBox(a.placed.box, 0.8) for a in (seeds[0], doubted)]
    assert len(select_masks([*seeds, doubted], DecodingSettings(), LENGTH)) == 1
    assert len(select_masks([*seeds, doubted], DecodingSettings(), LENGTH, expected)) == 2
