"""The fine-tuning of docs/training.md, command by command, on a small simulated set."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest
from karyo_split.pipeline.cli import main

from karyo_split import weights

GUIDE = Path(__file__).parents[2] / "docs" / "training.md"
SMALLER = {
    "simulate": ["--count", "2", "--rows", "200", "--columns", "240", "--chromosomes", "10"],
    "train detector": ["--epochs", "1", "--simulated", "0"],
    "train segmenter": ["--steps", "2", "--simulated", "0"],
    "train calibration": [],
    "evaluate slides": ["--limit", "1"],
}
"""What makes each command short enough for a test; a repeated option's last value wins."""


def commands() -> list[list[str]]:
    blocks = re.findall(r"<!-- tested -->\n((?:    .*\n)+)", GUIDE.read_text(encoding="utf-8"))
    return [shlex.split(line) for block in blocks for line in block.splitlines()]


@pytest.mark.filterwarnings("ignore")
def test_the_guide_leads_to_tuned_weights(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    ran = []
    for words in commands():
        assert words[0] == "karyo-split"
        (name,) = [n for n in SMALLER if n.split() == words[1 : 1 + len(n.split())]]
        main_quietly(words[1:] + SMALLER[name])
        ran.append(name)
    assert ran.count("evaluate slides") == 2
    assert {*ran} == {*SMALLER}
    assert (tmp_path / "before" / "contact_sheet.png").stat().st_size > 0
    shipped, tuned = weights.read_manifest(), weights.read_manifest(tmp_path / "tuned" / "weights")
    assert {*tuned} == {"detector", "segmenter", "confidence"}
    assert all(tuned[name].sha256 != shipped[name].sha256 for name in tuned if name in shipped)


def main_quietly(arguments: list[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(arguments)
    assert ended.value.code in (0, None), arguments
