from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from karyo_split.pipeline.training.prepared_slides import simulated as simulated_slides
from karyo_split.segmenter.training.scene import TrainingSlide
from karyo_split.study.pair_scenes import PairScenes, whole
from karyo_split.study.synthetic_pairs import make_pair
from scipy import ndimage


@pytest.fixture(scope="module")
def slide() -> TrainingSlide:
    (drawn,) = simulated_slides(1, 50)
    return TrainingSlide(drawn.image, drawn.masks, drawn.clusters, drawn.length_px)


def test_a_made_pair_looks_like_one_of_the_published_set(slide: TrainingSlide) -> None:
    made = 0
    for number in range(30):
        pair = make_pair(slide, np.random.default_rng(number))
        if pair is None:
            continue
        made += 1
        grey, labels = pair
        assert grey.shape == labels.shape == (88, 88)
        assert grey.dtype == labels.dtype == np.uint8
        assert set(np.unique(labels)) >= {0, 3}
        assert not grey[labels == 0].any()
        assert ndimage.label(labels, np.ones((3, 3)))[1] < 4
        areas = [np.count_nonzero(whole(labels, chromosome)) for chromosome in (1, 2)]
        assert np.count_nonzero(labels == 3) < min(areas)
    assert made > 20


def test_where_two_lie_on_each_other_their_grey_values_add_up(slide: TrainingSlide) -> None:
    single, shared = [], []
    for number in range(30):
        pair = make_pair(slide, np.random.default_rng(number))
        if pair is not None:
            grey, labels = pair
            single.extend(grey[(labels == 1) | (labels == 2)])
            shared.extend(grey[labels == 3])
    assert 1.5 < np.mean(shared) / np.mean(single) < 2.5


def test_the_same_generator_makes_the_same_pair(slide: TrainingSlide) -> None:
    first, again = (make_pair(slide, np.random.default_rng(3)) for _ in range(2))
    assert first is not None and again is not None
    assert all(np.array_equal(a, b) for a, b in zip(first, again, strict=True))


def test_scenes_mix_pairs_of_the_set_with_made_ones(slide: TrainingSlide) -> None:
    labels = np.zeros((1, 88, 88), dtype=np.uint8)
    labels[0, 40:48, 20:60], labels[0, 30:60, 36:44] = 1, 2
    labels[0, 40:48, 36:44] = 3
    scenes = PairScenes(np.array([0, 0.5, 0.6, 1.0])[labels], labels, [slide])
    drawn = [scenes.draw(np.random.default_rng(n), n) for n in range(40)]
    assert {scene.subject for scene in drawn} <= {1, 2}
    of_the_set = sum(len(np.unique(scene.grey.round(1))) <= 12 for scene in drawn)
    assert 10 < of_the_set < 36
    fixed = replace(scenes, slides=()).fixed(0, np.random.default_rng(0))
    assert fixed is not None and fixed.subject == 2
