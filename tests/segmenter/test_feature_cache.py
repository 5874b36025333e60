"""One look at a crop, and a second, mirrored one: what is asked and answered stays in the crop's own pixels."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from karyo_split.segmenter.conditional import Answers, Features
from karyo_split.segmenter.crops import Frame
from karyo_split.segmenter.feature_cache import FeatureCache
from torch import Tensor

from ..strategies import AllKnowing

FRAME = Frame(0, 0, 88)
SURE = 20.0


class LeftIsMine(AllKnowing):
    """Says of the left half of whatever it sees that it is the seeded chromosome."""

    def answer(self, features: Features, seeds: Tensor) -> Answers:
        logits = torch.zeros(1, seeds.shape[1], 4, 88, 88)
        logits[:, :, 1, :, :44] = SURE
        logits[:, :, 0, :, 44:] = SURE
        return Answers(logits[..., ::2, ::2], logits, torch.zeros(1, seeds.shape[1]))


class OnlyTheSeed(AllKnowing):
    """Says that the seeded chromosome is the pixel under the seed and no other."""

    def answer(self, features: Features, seeds: Tensor) -> Answers:
        logits = torch.zeros(1, seeds.shape[1], 4, 88, 88)
        logits[:, :, 0] = SURE
        for index, (row, column) in enumerate(((seeds[0] + 1) * 44).long().tolist()):
            logits[0, index, :, row, column] = torch.tensor([0, SURE, 0, 0])
        return Answers(logits[..., ::2, ::2], logits, torch.zeros(1, seeds.shape[1]))


def cache_of(network: AllKnowing, image: np.ndarray) -> FeatureCache:
    return FeatureCache(network, image.astype(np.float32), torch.device("cpu"), 4)  # type: ignore[arg-type]


def test_two_looks_are_averaged() -> None:
    cache = cache_of(LeftIsMine(), np.zeros((88, 88)))
    probability, _ = cache.answers([FRAME, FRAME], [(40, 40), (40, 40)], [False, True])
    assert probability[0, 1, :, :44].min() > 0.99
    assert probability[0, 1, :, 44:].max() < 0.01
    assert probability[1, 1].numpy() == pytest.approx(np.full((88, 88), 0.5), abs=0.01)


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 87), st.integers(0, 87))
def test_a_seed_is_asked_at_its_own_pixel_in_both_looks(row: int, column: int) -> None:
    probability, _ = cache_of(OnlyTheSeed(), np.zeros((88, 88))).answers([FRAME], [(row, column)], [True])
    mine = probability[0, 1] > 0.5
    assert mine.sum() == 1
    assert bool(mine[row, column])


def test_a_second_look_of_a_network_that_knows_no_sides_changes_nothing() -> None:
    image = np.zeros((88, 88))
    image[20:60, 30:40], image[36:44, 10:70] = 0.2, 0.4
    image[36:44, 30:40] = 0.6
    seeds = [(22.0, 34.0), (40.0, 12.0)]
    once, _ = cache_of(AllKnowing(), image).answers([FRAME] * 2, seeds)
    twice, quality = cache_of(AllKnowing(), image).answers([FRAME] * 2, seeds, [True, True])
    assert torch.allclose(once, twice, atol=1e-6)
    assert quality.tolist() == pytest.approx([float(torch.tensor(4.0).sigmoid())] * 2)
