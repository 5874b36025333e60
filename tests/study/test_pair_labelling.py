from __future__ import annotations

import numpy as np
import pytest
from karyo_split.study.pair_labelling import label_two
from numpy.typing import NDArray

TRUTH = np.repeat(np.array([1, 2, 3], dtype=np.uint8), [20, 30, 10])
SWAPPED = np.array([0, 2, 1, 3], dtype=np.uint8)


def answer(labels: NDArray[np.uint8], sure: float = 0.9) -> NDArray[np.float64]:
    """The probabilities of a seed that sees the pair so, (3, pixels)."""
    return np.where(np.arange(1, 4)[:, None] == labels, sure, (1 - sure) / 2)


def same(labels: NDArray[np.uint8], truth: NDArray[np.uint8]) -> bool:
    return np.array_equal(labels, truth) or np.array_equal(labels, SWAPPED[truth])


def test_seeds_of_both_chromosomes_agree_on_one_labelling() -> None:
    assert same(label_two(np.stack([answer(TRUTH), answer(SWAPPED[TRUTH]), answer(TRUTH)])), TRUTH)


@pytest.mark.parametrize("number", range(20))
def test_each_seed_s_own_mistakes_are_outvoted(number: int) -> None:
    rng = np.random.default_rng(number)
    answers = []
    for _ in range(15):
        seen = TRUTH if rng.random() < 0.5 else SWAPPED[TRUTH]
        wrong = rng.random(len(TRUTH)) < 0.1
        answers.append(answer(np.where(wrong, rng.integers(1, 4, len(TRUTH)), seen).astype(np.uint8)))
    assert same(label_two(np.stack(answers)), TRUTH)


def test_one_seed_is_believed() -> None:
    assert same(label_two(answer(TRUTH)[None]), TRUTH)


def test_a_seed_that_is_certain_and_wrong_does_not_outvote_the_others() -> None:
    everything = answer(np.ones_like(TRUTH), 1.0)
    assert same(label_two(np.stack([answer(TRUTH), everything, answer(SWAPPED[TRUTH]), answer(TRUTH)])), TRUTH)


def test_probabilities_need_not_sum_to_one() -> None:
    assert same(label_two(np.stack([answer(TRUTH), answer(SWAPPED[TRUTH])]) * 0.2), TRUTH)
