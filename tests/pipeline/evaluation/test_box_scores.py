from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from karyo_split.core.box import Box
from karyo_split.pipeline.evaluation.box_scores import BoxComparison, matched_boxes, score_boxes, usual_air

ROW = [Box(100 * i, 0, 100 * i + 20, 80) for i in range(8)]
LOOSE = [Box(b.x0 - 6, b.y0 - 4, b.x1 + 5, b.y1 + 8) for b in ROW]


def test_loose_truth_is_right_once_its_air_is_added() -> None:
    scores = score_boxes([BoxComparison("a", tuple(LOOSE), tuple(ROW))])
    assert usual_air(LOOSE, ROW) == (6, 4, 5, 8)
    assert (scores.f1_50, scores.f1_75) == (1.0, 1.0)
    assert scores.f1_75_as_drawn == 0.0
    assert scores.exact_counts == 1.0
    assert scores.wrong_scale == ()


def test_masks_of_half_a_chromosome_are_not_taken_for_air() -> None:
    halves = [Box(b.x0, b.y0, b.x1, b.y0 + 40) for b in ROW]
    assert max(usual_air(ROW, halves)) <= 10
    assert score_boxes([BoxComparison("a", tuple(ROW), tuple(halves))]).f1_75 == 0.0


def test_air_is_not_guessed_from_a_few_pairs() -> None:
    assert usual_air(LOOSE[:4], ROW[:4]) == (0, 0, 0, 0)


def test_counts_recall_and_flags() -> None:
    found = [*ROW[:6], Box(600, 200, 620, 280), Box(700, 200, 720, 280)]
    comparison = BoxComparison("a", tuple(ROW), tuple(found), (True,) * 7 + (False,))
    empty = BoxComparison("b", tuple(ROW), ())
    scores = score_boxes([comparison, empty])
    assert scores.f1_50 == pytest.approx(2 * 6 / 24)
    assert scores.count_error == 4.0
    assert scores.exact_counts == 0.5
    assert scores.wrong_scale == ("b",)
    assert scores.recall_50 == {"1": 6 / 16}
    assert (scores.unflagged_share, scores.unflagged_right) == (7 / 8, pytest.approx(6 / 7))


@pytest.mark.parametrize(("of_the_wrong", "precision"), [(0.1, 1.0), (0.9, 8 / 9)])
def test_average_precision_suffers_from_wrong_boxes_that_are_sure(of_the_wrong: float, precision: float) -> None:
    found = (*ROW, Box(600, 200, 620, 280))
    scored = BoxComparison("a", tuple(LOOSE), found, scores=(0.5,) * 8 + (of_the_wrong,))
    assert score_boxes([scored]).ap50 == pytest.approx(precision, abs=0.001)
    assert score_boxes([BoxComparison("a", tuple(LOOSE), found)]).ap50 is None


def test_clusters_are_boxes_that_overlap() -> None:
    truth = (Box(0, 0, 20, 80), Box(10, 30, 90, 50), Box(200, 0, 220, 80))
    scores = score_boxes([BoxComparison("a", truth, truth[:1])])
    assert scores.clusters == {"1": 1, "2": 2}
    assert scores.recall_50 == {"1": 0.0, "2": 0.5}


def test_specks_instead_of_chromosomes_are_a_wrong_scale() -> None:
    specks = tuple(Box(b.x0, b.y0, b.x0 + 5, b.y0 + 5) for b in ROW)
    assert score_boxes([BoxComparison("a", tuple(ROW), specks)]).wrong_scale == ("a",)


def test_an_empty_set_is_refused() -> None:
    with pytest.raises(ValueError, match="no slide"):
        score_boxes([])


boxes = st.lists(
    st.builds(lambda x, y, w, h: Box(x, y, x + w, y + h), *[st.integers(0, 40)] * 2, *[st.integers(1, 30)] * 2),
    max_size=7,
)


@given(boxes, boxes)
def test_matching_is_one_to_one_and_reaches_the_threshold(truth: list[Box], found: list[Box]) -> None:
    pairs = matched_boxes(truth, found, 0.5)
    assert len({t for t, _ in pairs}) == len({f for _, f in pairs}) == len(pairs)
    assert all(truth[t].iou(found[f]) >= 0.5 for t, f in pairs)


@given(boxes)
def test_a_set_matches_itself(truth: list[Box]) -> None:
    assert len(matched_boxes(truth, truth, 1.0)) == len(truth)
