"""The decoding with a network that always answers right: what it then gets wrong is its own fault."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from karyo_split.core.box import Box
from karyo_split.core.mask import PlacedMask, iou
from karyo_split.segmenter import ComponentAnswer, DecodingSettings, ExpectedBox, Segmenter

from ..strategies import AllKnowing, rod

LENGTH = 36.0


def painted(masks: list[PlacedMask], shape: tuple[int, int] = (200, 220)) -> np.ndarray:
    image = np.zeros(shape, dtype=np.float32)
    for number, placed in enumerate(masks):
        image[placed.box.slices] += 0.2 * (number + 1)
    return image


SHARP = DecodingSettings(level=0.5, reach=0.5)
"""The grey code blurs by a pixel where a crop is resampled: at lower levels that rim would count as the other owner."""


def separate(image: np.ndarray, boxes: list[Box]) -> list[ComponentAnswer]:
    return Segmenter(AllKnowing(), SHARP).separate(image, boxes, LENGTH)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "masks",
    [
        [rod(60, 60, 60, 12), rod(84, 36, 12, 60)],  # crossing
        [rod(60, 60, 50, 12), rod(60, 72, 50, 12)],  # side by side
        [rod(40, 60, 44, 12), rod(84, 60, 44, 12)],  # end to end
        [rod(60, 60, 30, 10)],  # alone
    ],
    ids=["crossing", "parallel", "in line", "alone"],
)
def test_each_chromosome_gets_its_own_mask(masks: list[PlacedMask]) -> None:
    box = masks[0].box
    for placed in masks[1:]:
        box = box.enclose(placed.box)
    (answer,) = separate(painted(masks), [box])
    assert len(answer.chromosomes) == len(masks)
    for truth in masks:
        assert max(iou(truth, c.placed) for c in answer.chromosomes) > 0.8
    assert answer.unexplained is None


def test_a_box_larger_than_a_frame_is_seen_through_several() -> None:
    masks = [rod(20, 20, 12, 150), rod(32, 60, 150, 12)]
    image = painted(masks, (240, 240))
    (answer,) = separate(image, [masks[0].box.enclose(masks[1].box)])
    assert len(answer.chromosomes) >= 2
    covered = np.zeros(image.shape, dtype=bool)
    for chromosome in answer.chromosomes:
        covered |= chromosome.placed.within(Box(0, 0, 240, 240))
    assert np.mean(covered[image > 0]) > 0.9


def test_pieces_are_answered_in_reading_order_and_empty_boxes_with_nothing() -> None:
    masks = [rod(20, 20, 40, 10), rod(100, 100, 40, 10)]
    image = painted([masks[0]]) + painted([masks[1]])
    answers = separate(image, [Box(160, 20, 200, 60), masks[1].box, masks[0].box])
    assert [len(a.chromosomes) for a in answers] == [1, 1]
    assert answers[0].chromosomes[0].placed.box.y0 < answers[1].chromosomes[0].placed.box.y0


def test_a_cluster_that_two_boxes_share_is_separated_once() -> None:
    masks = [rod(60, 60, 50, 12), rod(84, 72, 12, 50)]
    whole = masks[0].box.enclose(masks[1].box)
    (answer,) = separate(painted(masks), [masks[0].box, masks[1].box])
    assert len(answer.chromosomes) == 2
    assert {c.placed.box.enclose(whole) for c in answer.chromosomes} == {whole}


def test_foreground_outside_the_boxes_is_left_alone() -> None:
    masks = [rod(20, 20, 40, 10), rod(120, 40, 40, 10)]
    assert len(separate(painted(masks), [masks[0].box])) == 1


def test_no_boxes_give_no_answers() -> None:
    assert separate(np.zeros((50, 50), np.float32), []) == []


def test_a_click_finds_the_chromosome_under_it() -> None:
    masks = [rod(60, 60, 60, 12), rod(84, 36, 12, 60)]
    segmenter = Segmenter(AllKnowing())  # type: ignore[arg-type]
    found = segmenter.at(painted(masks), masks[0].box.enclose(masks[1].box), (66, 65), LENGTH)
    assert found is not None
    assert iou(found.placed, masks[0]) > 0.8
    assert segmenter.at(painted(masks), masks[0].box, (190, 200), LENGTH) is None


def test_a_box_where_a_chromosome_is_expected_and_none_was_found_is_asked_about_again() -> None:
    long, short = rod(60, 40, 14, 90), rod(56, 80, 22, 8)
    image = painted([long, short])
    whole = long.box.enclose(short.box)
    segmenter = Segmenter(AllKnowing(), replace(SHARP, spacing=1.0))  # type: ignore[arg-type]

    def found(*expected: ExpectedBox) -> float:
        (answer,) = segmenter.separate(image, [whole], LENGTH, expected)
        return max((iou(short, c.placed) for c in answer.chromosomes), default=0.0)

    assert found() < 0.3
    assert found(ExpectedBox(short.box, 0.9)) > 0.6
