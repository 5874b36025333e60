"""Real slides on which a bound or a check was once too strict."""

from __future__ import annotations

from pathlib import Path

import pytest
from karyo_split.core.box import Box
from karyo_split.pipeline.slide.slide import Slide

from karyo_split import SplitSettings, Splitter


@pytest.fixture(scope="module")
def splitter() -> Splitter:
    return Splitter(SplitSettings(device="cpu", threads=1))


@pytest.mark.parametrize("name", ["1057481", "1057961", "1071611"])
def test_a_picture_cut_close_around_its_metaphase_is_separated(gband: Path, splitter: Splitter, name: str) -> None:
    (path,) = (gband / "images").glob(f"{name}.*")
    result = splitter.split(path)
    assert not any("nothing was separated" in warning for warning in result.warnings)
    assert len(result.chromosomes) >= 20


def test_lzw_whose_end_is_a_bit_too_narrow_is_read(mfish: Path) -> None:
    (path,) = mfish.rglob("V291462D.tif")
    with Slide.open(path) as slide:
        assert slide.read(Box(0, 0, slide.shape[1], slide.shape[0])).max() > 100
