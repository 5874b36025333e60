"""Pictures that are patterns: what is asked of the networks is bounded by what a slide of their size can hold."""

from __future__ import annotations

from contextlib import suppress

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from karyo_split.core.box import Box
from karyo_split.detector import CHROMOSOME, CLUSTER, Detection
from karyo_split.pipeline.detect import MANY_BOXES, MIN_ROOM, OVERFULL, DetectedBoxes, find_boxes
from karyo_split.pipeline.normalise import measure_slide
from karyo_split.pipeline.records import PlacedDetection
from karyo_split.pipeline.separate import SearchedSlide, separate
from karyo_split.pipeline.slide.slide import Slide
from karyo_split.segmenter import DecodingSettings, Segmenter, TooManySeeds
from karyo_split.segmenter.crops import Frame
from karyo_split.segmenter.feature_cache import FeatureCache
from numpy.typing import NDArray
from torch import Tensor

from ..strategies import AllKnowing

LENGTH = 36.0
SETTINGS = DecodingSettings()


class Counting(AllKnowing):
    """Counts the crops that it sees and the seeds that it answers."""

    def __init__(self) -> None:
        super().__init__()
        self.crops = self.seeds = 0

    def encode(self, crops: Tensor):  # type: ignore[no-untyped-def]
        self.crops += len(crops)
        return super().encode(crops)

    def answer(self, features, seeds: Tensor):  # type: ignore[no-untyped-def]
        self.seeds += seeds.shape[1]
        return super().answer(features, seeds)


def pattern(kind: str, pitch: int, width: int, shape: tuple[int, int]) -> NDArray[np.float32]:
    """0 and 0.2, float32: lines, dots or squares."""
    y, x = np.mgrid[: shape[0], : shape[1]]
    on = {
        "stripes": x % pitch < width,
        "hatching": (x + 2 * y) % pitch < width,
        "dots": (x % pitch < width) & (y % pitch < width),
        "grid": (x % pitch < width) | (y % pitch < width),
        "checkerboard": (x // width + y // width) % 2 == 0,
        "waves": np.sin(x / width) * np.sin(y / pitch) > 0.3,
    }[kind]
    return np.where(on, np.float32(0.2), np.float32(0))


@settings(max_examples=25)
@given(
    st.sampled_from(["stripes", "hatching", "dots", "grid", "checkerboard", "waves"]),
    st.integers(2, 30),
    st.integers(1, 6),
    st.tuples(st.integers(30, 200), st.integers(30, 200)),
    st.floats(9, 60),
)
def test_the_segmenter_asks_no_more_than_there_is_room_for(
    kind: str, pitch: int, width: int, shape: tuple[int, int], length: float
) -> None:
    network = Counting()
    image = pattern(kind, pitch, width, shape)
    boxes = [Box(0, 0, shape[1], shape[0]), Box(5, 5, 25, 25)]
    with suppress(TooManySeeds):
        Segmenter(network, SETTINGS).separate(image, boxes, length)  # type: ignore[arg-type]
    room = shape[0] * shape[1] / length**2
    assert network.seeds <= 2 * (SETTINGS.seeds_always + SETTINGS.seeds_by_area * room)  # as they are, and mirrored
    assert network.crops <= 60 + 8 * room


def test_a_part_of_fine_lines_is_refused_and_the_rest_is_separated() -> None:
    grey = np.zeros((200, 1400), np.float32)
    grey[80:116, 50:62] = 0.2
    grey[:, 1100:] = pattern("hatching", 6, 2, (200, 300))
    slide = Slide.from_array(grey)
    found = [
        PlacedDetection(Box(48, 78, 64, 118), CHROMOSOME, 0.9),
        PlacedDetection(Box(1100, 0, 1400, 200), CLUSTER, 0.9),
    ]

    class AsItIs:
        def apply(self, region: NDArray[np.float32], box: Box) -> NDArray[np.float32]:
            return region

    searched = SearchedSlide(slide, AsItIs(), DetectedBoxes(tuple(found), LENGTH, True, 1.0))  # type: ignore[arg-type]
    masks = separate(searched, Segmenter(AllKnowing()), lambda done, total: None)  # type: ignore[arg-type]
    assert [candidate.placed.box for candidate in masks.candidates] == [Box(50, 80, 62, 116)]
    assert masks.refused == 1


def test_seeds_are_counted_over_all_rounds() -> None:
    network = Counting()
    image = np.zeros((60, 60), np.float32)
    cache = FeatureCache(network, image, torch.device("cpu"), 8, most_seeds=5)  # type: ignore[arg-type]
    frame = Frame(0, 0, 60)
    cache.answers([frame] * 3, [(10.0, 10.0)] * 3)
    with pytest.raises(TooManySeeds):
        cache.answers([frame] * 3, [(10.0, 10.0)] * 3)
    assert network.seeds == 3


class Everywhere:
    """Sees a box of the same size at each step."""

    def __init__(self, step: int, side: int) -> None:
        self.step, self.side, self.pixels = step, side, 0

    def detect(self, image: NDArray[np.float32]) -> list[Detection]:
        self.pixels += image.size
        return [
            Detection(Box(x, y, x + self.side, y + self.side), CHROMOSOME, 0.9)
            for y in range(0, image.shape[0] - self.side, self.step)
            for x in range(0, image.shape[1] - self.side, self.step)
        ]


@pytest.mark.parametrize(("step", "believed"), [(90, True), (20, False)])
def test_no_more_boxes_are_believed_than_have_room(step: int, believed: bool) -> None:
    grey = np.zeros((700, 800), np.float32)
    grey[20:680:20, 20:780] = 200.0
    grey[20:680, 20:780:40] = 200.0
    slide = Slide.from_array(grey)
    detector = Everywhere(step, 35)
    boxes = find_boxes(slide, measure_slide(slide), detector)
    assert (boxes.doubt is None) is believed
    assert len(boxes.detections) <= MANY_BOXES + grey.size / boxes.length_px**2 / MIN_ROOM
    if not believed:
        assert boxes.doubt == OVERFULL
