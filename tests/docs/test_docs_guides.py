"""The guides for the lab and for the analyst, sample by sample, on the slides that the first one simulates."""

from __future__ import annotations

import json
import re
import shlex
from pathlib import Path

import pytest
import tifffile
from karyo_split.datasets.simulate import SlideRecipe, simulate_slide
from karyo_split.datasets.simulate.save_slide import save_simulated
from karyo_split.pipeline.cli import main
from PIL import Image

DOCS = Path(__file__).parents[2] / "docs"
COMMANDS = re.compile(r"<!-- tested -->\n((?:    .*\n)+)")
PYTHON = re.compile(r"<!-- tested -->\n```python\n(.*?)```", re.DOTALL)
SMALLER = ["--rows", "260", "--columns", "300", "--chromosomes", "9"]
"""What makes the simulated slides small enough for a test."""


def samples(guide: str) -> list[str]:
    """The tested samples of a guide in order: blocks of commands, and Python marked with a first line."""
    text = (DOCS / guide).read_text(encoding="utf-8")
    found = [(m.start(), m.group(1)) for m in COMMANDS.finditer(text)]
    found += [(m.start(), f"# python\n{m.group(1)}") for m in PYTHON.finditer(text)]
    return [sample for _, sample in sorted(found)]


def run_commands(block: str) -> None:
    for line in block.splitlines():
        words = shlex.split(line)
        assert words[0] == "karyo-split"
        more = SMALLER if words[1] == "simulate" else []
        with pytest.raises(SystemExit) as ended:
            main([*words[1:], *more])
        assert ended.value.code in (0, None), line


def test_the_guides_lead_where_they_say(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    lab, analyst = samples("guide-lab.md"), samples("guide-analyst.md")
    assert (len(lab), len(analyst)) == (1, 2)
    run_commands(lab[0])
    assert Path("masks/index.html").exists()
    assert len(list(Path("masks").glob("*/report.html"))) == 2
    known: dict[str, object] = {}
    monkeypatch.setattr("karyo_split.pipeline.notebook.MAX_SHOWN_PX", 300)
    exec(analyst[0].replace("(250, 300)", "(120, 150)"), known)
    assert len(known["frame"]) == len(known["result"])  # type: ignore[arg-type]
    assert max(known["picture"].size) == 300  # type: ignore[attr-defined]
    run_commands(analyst[1])
    features = json.loads(Path("masks/dapi-7/chromosomes.geojson").read_text())["features"]
    for folder in ("chromosomes", "chromosomes_upright"):
        assert len(list(Path("masks/dapi-7", folder).iterdir())) == len(features) > 3


def test_the_readme_does_what_it_says(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys) -> None:  # type: ignore[no-untyped-def]
    readme = (DOCS.parent / "README.md").read_text(encoding="utf-8")
    monkeypatch.chdir(DOCS.parent)
    (sample,) = re.findall(r"```python\n(.*?)```", readme, re.DOTALL)
    exec(sample, {})
    assert len(capsys.readouterr().out.splitlines()) > 40
    monkeypatch.chdir(tmp_path)
    for path in ("slide.tif", "folder/one.tif"):
        save_simulated(simulate_slide(SlideRecipe(seed=1, shape=(260, 300), chromosomes=9)), tmp_path / path)
    Path("more").mkdir()
    Image.fromarray(tifffile.imread("slide.tif")).save("more/two.png")
    lines = [line.split("#")[0] for line in re.findall(r"^    (karyo-split .*)$", readme, re.MULTILINE)]
    untested = [line for line in lines if " train " in line or " review " in line]
    for line in (line for line in lines if line not in untested):
        run_commands(line.replace("TRUTH_DIR", "slides/"))
    assert len(untested) == 2  # a training, and a page that waits for a person
    assert sorted(p.parent.name for p in Path("masks").rglob("run.json")) == ["one", "slide", "two"]
    assert Path("masks/slide/report.html").exists() and Path("why/errors.json").exists()
