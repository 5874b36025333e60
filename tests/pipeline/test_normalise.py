from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from karyo_split.core.box import Box
from karyo_split.core.errors import UsageError
from karyo_split.core.mask import count_masks
from karyo_split.datasets.simulate import SimulatedSlide, SlideRecipe, simulate_slide
from karyo_split.pipeline.normalise import measure
from karyo_split.pipeline.slide.slide import to_grey

from ..strategies import boxes

SLIDE = simulate_slide(SlideRecipe(seed=5, shape=(300, 340), chromosomes=12, nuclei=1))
GREY = to_grey(SLIDE.image)
WHOLE = Box(0, 0, 340, 300)


@given(boxes(low=0, high=230, largest=70))
@settings(max_examples=40)
def test_a_pixel_gets_the_same_value_in_every_tile(box: Box) -> None:
    normalisation = measure(GREY, (300, 340))
    whole = normalisation.apply(GREY, WHOLE)
    assert np.allclose(normalisation.apply(GREY[box.slices], box), whole[box.slices], atol=1e-5)


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("stain", ["dapi", "giemsa"])
def test_both_stains_come_out_bright_on_dark(stain: str, seed: int) -> None:
    slide = simulate_slide(SlideRecipe(seed=seed, stain=stain))
    grey = to_grey(slide.image)
    normalisation = measure(grey, slide.recipe.shape)
    assert normalisation.polarity == ("bright" if stain == "dapi" else "dark")
    image = normalisation.apply(grey, Box(0, 0, 645, 517))
    covered = count_masks(slide.chromosomes, slide.recipe.shape) > 0
    assert 0.2 < np.median(image[covered]) < 1.0
    assert np.median(image[~covered]) < 0.1
    assert (image.min(), image.dtype) == (0, np.float32)


def test_the_inverted_slide_is_the_same(simulated: SimulatedSlide) -> None:
    inverted = 255 - GREY
    shape = (300, 340)
    first, second = measure(GREY, shape), measure(inverted, shape)
    assert (first.polarity, second.polarity) == ("bright", "dark")
    assert np.allclose(first.apply(GREY, WHOLE), second.apply(inverted, WHOLE), atol=1e-3)


@pytest.mark.parametrize(("gain", "offset"), [(11, 900), (3, 40_000), (30, -20_000), (1000, 1e6)])
def test_gain_and_offset_do_not_matter(gain: float, offset: float) -> None:
    shape = (300, 340)
    bright = GREY * gain + offset
    same = measure(bright, shape).apply(bright, WHOLE)
    assert np.allclose(measure(GREY, shape).apply(GREY, WHOLE), same, atol=1e-3)


def test_a_constant_slide_is_blank() -> None:
    constant = np.full((60, 60), 7, np.float32)
    normalisation = measure(constant, (60, 60))
    assert normalisation.is_blank
    assert not normalisation.apply(constant, Box(0, 0, 60, 60)).any()


def test_an_unknown_polarity_is_refused() -> None:
    with pytest.raises(UsageError, match="auto, bright, dark"):
        measure(GREY, (300, 340), "brigth")
