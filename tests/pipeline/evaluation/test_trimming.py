from __future__ import annotations

import numpy as np
from karyo_split.core.mask import PlacedMask, iou
from karyo_split.pipeline.evaluation.comparison import SlideComparison
from karyo_split.pipeline.evaluation.slide_scores import score_slides
from karyo_split.pipeline.evaluation.trimming import trim_masks, trimmed

from ...strategies import rod

BODY = rod(20, 20, 60, 12)
LOOSE = rod(14, 14, 72, 24)


def picture() -> np.ndarray:
    image = np.zeros((120, 120), dtype=np.float32)
    image[LOOSE.box.slices] = 0.1
    image[BODY.box.slices] = 0.7
    return image


def test_a_loose_outline_is_trimmed_to_the_body() -> None:
    (kept,) = trim_masks([LOOSE], picture())
    assert iou(kept, BODY) == 1
    assert kept.box == BODY.box


def test_a_comparison_is_right_once_both_are_trimmed() -> None:
    comparison = SlideComparison("s", (120, 120), (LOOSE,), (BODY,), (0.9,))
    assert score_slides([comparison]).f1_75 == 0
    assert score_slides([trimmed(comparison, picture())]).f1_75 == 1


def test_dark_pixels_between_bands_of_one_chromosome_go_but_the_mask_stays_one() -> None:
    image = picture()
    image[45:50, 20:32] = 0.0
    (kept,) = trim_masks([BODY], image)
    assert kept.box == BODY.box
    assert kept.area == BODY.area - 5 * 12


def test_a_mask_on_nothing_stays() -> None:
    (kept,) = trim_masks([BODY], np.zeros((120, 120), np.float32))
    assert isinstance(kept, PlacedMask)
    assert iou(kept, BODY) == 1
