from __future__ import annotations

import numpy as np
import pytest
from karyo_split.core.errors import UsageError
from karyo_split.core.mask import count_masks
from karyo_split.datasets.simulate import SimulatedSlide, SlideRecipe, simulate_slide
from scipy.ndimage import distance_transform_edt, label


def test_the_same_recipe_gives_the_same_slide(simulated: SimulatedSlide) -> None:
    again = simulate_slide(simulated.recipe)
    assert np.array_equal(again.image, simulated.image)
    assert [m.box for m in again.chromosomes] == [m.box for m in simulated.chromosomes]


def test_another_seed_gives_another_slide(simulated: SimulatedSlide) -> None:
    other = simulate_slide(SlideRecipe(seed=6, shape=(300, 340), chromosomes=12))
    assert not np.array_equal(other.image, simulated.image)


def test_chromosomes_are_bright_in_dapi_and_dark_in_giemsa() -> None:
    for stain, sign in (("dapi", 1), ("giemsa", -1)):
        slide = simulate_slide(SlideRecipe(seed=3, stain=stain, nuclei=0, debris=0))
        grey = slide.image if slide.image.ndim == 2 else slide.image.mean(axis=2)
        covered = count_masks(slide.chromosomes, slide.recipe.shape) > 0
        assert sign * (np.median(grey[covered]) - np.median(grey[~covered])) > 20


def test_truth_keeps_overlapping_chromosomes_whole() -> None:
    slides = [simulate_slide(SlideRecipe(seed=s)) for s in range(3)]
    shared = [count_masks(s.chromosomes, s.recipe.shape).max() for s in slides]
    assert max(shared) >= 2
    assert all(len(s.chromosomes) == 46 for s in slides)


def test_sixteen_bits_use_the_range() -> None:
    image = simulate_slide(SlideRecipe(seed=1, shape=(200, 200), chromosomes=5, bits=16)).image
    assert image.dtype == np.uint16
    assert image.max() > 255


def test_no_chromosomes_is_a_slide_too() -> None:
    assert simulate_slide(SlideRecipe(shape=(128, 128), chromosomes=0)).chromosomes == ()


@pytest.mark.parametrize("wrong", [{"stain": "gram"}, {"shape": (10, 10)}, {"chromosomes": -1}, {"bits": 12}])
def test_impossible_recipes_are_refused(wrong: dict) -> None:
    with pytest.raises(UsageError):
        SlideRecipe(**wrong)


def test_some_hard_slides_have_chromosomes_of_two_thick_pieces() -> None:
    """Swollen chromatids apart from each other: whole chromosomes all the same."""
    shares, thickness = [], []
    for seed in range(24):
        slide = simulate_slide(SlideRecipe(seed=seed, shape=(420, 500), chromosomes=12, length_px=30, hard=True))
        apart = [m for m in slide.chromosomes if label(m.mask, structure=np.ones((3, 3)))[1] == 2]
        shares.append(len(apart) / len(slide.chromosomes))
        thickness += [distance_transform_edt(np.pad(m.mask, 1)).max() * 2 / 30 for m in apart]
    assert max(shares) > 0.5
    assert max(thickness) > 0.25
