from __future__ import annotations

import numpy as np
from karyo_split.segmenter import Segmenter
from karyo_split.segmenter.training.pair_scene import whole
from karyo_split.study.pair_scenes import PairScenes, separate_pair

from ..strategies import AllKnowing

LABELS = np.zeros((88, 88), dtype=np.uint8)
LABELS[20:70, 40:50] = 2
LABELS[40:50, 26:66] = 1
LABELS[40:50, 40:50] = 3


def test_the_study_s_classes_come_back_from_the_seeded_answers() -> None:
    grey = np.array([0, 0.2, 0.4, 0.6], dtype=np.float32)[LABELS]
    classes = separate_pair(Segmenter(AllKnowing()), grey)  # type: ignore[arg-type]
    assert classes.dtype == np.uint8
    assert np.array_equal(classes > 0, LABELS > 0)
    for chromosome in (1, 2):
        ours, truth = whole(classes, chromosome), whole(LABELS, chromosome)
        assert (ours & truth).sum() / (ours | truth).sum() > 0.9


def test_a_pair_is_separated_alike_however_it_lies() -> None:
    grey = np.array([0, 0.2, 0.4, 0.6], dtype=np.float32)[LABELS]
    grey[24:30, 52:58], labels = 0.2, LABELS.copy()
    labels[24:30, 52:58] = 1
    for turns in range(4):
        turned, truth = np.ascontiguousarray(np.rot90(grey, turns)), np.rot90(labels, turns)
        classes = separate_pair(Segmenter(AllKnowing()), turned)  # type: ignore[arg-type]
        for chromosome in (1, 2):
            ours, theirs = whole(classes, chromosome), whole(truth, chromosome)
            assert (ours & theirs).sum() / (ours | theirs).sum() > 0.85


def test_an_image_without_a_pair_is_background() -> None:
    assert not separate_pair(Segmenter(AllKnowing()), np.zeros((88, 88), np.float32)).any()  # type: ignore[arg-type]


def test_scenes_hold_both_chromosomes_whole() -> None:
    scenes = PairScenes(np.array([0, 0.5, 0.6, 1.0])[LABELS][None], LABELS[None])
    fixed = scenes.fixed(0, np.random.default_rng(0))
    assert fixed is not None and fixed.subject == 2
    for number in range(20):
        scene = scenes.draw(np.random.default_rng(number), number)
        assert scene.subject == 2
        assert (scene.instances.sum(axis=0) == 2).sum() > 30
        assert scene.grey[scene.instances.any(axis=0)].mean() > 10 * scene.grey[~scene.instances.any(axis=0)].mean()
