from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from karyo_split.core.errors import TruthError
from karyo_split.pipeline.training.prepared_slides import simulated as simulated_slides
from karyo_split.segmenter.training.pair_scene import whole
from karyo_split.segmenter.training.scene import TrainingSlide
from karyo_split.segmenter.training.synthetic_pairs import SyntheticPairs, make_pair
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


def test_slides_that_make_no_pair_are_told(slide: TrainingSlide) -> None:
    dark = replace(slide, image=slide.image * 0)
    with pytest.raises(TruthError, match="--pairs 0"):
        SyntheticPairs([dark]).draw(np.random.default_rng(0), 0)


def test_both_chromosomes_lie_whole_in_the_image(slide: TrainingSlide) -> None:
    long = replace(slide, length_px=slide.length_px / 2)
    for number in range(40):
        pair = make_pair(long, np.random.default_rng(number))
        if pair is not None:
            rows, columns = np.nonzero(pair[1])
            assert max(np.ptp(rows), np.ptp(columns)) < 88
            assert all(ndimage.label(whole(pair[1], c), np.ones((3, 3)))[1] == 1 for c in (1, 2))


def test_scenes_hold_both_chromosomes_whole_and_their_outlines(slide: TrainingSlide) -> None:
    scenes = SyntheticPairs([slide])
    drawn = [scenes.draw(np.random.default_rng(number), number) for number in range(20)]
    assert {scene.subject for scene in drawn} <= {1, 2}
    for scene in drawn:
        assert scene.instances.shape == (2, 88, 88)
        assert not scene.grey[~scene.instances.any(axis=0)].any()
        assert scene.grey[scene.instances.all(axis=0)].mean() > scene.grey[scene.instances.any(axis=0)].mean()
    assert 4 < sum(scene.augmented for scene in drawn) < 14
