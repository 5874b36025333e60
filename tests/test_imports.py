"""Imports flow one way: between the rooms, between the folders in them, and between their files."""

from __future__ import annotations

import ast
import tomllib
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
MAY_USE = {
    "core": set(),
    "weights": {"core"},
    "datasets": {"core"},
    "detector": {"core", "weights"},
    "segmenter": {"core", "weights"},
    "pipeline": {"core", "weights", "datasets", "detector", "segmenter", "study"},
    "study": {"core", "weights", "datasets", "detector", "segmenter", "pipeline"},
    "karyo_split": {"core", "pipeline"},
}
"""Which rooms a room may use."""
USED_BY = {
    "study": {"pipeline.cli"},
    "pipeline.cli": {"karyo_split"},
    "pipeline.batch": {"pipeline.cli", "pipeline.napari"},
    "pipeline.training": {"pipeline.cli", "study"},
    "segmenter.training": {"pipeline.training", "pipeline.cli", "study"},
}
"""Folders that only these may use."""
LOOSE = "pipeline"
"""The room whose own files lie both above and below the folders in it: each of them counts as a folder."""


class Imports:
    """The import graph of a source tree: every relative import, those inside functions and for type checks too."""

    def __init__(self, root: Path) -> None:
        self.files: dict[str, Path] = {}
        for room in MAY_USE:
            for path in sorted((root / room).rglob("*.py")):
                name = ".".join(path.relative_to(root).with_suffix("").parts)
                self.files[name.removesuffix(".__init__")] = path
        self.modules = {name: self._used_by(name) for name in self.files}

    def _used_by(self, name: str) -> set[str]:
        path = self.files[name]
        package = name if path.name == "__init__.py" else name.rpartition(".")[0]
        here = ["karyo_split", *(part for part in package.split(".") if part != "karyo_split")]
        used = set()
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            absolute = [node.module or ""] if isinstance(node, ast.ImportFrom) and not node.level else []
            absolute += [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            assert "karyo_split" not in {name.split(".")[0] for name in absolute} or here[1:] == [], (
                f"{path} imports karyo_split by name: inside the distribution imports are relative"
            )
            if not isinstance(node, ast.ImportFrom) or not node.level:
                continue
            assert node.level <= len(here), f"{path} imports from outside the distribution"
            base = [*here[: len(here) - node.level + 1], *(node.module.split(".") if node.module else [])][1:]
            for alias in node.names:
                submodule, package = ".".join([*base, alias.name]), ".".join(base) or "karyo_split"
                assert {submodule, package} & {*self.files}, f"{path} imports {submodule}, which is not there"
                used.add(submodule if submodule in self.files else package)
        return used - {name}

    def folder_of(self, name: str) -> str:
        """The folder that a module lies in."""
        if self.files[name].name == "__init__.py":
            return name
        folder = name.rpartition(".")[0] or "karyo_split"
        return name if folder == LOOSE else folder

    @property
    def folders(self) -> dict[str, set[str]]:
        """Which folders each folder uses."""
        graph: dict[str, set[str]] = {}
        for name, used in self.modules.items():
            own = self.folder_of(name)
            graph.setdefault(own, set()).update({self.folder_of(other) for other in used} - {own})
        return graph


def circle_in(graph: dict[str, set[str]]) -> list[str]:
    """The names along a circle of a graph; empty where there is none."""
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as problem:
        return list(problem.args[1])
    return []


@pytest.fixture(scope="module")
def imports() -> Imports:
    return Imports(ROOT)


def test_no_files_import_each_other(imports: Imports) -> None:
    assert len(imports.modules) > 100
    assert circle_in(imports.modules) == []


def test_no_folders_import_each_other(imports: Imports) -> None:
    assert circle_in(imports.folders) == []


@pytest.mark.parametrize("room", sorted(MAY_USE))
def test_a_room_imports_only_what_lies_below_it(imports: Imports, room: str) -> None:
    for folder, used in imports.folders.items():
        if folder.split(".")[0] == room:
            assert {other.split(".")[0] for other in used} <= MAY_USE[room] | {room}, folder


@pytest.mark.parametrize("folder", sorted(USED_BY))
def test_a_folder_on_top_is_used_by_those_above_it_alone(imports: Imports, folder: str) -> None:
    users = {user for user, used in imports.folders.items() if folder in used}
    assert users and users <= USED_BY[folder]


def test_every_folder_is_installed(imports: Imports) -> None:
    mapping = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["setuptools"]["package-dir"]
    packages = {name for name, path in imports.files.items() if path.name == "__init__.py"} - {"karyo_split"}
    assert {f"karyo_split.{name}": name.replace(".", "/") for name in packages} == {
        package: folder for package, folder in mapping.items() if package != "karyo_split"
    }


def test_circles_are_seen(tmp_path: Path) -> None:
    """Through a function, through a package's names, and between folders whose files make no circle."""
    for path, text in {
        "core/__init__.py": "",
        "core/a.py": "def f():\n    from .b import x",
        "core/b.py": "from .a import f",
        "datasets/__init__.py": "from .one import x",
        "datasets/one.py": "from . import x",
        "segmenter/__init__.py": "",
        "segmenter/low.py": "",
        "segmenter/high.py": "from .training.steps import x",
        "segmenter/training/__init__.py": "",
        "segmenter/training/steps.py": "from ..low import x",
    }.items():
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_text(text)
    made = Imports(tmp_path)
    for room, circle in (("core", {"core.a", "core.b"}), ("datasets", {"datasets", "datasets.one"})):
        assert set(circle_in({n: u for n, u in made.modules.items() if n.startswith(room)})) == circle
    assert circle_in({n: u for n, u in made.modules.items() if n.startswith("segmenter")}) == []
    assert set(circle_in(made.folders)) == {"segmenter", "segmenter.training"}
