from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pytest
import tifffile
from karyo_split.core.box import Box
from karyo_split.core.errors import UsageError
from karyo_split.pipeline.records import Chromosome, NormalisationInfo
from karyo_split.pipeline.result import SplitResult
from karyo_split.pipeline.slide.slide import Slide

SHAPE = (160, 200)


@pytest.fixture
def result() -> SplitResult:
    first, second = np.ones((60, 10), dtype=bool), np.ones((10, 60), dtype=bool)
    chromosomes = (
        Chromosome(1, Box(40, 20, 50, 80), first, 0.9, 1, 600, 100),
        Chromosome(2, Box(15, 45, 75, 55), second, 0.4, 1, 600, 100, ("low_confidence",)),
    )
    return SplitResult("<slide>", SHAPE, 0.1, chromosomes, (), 35.0, NormalisationInfo("bright", 50.0, 5.0))


def test_a_result_says_what_it_is(result: SplitResult) -> None:
    assert "2 chromosomes, 1 flagged" in repr(result)
    shown = result._repr_html_()
    assert "&lt;slide&gt;" in shown and "2, 1 to review" in shown and "0.1 µm" in shown


def test_layers_hold_every_chromosome_whole(result: SplitResult) -> None:
    layers = result.labels()
    assert (layers.shape, layers.dtype) == ((2, *SHAPE), np.uint16)
    for chromosome in result.chromosomes:
        assert np.count_nonzero(layers == chromosome.id) == chromosome.area_px


def test_a_frame_has_the_tables_columns(result: SplitResult) -> None:
    frame = result.to_dataframe()
    assert frame["length_px"].tolist() == pytest.approx([60, 60], abs=2)
    assert frame["length_um"].tolist() == pytest.approx([6, 6], abs=0.2)
    assert "mean_intensity" not in frame
    slide = Slide.from_array(np.full(SHAPE, 7, np.uint8))
    assert result.to_dataframe(slide)["mean_intensity"].tolist() == [7, 7]


def test_without_pandas_the_frame_says_what_to_install(result: SplitResult, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pandas", None)
    with pytest.raises(UsageError, match="pip install pandas"):
        result.to_dataframe()


def test_the_picture_is_small_enough_for_a_notebook(result: SplitResult) -> None:
    picture = result.show(Slide.from_array(np.full(SHAPE, 7, np.uint8)))
    assert max(picture.size) <= 900


def test_the_picture_comes_from_a_file_as_well(result: SplitResult, tmp_path: Path) -> None:
    pixels = np.random.default_rng(0).integers(0, 99, SHAPE).astype(np.uint8)
    tifffile.imwrite(tmp_path / "s.tif", pixels)
    from_file, from_slide = result.show(tmp_path / "s.tif"), result.show(Slide.from_array(pixels))
    assert np.array_equal(np.asarray(from_file), np.asarray(from_slide))
