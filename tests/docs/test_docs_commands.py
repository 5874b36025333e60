"""Every command in README and docs is one that the program takes; those that are short are run by the other tests."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest
from karyo_split.pipeline.cli.program import app, with_default_command
from typer.main import get_command

ROOT = Path(__file__).parents[2]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md")), *sorted((ROOT / "weights").glob("*.md"))]


def commands(page: Path, program: str) -> list[list[str]]:
    """The words after a program's name, of each of its commands in the code blocks of a page."""
    text = page.read_text(encoding="utf-8").replace("\\\n", " ")
    found = re.findall(rf"^    (?:.*\| )?{re.escape(program)}(?: (.*)|)$", text, re.MULTILINE)
    return [shlex.split(line.rstrip("'"), comments=True) for line in found]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_its_commands_are_taken(page: Path) -> None:
    for words in commands(page, "karyo-split"):
        command, rest = get_command(app), with_default_command(words)
        while hasattr(command, "commands"):
            command, rest = command.commands[rest[0]], rest[1:]
        command.make_context("karyo-split", rest)  # raises on unknown options, wrong values and what is missing


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_its_benchmarks_exist_with_their_options(page: Path) -> None:
    for script, *words in commands(page, "python"):
        source = (ROOT / script).read_text(encoding="utf-8")
        for option in (word for word in words if word.startswith("--")):
            parameter = option[2:].replace("-", "_")  # of the scripts that typer runs
            assert re.search(rf'"{option}"|[( ]{parameter}: ', source), f"{script} has no {option}"


def test_commands_are_found() -> None:
    found = {page.name: commands(page, "karyo-split") for page in PAGES}
    assert ["slide.tif", "--out", "masks/"] in found["README.md"]
    assert any("--resume" in words and words[0] == "-" for words in found["cluster.md"])
    assert any(words[0] == "benchmarks/speed.py" for words in commands(ROOT / "docs/benchmarks.md", "python"))
