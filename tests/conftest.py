"""Small data made in code, and the real data where it lies beside the checkout."""

from __future__ import annotations

import os
from pathlib import Path

# Two tests run at a time (see pyproject.toml): each on a thread of its own, and so do the programs that it starts.
os.environ.setdefault("OMP_NUM_THREADS", "1")

import pytest
from hypothesis import settings
from karyo_split.datasets.simulate import SimulatedSlide, SlideRecipe, simulate_slide

# A busy machine is slow, not wrong.
settings.register_profile("karyo-split", deadline=None)
settings.load_profile("karyo-split")

DATA = Path(__file__).resolve().parents[2] / "shared" / "data"
MFISH, GBAND = DATA / "mfish", DATA / "gband"


@pytest.fixture(scope="session")
def mfish() -> Path:
    """The folder of M-FISH maps; tests that need it are skipped without it."""
    if not MFISH.is_dir():
        pytest.skip("needs the M-FISH images in ../shared/data/mfish, which are not here")
    return MFISH


@pytest.fixture(scope="session")
def gband() -> Path:
    """The folder of G-banded metaphases; tests that need it are skipped without it."""
    if not GBAND.is_dir():
        pytest.skip("needs the G-banded metaphases in ../shared/data/gband, which are not here")
    return GBAND


@pytest.fixture(scope="session")
def simulated() -> SimulatedSlide:
    """A small DAPI slide with twelve chromosomes."""
    return simulate_slide(SlideRecipe(seed=5, shape=(300, 340), chromosomes=12, length_px=36, nuclei=1, debris=3))
