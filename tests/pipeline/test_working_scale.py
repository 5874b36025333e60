"""Which zoom a slide is searched at, from what each zoom shows."""

from __future__ import annotations

from collections.abc import Mapping

import pytest
from karyo_split.core.box import Box
from karyo_split.detector import CHROMOSOME, MEMBER
from karyo_split.pipeline.records import PlacedDetection
from karyo_split.pipeline.working_scale import ENOUGH, ZOOMS, View, choose_zoom, typical_length, zoom_for

_, SMALLER, SMALLEST = ZOOMS


def boxes(count: int, length: int, score: float = 0.8, kind: int = CHROMOSOME) -> list[PlacedDetection]:
    return [PlacedDetection(Box(60 * i, 0, 60 * i + length, max(1, length // 3)), kind, score) for i in range(count)]


def chosen(views: Mapping[float, list[PlacedDetection]]) -> float:
    looked_at = []

    def look(zoom: float) -> View:
        looked_at.append(zoom)
        return View(zoom, views.get(zoom, []), (), 1.0)

    zoom = choose_zoom(look)
    assert zoom in looked_at
    return zoom


def test_chromosomes_of_the_working_length_need_no_other_zoom() -> None:
    assert chosen({1.0: boxes(30, 35)}) == 1.0


def test_specks_do_not_outweigh_chromosomes_on_a_large_slide() -> None:
    assert chosen({1.0: boxes(60, 14, 0.4), SMALLER: boxes(30, 90)}) == SMALLER


def test_nuclei_do_not_outweigh_small_chromosomes() -> None:
    assert chosen({SMALLEST: boxes(4, 200, 0.4), SMALLER: boxes(5, 80, 0.5), 2.5: boxes(30, 14)}) == 2.5


def test_a_dozen_sure_nuclei_do_not_outweigh_a_spread() -> None:
    """Nuclei are several times as long as chromosomes, and fewer."""
    assert chosen({1.0: boxes(40, 28, 0.6), SMALLER: boxes(12, 140, 0.7)}) == 1.0


def test_a_spread_taken_for_one_chromosome_is_no_evidence() -> None:
    assert chosen({1.0: boxes(20, 20, 0.7), SMALLEST: boxes(1, 300, 0.9)}) == 1.0


@pytest.mark.parametrize(
    ("length", "zoom"), [(35, 1.0), (70, 0.5), (250, 9 / 64), (20000, 1 / 64), (12, 187 / 64), (2, 4.0)]
)
def test_the_zoom_for_a_length_is_a_whole_number_of_steps(length: float, zoom: float) -> None:
    assert zoom_for(length, 4.0) == zoom


def test_nothing_anywhere_leaves_the_slides_own_scale() -> None:
    assert chosen({}) == 1.0


def test_what_only_a_part_of_a_slide_shows_counts_for_the_whole() -> None:
    half, whole = View(1.0, boxes(20, 35), (), 0.5), View(1.0, boxes(40, 35), (), 1.0)
    assert half.evidence == pytest.approx(whole.evidence)


def test_where_few_chromosomes_are_alone_the_members_are_measured_too() -> None:
    lone = boxes(3, 20)
    members = boxes(20, 40, kind=MEMBER)
    assert typical_length(lone, members) == 40
    assert typical_length(boxes(ENOUGH, 20), members) == 20
    assert typical_length(boxes(2, 20)) is None
