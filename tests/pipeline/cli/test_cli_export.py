"""`karyo-split export`, on a folder that the command line made."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from karyo_split.datasets.simulate import SimulatedSlide
from karyo_split.datasets.simulate.save_slide import save_simulated

from ...commands import run


@pytest.fixture(scope="module")
def made(simulated: SimulatedSlide, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("export")
    save_simulated(simulated, folder / "slide.tif")
    assert run(folder / "slide.tif", "--out", folder / "masks", "--format", "coco,csv", "-q") == 0
    return folder


def test_more_formats_come_from_a_finished_folder(made: Path, capsys: pytest.CaptureFixture[str]) -> None:
    done = made / "masks" / "slide"
    before = json.loads((done / "run.json").read_text())
    assert run("export", done, "--format", "geojson,rois,labels") == 0
    assert capsys.readouterr().out.strip() == str(done)
    features = json.loads((done / "chromosomes.geojson").read_text())["features"]
    assert len(features) == len(json.loads((done / "chromosomes.json").read_text())["annotations"])
    assert {"chromosomes.roi.zip", "masks.ome.tif"} <= {p.name for p in done.iterdir()}
    after = json.loads((done / "run.json").read_text())
    added = {"chromosomes.geojson", "chromosomes.roi.zip", "masks.ome.tif"}
    assert set(after["outputs"]) - set(before["outputs"]) == added
    assert before | {"outputs": None} == after | {"outputs": None}
    assert run("export", done, "--format", "zarr,pieces,preview", "--slide", made / "slide.tif") == 0
    assert len(list((done / "chromosomes").iterdir())) == len(features)
    assert (done / "slide.ome.zarr" / "zarr.json").exists()


def test_pixels_are_asked_for_where_they_are_needed(made: Path, capsys: pytest.CaptureFixture[str]) -> None:
    done = made / "masks" / "slide"
    assert run("export", done, "--format", "pieces") == 2
    assert "--slide" in capsys.readouterr().err
    assert run("export", done, done, "--format", "pieces", "--slide", made / "slide.tif") == 2
    assert run("export", done, "--format", "nothing") == 2
    assert "choose from coco" in capsys.readouterr().err


def test_another_slide_is_refused(made: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (made / "other.tif").write_bytes((made / "slide.tif").read_bytes() + b" ")
    assert run("export", made / "masks" / "slide", "--format", "zarr", "--slide", made / "other.tif") == 3
    assert "SHA-256 differs" in capsys.readouterr().err
    assert run("export", made, "--format", "rois") == 3
    told = capsys.readouterr().err
    assert "run.json cannot be read" in told
    assert str(made) in told
