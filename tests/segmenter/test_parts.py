"""Sister chromatids with a gap between them are one chromosome where the seeds in both say so."""

from __future__ import annotations

import numpy as np
from karyo_split.core.box import Box
from karyo_split.core.mask import PlacedMask, union
from karyo_split.segmenter.components import reached_parts
from karyo_split.segmenter.parts import join_parts
from karyo_split.segmenter.selection import SeedAnswer

from ..strategies import rod

SEEN = Box(0, 0, 100, 100)
LEFT, RIGHT = rod(20, 30, 50, 8), rod(20, 46, 50, 8)


def answer(seed: tuple[int, int], placed: PlacedMask, *parts: PlacedMask) -> SeedAnswer:
    own = union([placed, *parts]).within(SEEN).astype(np.float32)
    return SeedAnswer(seed, SEEN, own, np.zeros_like(own), placed, 0.9, parts)


def test_seeds_that_agree_join_both_chromatids() -> None:
    joined = join_parts([answer((40, 33), LEFT, RIGHT), answer((40, 49), RIGHT, LEFT)])
    for each in joined:
        assert np.array_equal(each.placed.within(SEEN), union([LEFT, RIGHT]).within(SEEN))
        assert each.parts == ()


def test_a_neighbour_that_answers_for_itself_is_not_joined() -> None:
    joined = join_parts([answer((40, 33), LEFT, RIGHT), answer((40, 49), RIGHT)])
    assert [each.placed for each in joined] == [LEFT, RIGHT]


def test_a_part_that_nobody_was_asked_in_is_not_joined() -> None:
    (alone,) = join_parts([answer((40, 33), LEFT, RIGHT)])
    assert alone.placed is LEFT


def test_a_minority_does_not_join() -> None:
    others = [answer((row, 49), RIGHT) for row in (30, 60)]
    joined = join_parts([answer((40, 33), LEFT, RIGHT), answer((45, 49), RIGHT, LEFT), *others])
    assert joined[0].placed is LEFT


def test_pieces_of_a_fair_size_may_be_parts_and_specks_may_not() -> None:
    probability = np.zeros((100, 100), dtype=np.float32)
    for placed in (LEFT, RIGHT, rod(80, 80, 4, 4)):
        probability[placed.box.slices] = 0.9
    piece, others = reached_parts(probability, (40, 33), 0.5, 0.2)
    assert np.array_equal(piece, LEFT.within(SEEN))
    (other,) = others
    assert np.array_equal(other, RIGHT.within(SEEN))


def test_a_part_at_the_edge_of_what_was_seen_is_cut() -> None:
    seen = Box(0, 0, 50, 100)
    own = np.zeros((100, 50), dtype=np.float32)
    whole = SeedAnswer((40, 33), seen, own, own, LEFT, 0.9)
    cut = SeedAnswer((40, 33), seen, own, own, LEFT, 0.9, (rod(20, 46, 50, 4),))
    assert not whole.is_cut((100, 200))
    assert cut.is_cut((100, 200))
    assert cut.extent == Box(30, 20, 50, 70)
