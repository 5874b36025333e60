from __future__ import annotations

import math

import numpy as np
import pytest
from karyo_split.core.box import Box
from karyo_split.pipeline.karyogram import is_karyogram
from karyo_split.pipeline.records import Chromosome


def tilted(number: int, degrees: float, length: int = 40) -> Chromosome:
    """A rod whose long axis is `degrees` away from the upright."""
    rows, columns = np.mgrid[:61, :61] - 30
    angle = math.radians(degrees)
    along = rows * math.cos(angle) + columns * math.sin(angle)
    across = -rows * math.sin(angle) + columns * math.cos(angle)
    mask = (np.abs(along) <= length / 2) & (np.abs(across) <= 5)
    box = Box(80 * (number % 8), 80 * (number // 8), 80 * (number % 8) + 61, 80 * (number // 8) + 61)
    return Chromosome(number + 1, box, mask, 0.9, 1, int(mask.sum()), 0)


def test_rows_of_upright_chromosomes_are_a_karyogram() -> None:
    rng = np.random.default_rng(0)
    assert is_karyogram([tilted(i, rng.normal(0, 8)) for i in range(46)])


@pytest.mark.parametrize("seed", range(20))
def test_a_spread_is_none(seed: int) -> None:
    rng = np.random.default_rng(seed)
    assert not is_karyogram([tilted(i, rng.uniform(-90, 90)) for i in range(46)])


def test_a_few_upright_chromosomes_and_round_ones_prove_nothing() -> None:
    assert not is_karyogram([tilted(i, 0) for i in range(8)])
    assert not is_karyogram([tilted(i, 0, length=10) for i in range(46)])
