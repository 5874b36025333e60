"""The pairs on the command line, on a small set of the published layout."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import h5py
import numpy as np
import pytest
from PIL import Image

from ..commands import run


@pytest.fixture
def data(tmp_path: Path) -> Path:
    rng = np.random.default_rng(0)
    pixels = np.zeros((20, 94, 93, 2), dtype=np.int16)
    for grey, labels in zip(pixels[..., 0], pixels[..., 1], strict=True):
        y, x = rng.integers(15, 35, 2)
        first, second = np.zeros((2, 94, 93), dtype=bool)
        first[y : y + 40, x + 10 : x + 20] = True
        second[y + 15 : y + 25, x : x + 35] = True
        labels[:] = first + 2 * second
        grey[:] = 90 * first + 110 * second
    with h5py.File(tmp_path / "pairs.h5", "w") as file:
        file["dataset_1"] = pixels
    return tmp_path / "pairs.h5"


def published(data: Path, out: Path, *more: object) -> int:
    recipe = ("--recipe", "published", "--data", data, "--out", out, "--width", 4, "--threads", 1)
    return run("train", "segmenter", *recipe, *more)


def test_the_study_s_recipe_is_trained_resumed_and_evaluated(data: Path, tmp_path: Path) -> None:
    out = tmp_path / "study"
    assert published(data, out, "--epochs", 1) == 0
    assert published(data, out, "--epochs", 2) == 2  # a training lies there
    assert published(data, out, "--epochs", 2, "--resume") == 0
    log = [json.loads(line) for line in (out / "published" / "log.jsonl").read_text().splitlines()]
    assert [line["epoch"] for line in log] == [1, 2]
    assert {"loss", "test_loss", "seconds", "iou_chromosome_1", "iou_chromosome_2", "iou_overlap"} <= {*log[0]}
    for name in ("training.png", "samples.png"):
        assert min(Image.open(out / "published" / name).size) > 100
    more = tmp_path / "more"
    assert published(data, more, "--epochs", 1, "--start", out / "weights") == 0
    (line,) = (more / "published" / "log.jsonl").read_text().splitlines()
    assert json.loads(line)["loss"] < 1.2 * log[-1]["loss"]
    assert published(data, tmp_path / "other", "--start", out / "weights", "--loss", "dice") == 2
    assert run("evaluate", "pairs", data, "--weights", out / "weights", "--out", tmp_path / "f.json") == 0
    figures = json.loads((tmp_path / "f.json").read_text())
    assert (figures["network"], figures["pairs"]) == ("published network", 4)
    assert figures["channels"]["iou"]["overlap"] == pytest.approx(log[-1]["iou_overlap"], abs=1e-4)


@pytest.mark.parametrize("target", ["merged", "first"])
def test_the_study_s_investigations_have_figures_of_their_own(data: Path, tmp_path: Path, target: str) -> None:
    assert published(data, tmp_path / "study", "--epochs", 1, "--target", target) == 0
    (line,) = (tmp_path / "study" / "published" / "log.jsonl").read_text().splitlines()
    named = [name for name in json.loads(line) if name.startswith("iou_")]
    assert named == {"merged": ["iou_one_chromosome", "iou_overlap"], "first": ["iou_whole_1"]}[target]
    assert run("evaluate", "pairs", data, "--weights", tmp_path / "study" / "weights") == 2


def test_the_shipped_segmenter_separates_pairs(data: Path, tmp_path: Path) -> None:
    out = tmp_path / "f.json"
    assert run("evaluate", "pairs", data, "--limit", 2, "--last", 1, "--out", out, "--plots", tmp_path / "plots") == 0
    figures = json.loads(out.read_text())
    assert figures["network"] == "seeded segmenter"
    assert figures["classes"]["iou"]["background"] > 0.9
    assert figures["best_threshold"]["iou"] == 1.0  # these made pairs add their grey values exactly
    for name in ("samples.png", "intensities.png"):
        assert min(Image.open(tmp_path / "plots" / name).size) > 100


def test_the_seeded_segmenter_is_fine_tuned_on_pairs(data: Path, tmp_path: Path) -> None:
    out = tmp_path / "tuned"
    training = ("--data", data, "--out", out, "--start", "shipped", "--steps", 1, "--threads", 1)
    assert run("train", "segmenter", *training) == 0
    assert run("evaluate", "pairs", data, "--limit", 1, "--weights", out / "weights") == 0


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["--recipe", "other", "--data", "x.h5"], "choose seeded or published"),
        (["--recipe", "published", "slides"], "name their file with --data"),
        (["--recipe", "published", "slides", "--data", "x.h5"], "and no folder"),
        ([], "name a folder of slides"),
        (["--recipe", "published", "--data", "x.h5", "--loss", "hinge"], "choose one of mse"),
        (["--recipe", "published", "--data", "x.h5", "--start", "shipped"], "no weights named 'published'"),
    ],
)
def test_options_that_do_not_fit_are_refused(
    words: list[str], told: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run("train", "segmenter", *words, "--out", tmp_path) == 2
    assert told in capsys.readouterr().err


def test_a_file_that_is_no_set_of_pairs_is_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "x.h5").write_text("no HDF5")
    assert run("evaluate", "pairs", tmp_path / "x.h5") == 3
    assert "is not an HDF5 file" in capsys.readouterr().err


@pytest.mark.parametrize("missing", ["h5py", "matplotlib"])
def test_a_missing_extra_is_named(data: Path, tmp_path: Path, missing: str, monkeypatch, capsys) -> None:
    monkeypatch.setitem(sys.modules, missing, None)
    assert published(data, tmp_path / "study", "--epochs", 1) == 2
    said = capsys.readouterr().err
    assert missing in said and "pip install 'karyo-split[study]'" in said and said.count("\n") == 1
    assert not (tmp_path / "study").exists()
