from __future__ import annotations

import numpy as np
import pytest
from karyo_split.core.box import Box
from karyo_split.core.mask import PlacedMask
from karyo_split.pipeline.evaluation.comparison import SlideComparison
from karyo_split.pipeline.evaluation.slide_scores import matches, score_slides
from karyo_split.pipeline.scoring.calibration import (
    calibration_error,
    fit_calibration,
    keep_threshold,
    review_threshold,
)


def rod(row: int, column: int, height: int = 40, width: int = 10) -> PlacedMask:
    return PlacedMask(Box(column, row, column + width, row + height), np.ones((height, width), dtype=bool))


TRUTH = (rod(10, 10), rod(10, 20), rod(100, 100), rod(100, 150), rod(120, 140, 10, 40))


def comparison(found: tuple[PlacedMask, ...], scores: tuple[float, ...] | None = None) -> SlideComparison:
    return SlideComparison("s", (200, 220), TRUTH, found, scores or tuple(0.9 for _ in found))


def test_the_truth_itself_is_perfect() -> None:
    scores = score_slides([comparison(TRUTH)])
    assert (scores.ap, scores.ap50, scores.f1_50, scores.f1_75) == (1, 1, 1, 1)
    assert (scores.count_error, scores.overlap_iou) == (0, 1)
    assert scores.recall_50 == {"1": 1, "2": 1}
    assert scores.clusters == {"1": 1, "2": 4}


def test_figures_of_a_worked_example() -> None:
    found = (TRUTH[0], TRUTH[2], rod(100, 152), rod(170, 10))  # two exact, one at IoU 32/48, one wrong
    scores = score_slides([comparison(found, (0.9, 0.8, 0.7, 0.6))])
    assert scores.f1_50 == pytest.approx(2 * 3 / 9)
    assert scores.f1_75 == pytest.approx(2 * 2 / 9)
    assert scores.count_error == 1
    assert scores.recall_50 == {"1": 1, "2": 0.5}
    assert scores.recall_75 == {"1": 1, "2": 0.25}
    assert scores.ap50 == pytest.approx(61 / 101)
    assert scores.overlap_iou == 0


def test_nothing_found_scores_nothing() -> None:
    scores = score_slides([comparison(())])
    assert (scores.ap, scores.f1_50, scores.count_error) == (0, 0, 5)


def test_more_than_a_hundred_chromosomes_are_all_counted() -> None:
    many = tuple(rod(5 * (i // 20), 10 * (i % 20), 4, 9) for i in range(180))
    scores = score_slides([SlideComparison("s", (200, 220), many, many, tuple(0.5 for _ in many))])
    assert (scores.ap, scores.f1_50) == (1, 1)


def test_matches_say_which_masks_are_right() -> None:
    assert matches(comparison((rod(170, 10), TRUTH[0], TRUTH[0]), (0.5, 0.6, 0.9))).tolist() == [False, False, True]


def test_an_empty_set_is_refused() -> None:
    with pytest.raises(ValueError, match="no slide"):
        score_slides([])


def test_calibration_rises_and_makes_scores_shares() -> None:
    rng = np.random.default_rng(0)
    raw = rng.random(6000)
    right = rng.random(6000) < raw**2
    pairs = np.array(fit_calibration(raw[:3000], right[:3000]))
    assert (np.diff(pairs[:, 1]) >= 0).all()
    fitted = np.interp(raw[3000:], pairs[:, 0], pairs[:, 1])
    assert calibration_error(fitted, right[3000:]) < 0.05 < calibration_error(raw[3000:], right[3000:])


def test_the_review_threshold_leaves_one_wrong_in_a_hundred() -> None:
    scores = np.linspace(0, 1, 1000)
    right = scores > 0.3
    threshold = review_threshold(scores, right)
    assert np.mean(~right[scores >= threshold]) <= 0.01
    assert 0.28 < threshold < 0.3
    assert review_threshold(scores, np.zeros(1000, dtype=bool)) == 1.0


def test_scores_without_masks_are_refused() -> None:
    with pytest.raises(ValueError, match="no scores"):
        fit_calibration(np.array([]), np.array([], dtype=bool))


def test_masks_are_kept_from_the_score_with_the_best_f1_of_both_stains_alike() -> None:
    """What one stain gains by leaving its doubtful masks out is weighed against what the other loses."""
    first = np.array([0.9] * 40 + [0.25] * 20), np.array([True] * 40 + [False] * 20)
    second = np.array([0.9] * 60 + [0.25] * 4), np.ones(64, dtype=bool)
    assert 0.25 < keep_threshold([first[0], second[0]], [first[1], second[1]], [40, 64]) <= 0.5
    assert keep_threshold([second[0]], [second[1]], [64]) <= 0.25
    assert keep_threshold([np.array([0.6, 0.7])], [np.array([False, True])], [1]) <= 0.5
