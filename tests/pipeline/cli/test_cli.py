"""The command line as a user meets it: what it prints, writes and returns."""

from __future__ import annotations

import csv
import json
import os
import re
import shutil
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
import tifffile
from karyo_split.datasets.coco import read_coco
from karyo_split.datasets.simulate import SimulatedSlide
from karyo_split.datasets.simulate.save_slide import save_simulated

from ...commands import run


@pytest.fixture
def slides(tmp_path: Path, simulated: SimulatedSlide) -> Path:
    """A folder with two slides, a broken one and a text file."""
    folder = tmp_path / "slides"
    save_simulated(simulated, folder / "slide2.tif")
    tifffile.imwrite(folder / "slide10.tif", np.full((80, 80), 9, np.uint8))
    (folder / "slide1.tif").write_text("no image")
    (folder / "notes.txt").write_text("notes")
    return folder


def test_a_slide_becomes_a_folder(slides: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "masks"
    assert run(slides / "slide2.tif", "--out", out) == 0
    document = json.loads((out / "slide2" / "chromosomes.json").read_text())
    assert document["images"][0]["file_name"] == "slide2.tif"
    assert 8 <= len(document["annotations"]) <= 16
    captured = capsys.readouterr()
    assert captured.out == ""
    assert "chromosomes" in captured.err
    assert run(slides / "slide2.tif", "--out", out) == 2
    assert "--resume" in capsys.readouterr().err
    before = (out / "slide2" / "run.json").read_bytes()
    assert run(slides / "slide2.tif", "--out", out, "--resume") == 0
    assert (out / "slide2" / "run.json").read_bytes() == before
    assert run(slides / "slide2.tif", "--out", out, "--overwrite", "--format", "csv", "-v") == 0
    assert "seconds: normalise" in capsys.readouterr().err


def test_one_bad_file_costs_that_file_only(slides: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "masks"
    assert run(slides, "--out", out) == 1
    assert sorted(p.name for p in out.iterdir()) == ["index.html", "slide10", "slide2", "summary.csv"]
    assert json.loads((out / "slide10" / "run.json").read_text())["counts"]["chromosomes"] == 0
    told = capsys.readouterr().err
    assert f"{slides / 'slide1.tif'} is not an image" in told
    assert "2 slides done, 1 failed" in told
    assert run(slides / "slide1.tif", "--out", out) == 3


def test_an_error_that_nobody_foresaw_costs_that_slide_only(
    slides: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    from karyo_split.pipeline import split

    def fails(slide: object, *arguments: object) -> None:
        raise ZeroDivisionError(f"of {slide.shape[1]}")  # type: ignore[attr-defined]

    (slides / "slide1.tif").unlink()
    usual = split.measure_slide
    monkeypatch.setattr(split, "measure_slide", lambda s, p: fails(s) if s.info.name == "slide10" else usual(s, p))
    out = tmp_path / "masks"
    assert run(slides, "--out", out) == 1
    assert (out / "slide2" / "run.json").is_file()
    assert not (out / "slide10" / "run.json").exists()
    told = capsys.readouterr().err
    assert "not foreseen, ZeroDivisionError: of 80: see errors.log" in told
    assert "Traceback" not in told
    assert "ZeroDivisionError: of 80" in (out / "errors.log").read_text()
    assert "ZeroDivisionError" in (out / "summary.csv").read_text()


@pytest.mark.skipif(sys.platform != "linux", reason="other systems have no such names")
def test_a_name_that_is_no_utf8_is_split_and_listed(slides: Path, tmp_path: Path) -> None:
    folder = tmp_path / "latin"
    folder.mkdir()
    shutil.copy(slides / "slide2.tif", folder / os.fsdecode(b"caf\xe9.tif"))
    shutil.copy(slides / "slide2.tif", folder / "slide #1.tif")
    out = tmp_path / "masks"
    assert run(folder, "--out", out) == 0
    assert "caf?.tif" in (out / "summary.csv").read_text(encoding="utf-8")
    assert 'href="slide%20%231/report.html"' in (out / "index.html").read_text(encoding="utf-8")
    assert 'href="caf%E9/report.html"' in (out / "index.html").read_text(encoding="utf-8")


def test_a_second_run_keeps_the_rows_of_the_first(slides: Path, tmp_path: Path) -> None:
    out = tmp_path / "masks"
    assert run(slides, "--out", out) == 1
    assert run(slides / "slide10.tif", "--out", out, "--overwrite") == 0
    rows = (out / "summary.csv").read_text(encoding="utf-8").splitlines()
    assert len(rows) == 4
    assert sum("slide2.tif" in row for row in rows) == 1
    assert sum("is not an image" in row for row in rows) == 1
    assert "slide2/report.html" in (out / "index.html").read_text(encoding="utf-8")
    shutil.rmtree(out / "slide2")
    assert run(slides / "slide10.tif", "--out", out, "--overwrite", "--weights", tmp_path) == 2
    assert run(slides / "slide10.tif", "--out", out, "--resume") == 0
    assert "slide2.tif" not in (out / "summary.csv").read_text(encoding="utf-8")


def test_an_unexpected_count_shows_before_any_file_is_opened(
    slides: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(slides / "slide2.tif", "--out", tmp_path, "--expect", "200", "--format", "csv") == 0
    assert "1 of 1 metaphases flagged" in capsys.readouterr().err
    (row,) = csv.DictReader((tmp_path / "summary.csv").open())
    assert (row["metaphases"], row["flagged_metaphases"]) == ("1", "1")


def test_what_is_uncertain_about_a_slide_stands_in_the_summary_also_when_it_was_split_before(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    tifffile.imwrite(tmp_path / "blank.tif", np.full((200, 240), 7, np.uint8))
    for words in ((), ("--resume",)):
        assert run(tmp_path / "blank.tif", "--out", tmp_path / "out", "--format", "csv", *words) == 0
        (row,) = csv.DictReader((tmp_path / "out" / "summary.csv").open())
        assert (row["chromosomes"], row["error"]) == ("0", "")
        assert "no contrast" in row["warnings"]
        assert ("1 warning" in capsys.readouterr().err) == (not words)


def test_workers_write_the_same_files(slides: Path, tmp_path: Path) -> None:
    assert run(slides, "--out", tmp_path / "one", "--format", "coco,csv") == 1
    assert run(slides, "--out", tmp_path / "two", "--format", "coco,csv", "--jobs", "2") == 1
    for name in ("chromosomes.json", "chromosomes.csv"):
        assert (tmp_path / "one/slide2" / name).read_bytes() == (tmp_path / "two/slide2" / name).read_bytes()


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (["nothing.tif", "--out", "o"], 3, "nothing.tif does not exist"),
        (["{empty}", "--out", "o"], 3, "no image in the folder"),
        (["{slide}", "--out", "o", "--device", "cuda:9"], 2, "no device 'cuda:9'"),
        (["{slide}", "--out", "o", "--weights", "{empty}"], 2, "no manifest.json"),
        (["{slide}", "--out", "o", "--polarity", "brite"], 2, "unknown polarity 'brite'"),
        (["{slide}", "--out", "o", "--format", "svg"], 2, "unknown format 'svg'"),
        (["{slide}", "--out", "o", "--format", "csv,geojsn"], 2, "did you mean 'geojson'?"),
        (["{slide}", "--out", "o", "--resume", "--overwrite"], 2, "give one of the two"),
        (["{slide}", "--out", "{slide}/inside"], 3, "cannot be written"),
        (["{slide}", "--out", "o", "--config", "nothing.toml"], 2, "nothing.toml cannot be read"),
        (["evaluate", "slides", "{empty}"], 3, "no COCO file"),
        (["evaluate", "slides", "{slide}"], 3, "is not a folder"),
        (["simulate", "--out", "o", "--stain", "gram"], 2, "unknown stain 'gram'"),
        (["weights", "verify", "--weights", "{empty}"], 2, "no manifest.json"),
    ],
)
def test_errors_are_one_line_with_the_documented_code(
    arguments: list[str], code: int, message: str, slides: Path, tmp_path: Path, monkeypatch, capsys
) -> None:
    monkeypatch.chdir(tmp_path)
    empty = tmp_path / "empty"
    empty.mkdir()
    known = {"{empty}": str(empty), "{slide}": str(slides / "slide2.tif")}
    for key, value in known.items():
        arguments = [a.replace(key, value) for a in arguments]
    assert run(*arguments) == code
    captured = capsys.readouterr()
    assert message in captured.err
    assert captured.err.startswith("karyo-split: ")
    assert captured.err.count("\n") == 1
    assert "Traceback" not in captured.err
    assert not list(tmp_path.rglob("run.json"))


def test_missing_options_are_usage_errors() -> None:
    assert run("slide.tif") == 2
    assert run("split") == 2


def test_dry_run_only_says_what_would_be_done(slides: Path, tmp_path: Path, capsys) -> None:
    out = tmp_path / "masks"
    assert run(slides, "--out", out, "--dry-run") == 1
    *lines, total = capsys.readouterr().out.splitlines()
    assert [line.split(" -> ")[0].rsplit("/", 1)[1] for line in lines] == ["slide1.tif", "slide2.tif", "slide10.tif"]
    assert "cannot be read" in lines[0] and "300 x 340 px, at most 2 s" in lines[1]
    assert total.startswith("3 slides, 1 unreadable: at most 3 seconds")
    assert not out.exists()


def test_a_configuration_sets_defaults_and_the_command_line_wins(slides: Path, tmp_path: Path) -> None:
    config = tmp_path / "lab.toml"
    config.write_text('format = "csv"\npolarity = "bright"\n')
    out = tmp_path / "masks"
    assert run(slides / "slide2.tif", "--out", out, "--config", config) == 0
    assert sorted(p.name for p in (out / "slide2").iterdir()) == ["chromosomes.csv", "metaphases.csv", "run.json"]
    assert run(slides / "slide2.tif", "--out", out, "--config", config, "--format", "coco", "--overwrite") == 0
    assert (out / "slide2" / "chromosomes.json").exists()
    config.write_text("colour = 3\n")
    assert run(slides / "slide2.tif", "--out", out, "--config", config) == 2


def test_simulated_slides_come_with_their_truth(tmp_path: Path, capsys) -> None:
    assert (
        run("simulate", "--out", tmp_path, "--count", "2", "--rows", "200", "--columns", "220", "--chromosomes", "6")
        == 0
    )
    assert [s.name for s in read_coco(tmp_path)] == ["dapi-0", "dapi-1"]
    assert capsys.readouterr().out.split() == [str(tmp_path / "dapi-0.tif"), str(tmp_path / "dapi-1.tif")]
    assert run("simulate", "--out", tmp_path) == 2


def test_evaluation_prints_and_writes_its_figures(tmp_path: Path, simulated: SimulatedSlide, capsys) -> None:
    save_simulated(simulated, tmp_path / "truth" / "s.tif")
    assert run("evaluate", "slides", tmp_path / "truth", "--out", tmp_path / "figures.json") == 0
    figures = json.loads((tmp_path / "figures.json").read_text())
    assert figures["true_chromosomes"] == 12
    assert figures["f1_50"] > 0.7
    assert "AP / AP50 / AP75" in capsys.readouterr().out
    assert run("evaluate", "slides", tmp_path / "truth", "--split", "test") == 2


def test_weights_can_be_listed_and_checked(capsys) -> None:
    assert run("weights", "list") == 0
    assert run("weights", "verify") == 0
    assert "segmenter.safetensors is as the manifest says" in capsys.readouterr().out


def test_help_and_version_are_quick_and_import_nothing_heavy(tmp_path: Path) -> None:
    code = (
        "import sys\nfrom karyo_split.pipeline import cli\n"
        "try:\n    cli.main(['--version'])\nexcept SystemExit:\n    pass\n"
        "print([m for m in ('torch', 'ultralytics', 'skimage', 'scipy', 'zarr') if m in sys.modules])"
    )
    since = time.perf_counter()
    answer = subprocess.run([sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, check=True)
    assert answer.stdout.splitlines() == ["karyo-split 0.1.0", "[]"]
    assert time.perf_counter() - since < 5
    module = [sys.executable, "-m", "karyo_split", "--help"]
    assert "split" in subprocess.run(module, cwd=tmp_path, capture_output=True, text=True, check=True).stdout


def test_help_shows_what_a_lab_needs_first(capsys: pytest.CaptureFixture[str]) -> None:
    assert run("split", "--help") == 0
    told = capsys.readouterr().out
    first, *groups = [part for part in told.split("\n\n") if re.match(r"[A-Z][^\n]*:\n", part) and "INPUT" not in part]
    assert re.findall(r"^  (--\S+)", first, re.MULTILINE) == [
        "--out", "--format", "--expect", "--resume", "--overwrite", "--help",
    ]  # fmt: skip
    assert [group.splitlines()[0] for group in groups] == [
        "How slides are read:", "Speed and machines:", "Less often needed:",
    ]  # fmt: skip
    assert run("--help") == 0
    assert capsys.readouterr().out.index("Slides:") > 0


def test_a_log_for_programs(slides: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(slides, "--out", tmp_path / "masks", "--log-json", "--format", "csv") == 1
    lines = [json.loads(line) for line in capsys.readouterr().err.splitlines()]
    assert {Path(line["slide"]).name for line in lines} == {"slide1.tif", "slide2.tif", "slide10.tif"}
    assert sum(bool(line["error"]) for line in lines) == 1
    assert all(line["stages"].keys() >= {"detect", "separate"} for line in lines if not line["error"])


def test_a_mistyped_command_gets_a_hint(capsys: pytest.CaptureFixture[str]) -> None:
    assert run("evalute", "slides") == 2
    assert "did you mean 'evaluate'?" in capsys.readouterr().err


def test_the_doctor_finds_all_well_or_says_what_is_wrong(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("doctor") == 0
    assert "ok     self-test" in capsys.readouterr().out  # 11 of its 12 chromosomes with the present networks
    assert run("doctor", "--weights", tmp_path, "--device", "tpu") == 1
    told = capsys.readouterr().out
    assert "no manifest.json in" in told and "no device 'tpu'" in told
