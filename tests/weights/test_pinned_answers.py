"""What the shipped networks answer on the example, pinned: a change of architecture or loading shows here first."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from karyo_split.core.box import Box
from karyo_split.pipeline.normalise import measure_slide
from karyo_split.pipeline.slide.slide import Slide
from karyo_split.segmenter.crops import Frame
from numpy.typing import NDArray

from karyo_split import SplitSettings, Splitter

EXAMPLE = Path(__file__).parents[2] / "examples" / "metaphase.tif"
CROSSING = Frame(180, 260, 88)
SEEDS = [(40.0, 42.0), (50.0, 60.0)]
PIXELS = [(40, 42), (50, 60), (30, 50)]
LOGITS = [
    [[1.854, -4.5402, -4.92], [-1.82, 10.7939, 0.933], [11.926, 0.9384, 5.7386]],
    [[-8.4258, -0.0139, -6.1569], [12.2844, 2.3222, 5.9841], [-1.2883, 7.5144, -0.3206]],
]
"""Of the seeded chromosome, of others and of both, over that of background; by seed and pixel."""


@pytest.fixture(scope="module")
def splitter() -> Splitter:
    return Splitter(SplitSettings(device="cpu"))


@pytest.fixture(scope="module")
def image() -> NDArray[np.float32]:
    with Slide.open(EXAMPLE) as slide:
        everywhere = Box(0, 0, slide.shape[1], slide.shape[0])
        return measure_slide(slide).apply(slide.read(everywhere), everywhere)


def test_the_segmenter_answers_two_seeds_as_it_did(splitter: Splitter, image: NDArray[np.float32]) -> None:
    answers, _ = splitter.segmenter.cache(image).answers([CROSSING] * 2, SEEDS)
    logs = answers.clamp(min=1e-9).log()
    over = logs[:, 1:] - logs[:, :1]
    rows, columns = zip(*PIXELS, strict=True)
    assert torch.allclose(over[:, :, rows, columns].transpose(1, 2), torch.tensor(LOGITS), atol=0.02)


def test_the_detector_boxes_what_it_did(splitter: Splitter, image: NDArray[np.float32]) -> None:
    boxes = splitter.detector.detect(image)
    assert len(boxes) == 70
    assert (boxes[0].box, boxes[0].kind) == (Box(197, 281, 257, 334), 1)
    assert sum(box.score for box in boxes) == pytest.approx(40.325, abs=0.01)


def test_the_scorer_scores_as_it_did(splitter: Splitter) -> None:
    result = splitter.split(EXAMPLE)
    assert len(result) == 45
    assert [c.score for c in result.chromosomes[:6]] == pytest.approx(
        [0.988, 0.962, 0.903, 0.988, 0.994, 0.957], abs=2e-3
    )
