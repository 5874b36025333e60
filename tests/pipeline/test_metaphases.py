from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from karyo_split.core.box import Box
from karyo_split.pipeline.metaphases import group_metaphases
from karyo_split.pipeline.records import Chromosome

SHAPE = (5000, 5000)
LENGTH = 30.0


def chromosome(number: int, row: int, column: int, overlap: int = 0, flags: tuple[str, ...] = ()) -> Chromosome:
    mask = np.ones((30, 8), dtype=bool)
    return Chromosome(number, Box(column, row, column + 8, row + 30), mask, 0.9, 1, 240, overlap, flags)


def spread(first: int, count: int, row: int, column: int) -> list[Chromosome]:
    return [chromosome(first + i, row + 60 * (i // 7), column + 60 * (i % 7)) for i in range(count)]


def test_spreads_are_told_apart_and_numbered_in_reading_order() -> None:
    low, high = spread(1, 46, 2500, 300), spread(47, 40, 200, 2000)
    numbers, metaphases = group_metaphases(low + high, SHAPE, LENGTH, expect=46)
    assert numbers == [2] * 46 + [1] * 40
    assert [m.chromosomes for m in metaphases] == [40, 46]
    assert [m.flags for m in metaphases] == [("count",), ()]
    assert metaphases[0].box_slide == Box(2000, 200, 2000 + 6 * 60 + 8, 200 + 5 * 60 + 30)
    assert all(m.quality == 1 for m in metaphases)


def test_quality_counts_the_chromosomes_without_overlap_or_flag() -> None:
    members = spread(1, 7, 500, 500)
    members += [chromosome(8, 560, 500, overlap=20), chromosome(9, 560, 560, flags=("low_confidence",))]
    members += [chromosome(10, 560, 620, flags=("edge",))]
    _, (metaphase,) = group_metaphases(members, SHAPE, LENGTH)
    assert (metaphase.overlapping, metaphase.low_confidence, metaphase.quality) == (0.1, 0.1, 0.7)
    assert metaphase.flags == ("edge",)
    assert 180 < metaphase.diameter_px < 400


def test_a_few_chromosomes_far_from_all_others_are_stray() -> None:
    members = [*spread(1, 46, 500, 500), *spread(47, 2, 3000, 3000)]
    _, metaphases = group_metaphases(members, SHAPE, LENGTH, expect=46)
    assert [m.flags for m in metaphases] == [(), ("stray",)]


def round_spread(first: int, count: int, row: int, column: int, seed: int, radius: float = 200.0) -> list[Chromosome]:
    rng = np.random.default_rng(seed)
    angles, reach = rng.uniform(0, 2 * np.pi, count), radius * np.sqrt(rng.uniform(0, 1, count))
    places = zip(row + reach * np.sin(angles), column + reach * np.cos(angles), strict=True)
    return [chromosome(first + i, round(y), round(x)) for i, (y, x) in enumerate(places)]


def test_two_spreads_that_touch_are_two() -> None:
    for seed in range(10):
        both = round_spread(1, 46, 1000, 1000, seed) + round_spread(47, 46, 1000, 1420, seed + 100)
        numbers, metaphases = group_metaphases(both, SHAPE, LENGTH, expect=46)
        assert len(metaphases) == 2
        assert min(m.chromosomes for m in metaphases) >= 43
        assert np.mean(np.array(numbers[:46]) == numbers[0]) > 0.9


def test_a_spread_of_a_large_karyotype_is_one() -> None:
    for seed in range(20):
        assert len(group_metaphases(round_spread(1, 78, 1000, 1000, seed), SHAPE, LENGTH)[1]) == 1


def test_three_spreads_in_a_row_are_three() -> None:
    several = [c for i in range(3) for c in round_spread(1 + 46 * i, 46, 1000, 1000 + 420 * i, i)]
    assert len(group_metaphases(several, SHAPE, LENGTH)[1]) == 3


def test_nothing_has_no_metaphase() -> None:
    assert group_metaphases([], SHAPE, LENGTH, expect=46) == ([], ())


@given(st.lists(st.tuples(st.integers(0, 4900), st.integers(0, 4900)), min_size=1, max_size=40), st.randoms())
def test_the_grouping_does_not_depend_on_the_order(places: list[tuple[int, int]], random) -> None:  # type: ignore[no-untyped-def]
    members = [chromosome(i + 1, *place) for i, place in enumerate(places)]
    shuffled = random.sample(members, len(members))
    first, metaphases = group_metaphases(members, SHAPE, LENGTH)
    second, again = group_metaphases(shuffled, SHAPE, LENGTH)
    counts = sorted(m.chromosomes for m in metaphases)
    assert counts == sorted(m.chromosomes for m in again)
    assert sum(counts) == len(places)
    assert together(members, first) == together(shuffled, second)


def together(members: list[Chromosome], numbers: list[int]) -> set[frozenset[int]]:
    """The ids that share a metaphase."""
    return {frozenset(c.id for c, n in zip(members, numbers, strict=True) if n == number) for number in set(numbers)}
