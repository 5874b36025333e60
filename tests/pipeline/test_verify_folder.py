"""`karyo-split verify`: whatever changed since a run is found and named."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import tifffile
from karyo_split.pipeline.export_folder import export_folder
from karyo_split.pipeline.records import Counts, NormalisationInfo
from karyo_split.pipeline.result import SplitResult
from karyo_split.pipeline.slide.slide import Slide
from karyo_split.pipeline.verify_folder import verify_folders
from karyo_split.pipeline.write_folder import FORMATS, write_result
from karyo_split.pipeline.writers.output_hashes import OUTPUTS
from karyo_split.pipeline.writers.run_file import RunFacts
from karyo_split.pipeline.writers.summary import SummaryRow, write_summary
from karyo_split.weights import sha256_of

from ..commands import run

ENTRY = {
    "network": "detector", "file": "d.safetensors", "sha256": "", "licence": "", "data": "", "commit": "", "input": "",
    "command": "", "config": {},
}  # fmt: skip


@pytest.fixture
def batch(tmp_path: Path) -> Path:
    """A folder with slides, weights and the results of a batch; slides are named as seen from elsewhere."""
    (tmp_path / "slides" / "deep").mkdir(parents=True)
    weights = tmp_path / "weights"
    weights.mkdir()
    (weights / "d.safetensors").write_text("weights")
    (weights / "manifest.json").write_text(json.dumps({"detector": ENTRY}))
    rows = []
    for place in (Path("a"), Path("deep/b")):
        path, folder = tmp_path / "slides" / place.with_suffix(".tif"), tmp_path / "out" / place
        tifffile.imwrite(path, np.full((90, 90), len(place.name), np.uint8))
        with Slide.open(path) as slide:
            result = SplitResult(
                name=place.name,
                shape=(90, 90),
                pixel_size_um=None,
                chromosomes=(),
                boxes=(),
                length_px=35.0,
                normalisation=NormalisationInfo("bright", 50.0, 5.0),
                settings={"weights_folder": str(weights)},
                weights={"detector": sha256_of(weights / "d.safetensors")},
            )
            write_result(result, slide, folder, FORMATS, RunFacts(path, sha256_of(path), "2026-01-01"))
        rows.append(SummaryRow(str(path), f"elsewhere/out/{place}", Counts(), 1.0, ""))
    write_summary(rows, tmp_path / "out")
    return tmp_path


def test_what_was_not_touched_is_as_it_was(batch: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("verify", batch / "out") == 0
    assert run("verify", batch / "out" / "deep") == 0
    assert run("verify", batch / "out" / "a", batch / "out" / "deep" / "b") == 0
    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[0] for line in lines] == ["ok"] * 5
    assert lines[0].endswith(str(batch / "out" / "a"))


def test_every_file_of_every_format_is_known(batch: Path) -> None:
    folder = batch / "out" / "a"
    outputs = json.loads((folder / "run.json").read_text())["outputs"]
    assert set(OUTPUTS) == set(FORMATS)
    assert {path.name for path in folder.iterdir()} == {*outputs, "run.json"}


def test_other_files_of_a_set_are_compared_too(batch: Path, capsys: pytest.CaptureFixture[str]) -> None:
    record, other = batch / "out" / "a" / "run.json", batch / "slides" / "fitc.tif"
    other.write_text("light")
    run_of = json.loads(record.read_text())
    run_of["input"]["others"] = {"fitc.tif": sha256_of(other)}
    record.write_text(json.dumps(run_of))
    assert run("verify", batch / "out" / "a") == 0
    other.write_text("other light")
    assert run("verify", batch / "out" / "a") == 1
    other.unlink()
    assert run("verify", batch / "out" / "a") == 1
    lines = capsys.readouterr().out
    assert "a file of its set, changed" in lines and "a file of its set, is gone" in lines


CHANGES: dict[str, Callable[[Path], object]] = {
    "chromosomes.csv changed": lambda top: (top / "out/a/chromosomes.csv").write_text("id\n"),
    "preview.png is gone": lambda top: (top / "out/a/preview.png").unlink(),
    "slide.ome.zarr changed": lambda top: (top / "out/a/slide.ome.zarr/zarr.json").write_text("{}"),
    "a.tif changed": lambda top: (top / "slides/a.tif").write_text("other"),
    "the input a.tif is not found at": lambda top: (top / "slides/a.tif").unlink(),
    "are not those of the run": lambda top: (top / "weights/d.safetensors").write_text("other"),
    "the weights detector cannot be compared": lambda top: (top / "weights/manifest.json").unlink(),
    "run.json is damaged": lambda top: (top / "out/a/run.json").write_text("[" * 100_000),
    "holds no SHA-256 of the files": lambda top: (top / "out/a/run.json").write_text('{"input": 3, "weights": [1]}'),
    "the folder is gone": lambda top: shutil.rmtree(top / "out/a"),
}


@pytest.mark.parametrize("told", CHANGES)
def test_a_change_is_named(batch: Path, capsys: pytest.CaptureFixture[str], told: str) -> None:
    CHANGES[told](batch)
    assert run("verify", batch / "out") == 1
    lines = capsys.readouterr().out.splitlines()
    assert told in next(line for line in lines if line.startswith("CHANGED"))


def test_slides_that_were_moved_are_found_where_the_user_says(batch: Path) -> None:
    (batch / "slides").rename(batch / "moved")
    for named in (None, batch / "moved"):
        found = list(verify_folders(batch / "out", named))
        assert [bool(each.changes) for each in found] == [named is None] * 2
    assert not next(verify_folders(batch / "out" / "a", batch / "moved" / "a.tif")).changes


def test_later_exports_are_known_too(batch: Path) -> None:
    folder = batch / "out" / "a"
    export_folder(folder, ("geojson", "csv"), batch / "slides" / "a.tif")
    assert not next(verify_folders(folder)).changes


def test_names_that_lead_out_of_the_folder_are_not_followed(batch: Path) -> None:
    path = batch / "out" / "a" / "run.json"
    document = json.loads(path.read_text())
    (batch / "out" / "secret").write_text("")
    document["outputs"] = {"../secret": sha256_of(batch / "out" / "secret")}
    path.write_text(json.dumps(document))
    assert next(verify_folders(path.parent)).changes == ("../secret is gone",)


def test_a_folder_without_results_is_an_error(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("verify", tmp_path) == 3
    assert "holds no finished result" in capsys.readouterr().err
