from __future__ import annotations

import numpy as np
from karyo_split.geometry import Box, PlacedMask
from karyo_split.segmenter import Segmenter
from karyo_split.segmenter.pairs import PairScenes, classes_of, separate_pair, whole

from .strategies import AllKnowing

LABELS = np.zeros((88, 88), dtype=np.uint8)
LABELS[20:70, 40:50] = 2
LABELS[40:50, 26:66] = 1
LABELS[40:50, 40:50] = 3


def test_the_study_s_classes_come_back_from_the_seeded_answers() -> None:
    grey = np.array([0, 0.2, 0.4, 0.6], dtype=np.float32)[LABELS]
    classes = separate_pair(Segmenter(AllKnowing()), grey)  # type: ignore[arg-type]
    assert classes.dtype == np.uint8
    for chromosome in (1, 2):
        ours, truth = whole(classes, chromosome), whole(LABELS, chromosome)
        assert (ours & truth).sum() / (ours | truth).sum() > 0.8


def test_two_masks_become_four_classes() -> None:
    window = Box(0, 0, 88, 88)
    masks = [PlacedMask.from_dense(whole(LABELS, c)) for c in (1, 2)]
    assert np.array_equal(classes_of([m for m in masks if m], window), LABELS)
    assert set(np.unique(classes_of([m for m in masks if m][:1], window))) == {0, 2}
    assert not classes_of([], window).any()


def test_scenes_hold_both_chromosomes_whole() -> None:
    scenes = PairScenes(np.array([0, 0.5, 0.6, 1.0])[LABELS][None], LABELS[None])
    fixed = scenes.fixed(0, np.random.default_rng(0))
    assert fixed is not None and fixed.subject == 2
    for number in range(20):
        scene = scenes.draw(np.random.default_rng(number))
        assert scene.subject == 2
        assert (scene.instances.sum(axis=0) == 2).sum() > 30
        assert scene.grey[scene.instances.any(axis=0)].mean() > 10 * scene.grey[~scene.instances.any(axis=0)].mean()
