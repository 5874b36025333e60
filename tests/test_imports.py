"""Imports flow one way."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
MAY_USE = {
    "core": set(),
    "weights": {"core"},
    "datasets": {"core"},
    "detector": {"core", "weights"},
    "segmenter": {"core", "weights"},
    "pipeline": {"core", "weights", "datasets", "detector", "segmenter", "study", "karyo_split"},
    "study": {"core", "weights", "datasets", "detector", "segmenter", "pipeline"},
}


def used_folders(path: Path, folder: str) -> set[str]:
    """The top-level folders that a file imports relatively."""
    depth = len(path.relative_to(ROOT / folder).parts)
    used = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom) and node.level == depth + 1:
            used |= {node.module.split(".")[0]} if node.module else {alias.name for alias in node.names}
        assert not (isinstance(node, ast.ImportFrom) and node.level > depth + 1), path
    return used


@pytest.mark.parametrize("folder", sorted(MAY_USE))
def test_a_folder_imports_only_what_lies_below_it(folder: str) -> None:
    for path in (ROOT / folder).rglob("*.py"):
        assert used_folders(path, folder) <= MAY_USE[folder], path
