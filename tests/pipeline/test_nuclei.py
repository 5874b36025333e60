from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from karyo_split.core.box import Box
from karyo_split.pipeline.metaphases import group_metaphases
from karyo_split.pipeline.nuclei import are_nuclei
from karyo_split.pipeline.records import Chromosome
from scipy import ndimage
from skimage.transform import rotate

SIDE = 120


def placed(number: int, mask: np.ndarray) -> Chromosome:
    box = Box(150 * (number % 4), 150 * (number // 4), 150 * (number % 4) + SIDE, 150 * (number // 4) + SIDE)
    return Chromosome(number + 1, box, mask, 0.9, number + 1, int(mask.sum()), 0)


def nucleus(number: int, long: float, short: float, holes: bool = False) -> Chromosome:
    rng = np.random.default_rng(number)
    y, x = np.mgrid[:SIDE, :SIDE] - SIDE / 2
    turn = rng.uniform(0, np.pi)
    mask = ((y * np.cos(turn) + x * np.sin(turn)) / long) ** 2 + (
        (x * np.cos(turn) - y * np.sin(turn)) / short
    ) ** 2 < 1
    if holes:
        mask &= ndimage.gaussian_filter(rng.normal(size=mask.shape), 3) < 0.15
        mask[int(SIDE / 2)] = mask[int(SIDE / 2)] & ndimage.binary_erosion(mask)[int(SIDE / 2)]
    return placed(number, mask)


def cross(number: int, arm: int, width: int) -> Chromosome:
    """Two chromatids that are held together in the middle."""
    y, x = np.mgrid[:SIDE, :SIDE] - SIDE // 2
    apart = width * (0.55 + 0.5 * np.abs(y) / arm)
    shape = ((np.abs(x - apart) < width / 2) | (np.abs(x + apart) < width / 2) | (np.abs(y) < 2)) & (np.abs(y) < arm)
    shape &= np.abs(x) < 2 * width
    return placed(number, rotate(shape.astype(float), 37.0 * number, order=1) > 0.5)


@pytest.mark.parametrize(("long", "short"), [(40, 40), (40, 30), (48, 32), (15, 12)])
@pytest.mark.parametrize("count", [1, 4, 9])
def test_round_masks_are_nuclei(count: int, long: float, short: float) -> None:
    assert are_nuclei([nucleus(i, long, short) for i in range(count)])


def test_nuclei_that_were_masked_with_holes_are_nuclei() -> None:
    assert are_nuclei([nucleus(i, 40, 32, holes=True) for i in range(9)])


@pytest.mark.parametrize(("arm", "width"), [(14, 9), (30, 9), (45, 10)])
def test_crosses_are_chromosomes_however_short(arm: int, width: int) -> None:
    assert not are_nuclei([cross(i, arm, width) for i in range(12)])


def test_a_few_round_masks_in_a_spread_are_no_matter() -> None:
    assert not are_nuclei([cross(i, 30, 9) for i in range(10)] + [nucleus(10, 15, 13), nucleus(11, 30, 30)])


def test_a_group_of_nuclei_is_flagged_and_of_no_quality() -> None:
    _, (metaphase,) = group_metaphases([nucleus(i, 40, 35) for i in range(9)], (600, 600), 80.0)
    assert (metaphase.flags, metaphase.quality) == (("round",), 0.0)
    settled = [replace(nucleus(i, 40, 35), review="accepted") for i in range(9)]
    _, (metaphase,) = group_metaphases(settled, (600, 600), 80.0)
    assert metaphase.flags == ()
    _, (metaphase,) = group_metaphases([cross(i, 30, 9) for i in range(9)], (600, 600), 80.0)
    assert (metaphase.flags, metaphase.quality) == ((), 1.0)
