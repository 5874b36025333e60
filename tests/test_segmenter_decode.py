"""The decoding with a network that always answers right: what it then gets wrong is its own fault."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from karyo_split.geometry import Box, PlacedMask, iou
from karyo_split.segmenter import BoxAnswer, Segmenter
from torch import Tensor, nn

LENGTH = 36.0


class AllKnowing(nn.Module):
    """Reads which chromosomes lie at a pixel from its grey value: 0.2 the first, 0.4 the second, 0.6 both."""

    def forward(self, crops: Tensor) -> Tensor:
        grey, seed = crops[:, 0], crops[:, 1]
        owners = torch.round(grey / 0.2).clamp(0, 3).long()
        logits = torch.zeros(len(crops), 4, 88, 88)
        for index in range(len(crops)):
            asked = 0
            if seed[index].max() > 0.1:
                asked = int(owners[index].reshape(-1)[seed[index].argmax()])
            own = ((owners[index] & asked) > 0) if asked in (1, 2) else torch.zeros(88, 88, dtype=torch.bool)
            other = (owners[index] & ~asked) > 0 if asked in (1, 2) else owners[index] > 0
            classes = own.long() + 2 * other.long()
            logits[index] = nn.functional.one_hot(classes, 4).permute(2, 0, 1) * 10.0
        return logits


def rod(row: int, column: int, height: int, width: int) -> PlacedMask:
    return PlacedMask(Box(column, row, column + width, row + height), np.ones((height, width), dtype=bool))


def painted(masks: list[PlacedMask], shape: tuple[int, int] = (200, 220)) -> np.ndarray:
    image = np.zeros(shape, dtype=np.float32)
    for number, placed in enumerate(masks):
        image[placed.box.slices] += 0.2 * (number + 1)
    return image


def separate(image: np.ndarray, boxes: list[Box]) -> list[BoxAnswer]:
    return Segmenter(AllKnowing()).separate(image, boxes, LENGTH)  # type: ignore[arg-type]


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


def test_boxes_are_answered_in_order_and_empty_ones_with_nothing() -> None:
    masks = [rod(20, 20, 40, 10)]
    answers = separate(painted(masks), [Box(120, 120, 160, 160), masks[0].box])
    assert [len(a.chromosomes) for a in answers] == [0, 1]


def test_no_boxes_give_no_answers() -> None:
    assert separate(np.zeros((50, 50), np.float32), []) == []


def test_a_click_finds_the_chromosome_under_it() -> None:
    masks = [rod(60, 60, 60, 12), rod(84, 36, 12, 60)]
    segmenter = Segmenter(AllKnowing())  # type: ignore[arg-type]
    found = segmenter.at(painted(masks), masks[0].box.enclose(masks[1].box), (66, 65), LENGTH)
    assert found is not None
    assert iou(found.placed, masks[0]) > 0.8
    assert segmenter.at(painted(masks), masks[0].box, (190, 200), LENGTH) is None
