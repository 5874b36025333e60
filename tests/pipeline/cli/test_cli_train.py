"""`karyo-split train`: what is refused, and how."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from karyo_split.datasets.simulate import SlideRecipe, simulate_slide
from karyo_split.datasets.simulate.save_slide import save_simulated
from PIL import Image

from ...commands import run

ONE_STEP = ("--steps", 1, "--threads", 1, "--simulated", 0)


@pytest.fixture(scope="module")
def truth(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("truth")
    save_simulated(simulate_slide(SlideRecipe(seed=1, shape=(200, 240), chromosomes=9, nuclei=0)), folder / "s.tif")
    return folder


@pytest.mark.parametrize(
    "words", [("segmenter", *ONE_STEP), ("detector", "--epochs", 1, "--simulated", 0), ("calibration",)]
)
def test_an_unknown_device_is_a_usage_error(
    truth: Path, tmp_path: Path, words: tuple[object, ...], capsys: pytest.CaptureFixture[str]
) -> None:
    place = ("--weights", tmp_path) if words == ("calibration",) else ("--out", tmp_path)
    assert run("train", words[0], truth, *place, *words[1:], "--device", "tpu") == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert "no device 'tpu' here" in line


def test_a_segmenter_is_trained_and_goes_on_without_being_told_what_it_began_from(truth: Path, tmp_path: Path) -> None:
    begun = ("train", "segmenter", truth, "--out", tmp_path / "out", "--device", "cpu")
    assert run(*begun, *ONE_STEP, "--start", "shipped") == 0
    assert run(*begun, "--steps", 2, *ONE_STEP[2:], "--resume") == 0
    (tmp_path / "out" / "segmenter" / "checkpoint.pt").write_bytes(b"damaged")
    assert run(*begun, *ONE_STEP, "--resume") == 2


def test_a_detector_is_trained_and_a_finished_training_stays_finished(truth: Path, tmp_path: Path) -> None:
    begun = ("train", "detector", truth, "--out", tmp_path, "--device", "cpu", "--epochs", 1, "--simulated", 0)
    assert run(*begun) == 0
    data = (tmp_path / "detector" / "data" / "data.yaml").stat().st_mtime_ns
    assert run(*begun) == 2
    assert run(*begun, "--resume") == 0
    assert (tmp_path / "detector" / "data" / "data.yaml").stat().st_mtime_ns == data


def test_what_cannot_begin_is_told_before_slides_are_read(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    missing = ("--start", tmp_path / "none", "--out", tmp_path / "out")
    assert run("train", "segmenter", tmp_path / "no-slides", *missing, *ONE_STEP) == 2
    assert "none" in capsys.readouterr().err


@pytest.mark.parametrize("command", [("evaluate", "boxes"), ("train", "segmenter"), ("train", "detector")])
def test_a_wrong_row_of_boxes_is_named(
    tmp_path: Path, command: tuple[str, str], capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "images").mkdir()
    Image.fromarray(np.zeros((40, 60), np.uint8)).save(tmp_path / "images" / "a.png")
    rows = "image,split,class,x0,y0,x1,y1\na.png,train,A1,0,0,5,9\na.png,train,A1,0,0,5,90\n"
    (tmp_path / "boxes.csv").write_text(rows, encoding="utf-8")
    out = () if command[0] == "evaluate" else ("--out", tmp_path / "out")
    assert run(*command, tmp_path, *out) == 3
    assert "boxes.csv, row 3: the box" in capsys.readouterr().err
