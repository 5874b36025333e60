"""What the command says of inputs that it leaves out."""

from __future__ import annotations

import json
import os
from pathlib import Path

import numpy as np
import pytest
import tifffile

from ...commands import run


@pytest.fixture
def slides(tmp_path: Path) -> Path:
    """A folder with a slide, a second name of it, and a linked folder."""
    folder = tmp_path / "slides"
    folder.mkdir()
    tifffile.imwrite(folder / "a.tif", np.full((80, 80), 9, np.uint8))
    (folder / "b.tif").symlink_to("a.tif")
    (tmp_path / "elsewhere").mkdir()
    (folder / "linked").symlink_to("../elsewhere")
    return folder


def test_how_many_and_why_and_the_option_that_includes_them(
    slides: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(slides, "--out", tmp_path / "out", "--dry-run") == 0
    captured = capsys.readouterr()
    assert captured.out.count(" -> ") == 1
    assert [line.split(": ")[1].split(",")[0] for line in captured.err.splitlines()] == ["1 left out"] * 2
    assert captured.err.count("--follow-links") == 2
    assert run(slides, "--out", tmp_path / "out", "--dry-run", "--follow-links") == 0
    captured = capsys.readouterr()
    assert captured.out.count(" -> ") == 2 and not captured.err
    assert run(slides, "--out", tmp_path / "out", "--dry-run", "--log-json") == 0
    lines = [json.loads(line) for line in capsys.readouterr().err.splitlines()]
    assert {line["left_out"] for line in lines} == {str(slides / "b.tif"), str(slides / "linked")}


def test_a_folder_that_cannot_be_searched_is_an_error(
    slides: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    (slides / "locked").mkdir()
    usual = os.scandir

    def scandir(path):  # type: ignore[no-untyped-def]
        if str(path).endswith("locked"):
            raise PermissionError(13, "Permission denied", str(path))
        return usual(path)

    monkeypatch.setattr(os, "scandir", scandir)
    assert run(slides, "--out", tmp_path / "out", "--dry-run", "--quiet") == 1
    assert "folders that cannot be searched" in capsys.readouterr().err
