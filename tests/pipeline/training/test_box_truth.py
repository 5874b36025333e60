from __future__ import annotations

import numpy as np
from karyo_split.core.box import Box
from karyo_split.core.mask import PlacedMask, iou
from karyo_split.datasets.simulate import SlideRecipe, simulate_slide
from karyo_split.pipeline.slide.slide import to_grey
from karyo_split.pipeline.training.box_truth import masks_from_boxes
from karyo_split.pipeline.training.prepared_slides import prepared

from ...strategies import rod


def picture(*rods: PlacedMask, shape: tuple[int, int] = (220, 300)) -> np.ndarray:
    image = np.zeros(shape, dtype=np.float32)
    for placed in rods:
        image[placed.box.slices][placed.mask] = 0.7
    return image


def loose(placed: PlacedMask, air: int = 4) -> Box:
    return placed.box.grow(air)


LONE = [rod(10, 10 + 40 * i, 60, 14) for i in range(6)]
CROSS = (rod(120, 40, 14, 80), rod(100, 70, 60, 14))


def test_lone_rods_are_exact_and_a_cross_is_not_taken_for_one() -> None:
    truth = masks_from_boxes(picture(*LONE, *CROSS), [loose(m) for m in (*LONE, *CROSS)])
    assert truth.lone_boxes == tuple(range(6))
    assert all(iou(found, true) == 1 for found, true in zip(truth.lone, LONE, strict=True))
    (rest,) = truth.rest
    assert iou(rest, PlacedMask.from_dense(picture(*CROSS) > 0)) > 0.95  # type: ignore[arg-type]
    assert sorted(map(len, truth.clusters)) == [1] * 6 + [2]


def test_holes_of_pale_bands_are_filled_but_not_a_ring() -> None:
    image = picture(*LONE)
    image[30:34, 14:20] = 0.1
    truth = masks_from_boxes(image, [loose(m) for m in LONE])
    assert iou(truth.lone[0], LONE[0]) == 1


def test_a_chromosome_whose_end_is_cut_off_is_left_out() -> None:
    image = picture(*LONE)
    image[10:30, 10:24] = 0.1
    truth = masks_from_boxes(image, [loose(m) for m in LONE])
    assert 0 not in truth.lone_boxes
    assert len(truth.lone) == 5


def test_what_lies_in_no_box_is_nothing() -> None:
    nucleus = rod(150, 200, 60, 60)
    truth = masks_from_boxes(picture(*LONE, nucleus), [loose(m) for m in LONE])
    assert truth.rest == ()


def test_simulated_lone_chromosomes_are_found_by_their_boxes() -> None:
    drawn = simulate_slide(SlideRecipe(seed=4, length_px=60.0, shape=(700, 800), nuclei=2))
    slide = prepared("s", to_grey(drawn.image), drawn.chromosomes)
    truth = masks_from_boxes(slide.image, [m.box.grow(5).clip(slide.image.shape) for m in slide.masks])
    true_lone = [slide.masks[c[0]] for c in slide.clusters if len(c) == 1]
    assert len(truth.lone) > 0.6 * len(true_lone)
    alike = [max(iou(found, true) for true in slide.masks) for found in truth.lone]
    assert np.mean(np.array(alike) > 0.8) > 0.95
