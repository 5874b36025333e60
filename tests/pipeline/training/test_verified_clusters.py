from __future__ import annotations

import numpy as np
from karyo_split.core.mask import PlacedMask
from karyo_split.pipeline.training.box_truth import BoxTruth, masks_from_boxes
from karyo_split.pipeline.training.training_slides import boxed_training_slide
from karyo_split.pipeline.training.verified_clusters import verified_clusters, without

from ...strategies import rod

LONE = [rod(10, 10 + 40 * i, 60, 14) for i in range(6)]
CROSS = (rod(120, 40, 14, 80), rod(100, 70, 60, 14))
BESIDE = (rod(120, 160, 60, 14), rod(120, 174, 60, 14))
EVERY = (*LONE, *CROSS, *BESIDE)
BOXES = [placed.box.grow(4) for placed in EVERY]


def picture() -> np.ndarray:
    image = np.zeros((220, 300), dtype=np.float32)
    for placed in EVERY:
        image[placed.box.slices] = 0.7
    return image


def truth() -> BoxTruth:
    return masks_from_boxes(picture(), BOXES)


def test_clusters_whose_boxes_match_are_truth() -> None:
    clusters = verified_clusters(BOXES, EVERY, truth())
    assert [list(members) for members in clusters] == [list(CROSS), list(BESIDE)]
    slide = boxed_training_slide(picture(), True, truth(), clusters)
    assert sorted(map(len, slide.clusters)) == [1] * 6 + [2, 2]
    assert slide.ambiguous == frozenset()
    assert slide.absorbing


def test_a_cluster_with_a_wrong_mask_is_not() -> None:
    half = rod(120, 40, 14, 44)
    found: list[PlacedMask] = [*LONE, half, CROSS[1], *BESIDE]
    assert [list(members) for members in verified_clusters(BOXES, found, truth())] == [list(BESIDE)]


def test_a_cluster_in_which_a_chromosome_was_missed_is_not() -> None:
    third = rod(135, 165, 14, 18)
    clusters = verified_clusters([*BOXES, third.box.grow(4)], EVERY, truth())
    assert [list(members) for members in clusters] == [list(CROSS)]


def test_what_is_not_verified_is_never_asked_about() -> None:
    slide = boxed_training_slide(picture(), True, truth())
    assert sorted(map(len, slide.clusters)) == [1] * 6
    assert len(slide.masks) - len(slide.ambiguous) == 6


def test_the_rest_loses_what_is_taken() -> None:
    assert without([CROSS[0]], [CROSS[0]]) == ()
    (left,) = without([CROSS[0]], [rod(120, 40, 14, 40)])
    assert left.box == rod(120, 80, 14, 40).box
