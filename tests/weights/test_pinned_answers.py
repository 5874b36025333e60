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
    [[-0.2854, -3.9967, -5.4516], [3.1299, 8.9097, 2.4319], [10.0389, 4.2714, 5.5363]],
    [[-7.0999, -1.5093, -7.7751], [12.2476, 2.0808, 6.8406], [1.3618, 7.2091, -1.3999]],
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
    answers = splitter.segmenter.cache(image).answers([CROSSING] * 2, SEEDS)
    logs = answers.clamp(min=1e-9).log()
    over = logs[:, 1:] - logs[:, :1]
    rows, columns = zip(*PIXELS, strict=True)
    assert torch.allclose(over[:, :, rows, columns].transpose(1, 2), torch.tensor(LOGITS), atol=0.02)


def test_the_detector_boxes_what_it_did(splitter: Splitter, image: NDArray[np.float32]) -> None:
    boxes = splitter.detector.detect(image)
    assert len(boxes) == 69
    assert (boxes[0].box, boxes[0].kind) == (Box(387, 370, 430, 429), 1)
    assert sum(box.score for box in boxes) == pytest.approx(36.001, abs=0.01)


def test_the_scorer_scores_as_it_did(splitter: Splitter) -> None:
    result = splitter.split(EXAMPLE)
    assert len(result) == 45
    assert [c.score for c in result.chromosomes[:6]] == pytest.approx(
        [0.981, 0.963, 0.807, 0.965, 0.981, 0.843], abs=2e-3
    )
