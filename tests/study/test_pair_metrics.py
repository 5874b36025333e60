from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from karyo_split.study.pair_metrics import CLASS_NAMES, better_order, score_pairs

LABELS = np.zeros((2, 88, 88), dtype=np.uint8)
LABELS[:, 20:60, 30:40] = 1
LABELS[:, 50:60, 30:70] = 2
LABELS[:, 50:60, 30:40] = 3


def one_hot(classes: np.ndarray) -> np.ndarray:
    return np.stack([classes == c for c in range(4)], axis=1)


def test_the_truth_itself_is_perfect() -> None:
    scores = score_pairs(one_hot(LABELS), LABELS, LABELS)
    assert set(scores.channels.iou.values()) == {1.0}
    assert (scores.whole, scores.mean, scores.interval) == (1.0, 1.0, (1.0, 1.0))
    assert tuple(scores.classes.dice) == CLASS_NAMES


def test_the_wrong_order_costs_the_studys_reading_only() -> None:
    swapped = np.array([0, 2, 1, 3], dtype=np.uint8)[LABELS]
    scores = score_pairs(one_hot(swapped), swapped, LABELS)
    assert scores.channels.iou["chromosome 1"] == scores.channels.iou["chromosome 2"] == 0
    assert scores.classes.iou["chromosome 1"] == scores.whole == 1
    assert np.array_equal(better_order(swapped, LABELS), LABELS)


def test_figures_of_a_worked_example() -> None:
    found = LABELS.copy()
    found[0, 50:60, 30:40] = 1  # the first image's overlap is missed
    scores = score_pairs(one_hot(found), found, LABELS)
    assert scores.channels.iou["overlap"] == pytest.approx(0.5)
    assert scores.channels.iou["chromosome 1"] == pytest.approx(600 / 700)
    assert scores.classes.iou["chromosome 2"] == 1
    assert scores.whole == pytest.approx((1 + 300 / 400 + 1 + 1) / 4)
    assert scores.mean == pytest.approx(((1 + 0.75 + 0) / 3 + 1) / 2)
    assert scores.interval[0] <= scores.mean <= scores.interval[1]


@given(st.integers(0, 2**31))
def test_dice_and_iou_say_the_same(seed: int) -> None:
    rng = np.random.default_rng(seed)
    found, labels = (rng.integers(0, 4, (2, 88, 88)).astype(np.uint8) for _ in range(2))
    scores = score_pairs(one_hot(found), found, labels).channels
    for name in CLASS_NAMES:
        true, answer = labels == CLASS_NAMES.index(name), found == CLASS_NAMES.index(name)
        j, d = scores.iou[name], scores.dice[name]
        assert d == pytest.approx(2 * (true & answer).sum() / (true.sum() + answer.sum()))
        assert j == pytest.approx(d / (2 - d))


def test_answers_of_another_shape_are_refused() -> None:
    with pytest.raises(ValueError, match="do not fit"):
        score_pairs(one_hot(LABELS[:1]), LABELS, LABELS)
    with pytest.raises(ValueError, match="do not fit"):
        score_pairs(one_hot(LABELS[:0]), LABELS[:0], LABELS[:0])
