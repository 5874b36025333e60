"""What is shipped: the wheel holds the program, the source distribution everything that it is made and tested with."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tarfile
import tomllib
import zipfile
from pathlib import Path

import pytest

pytest.importorskip("build", reason="needs build, of the test extra")

ROOT = Path(__file__).resolve().parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
SETUPTOOLS = PROJECT["tool"]["setuptools"]
FOLDERS: dict[str, str] = SETUPTOOLS["package-dir"]
UNSHIPPED_WEIGHTS = ("training", "study")
MADE_HERE = shutil.ignore_patterns(".*", "__pycache__", "*.egg-info", "build", "dist", "site", "masks", "runs")


def data_files(package: str) -> set[str]:
    """The files of a package, by their names in it, that package-data asks for."""
    folder = ROOT / FOLDERS[package]
    return {
        path.relative_to(folder).as_posix()
        for pattern in SETUPTOOLS["package-data"].get(package, [])
        for path in folder.glob(pattern)
    }


@pytest.fixture(scope="module")
def packages(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with both packages, built from a copy, so that the checkout stays clean."""
    folder = tmp_path_factory.mktemp("packages")
    shutil.copytree(ROOT, folder / "source", ignore=MADE_HERE)
    build(folder, "--sdist", "--wheel")
    return folder


def build(folder: Path, *kinds: str) -> None:
    """Build packages of the copy in a folder, into that folder."""
    command = [sys.executable, "-m", "build", "--no-isolation", *kinds, "--outdir", folder, "source"]
    environment = os.environ | {"SOURCE_DATE_EPOCH": "1700000000"}
    built = subprocess.run(command, cwd=folder, capture_output=True, text=True, env=environment)
    assert built.returncode == 0, built.stdout + built.stderr


@pytest.fixture(scope="module")
def in_wheel(packages: Path) -> set[str]:
    (path,) = packages.glob("*.whl")
    with zipfile.ZipFile(path) as wheel:
        return set(wheel.namelist())


@pytest.fixture(scope="module")
def in_sdist(packages: Path) -> set[str]:
    (path,) = packages.glob("*.tar.gz")
    with tarfile.open(path) as sdist:
        return {member.name.partition("/")[2] for member in sdist.getmembers() if member.isfile()}


def test_every_folder_with_code_is_a_package() -> None:
    assert set(SETUPTOOLS["packages"]) == set(FOLDERS)
    tops = {folder.split("/")[0] for folder in FOLDERS.values()}
    with_code = {path.parent.relative_to(ROOT).as_posix() for top in tops for path in (ROOT / top).rglob("*.py")}
    assert with_code == set(FOLDERS.values())
    assert all((ROOT / folder / "__init__.py").is_file() for folder in with_code)


@pytest.mark.parametrize("package", SETUPTOOLS["package-data"])
def test_every_pattern_of_package_data_matches(package: str) -> None:
    for pattern in SETUPTOOLS["package-data"][package]:
        assert list((ROOT / FOLDERS[package]).glob(pattern)), pattern


def test_the_wheel_holds_the_packages_and_their_data_and_nothing_else(in_wheel: set[str]) -> None:
    expected = {
        f"{package.replace('.', '/')}/{name}"
        for package, folder in FOLDERS.items()
        for name in {path.name for path in (ROOT / folder).glob("*.py")} | data_files(package)
    }
    assert {name for name in in_wheel if ".dist-info/" not in name} == expected


def test_the_wheel_holds_the_weights_that_are_used_and_no_others(in_wheel: set[str]) -> None:
    weights = "karyo_split/weights/"
    assert {"karyo_split/py.typed", f"{weights}manifest.json", f"{weights}segmenter.safetensors"} <= in_wheel
    assert not [name for name in in_wheel if name.startswith(tuple(weights + folder for folder in UNSHIPPED_WEIGHTS))]
    assert not [name for name in in_wheel if "tests" in name.split("/")]


def test_the_wheel_carries_its_licence(in_wheel: set[str]) -> None:
    assert [name for name in in_wheel if name.endswith(".dist-info/licenses/LICENSE")]


def test_two_builds_give_the_same_wheel(packages: Path, tmp_path: Path) -> None:
    """Of the same files, whenever and wherever they were copied: see `make release`."""
    shutil.copytree(ROOT, tmp_path / "source", ignore=MADE_HERE, copy_function=shutil.copy)  # times are of now
    build(tmp_path, "--wheel")
    (first,), (second,) = packages.glob("*.whl"), tmp_path.glob("*.whl")
    assert first.read_bytes() == second.read_bytes()


def test_the_source_distribution_is_complete(in_sdist: set[str]) -> None:
    beside = ["tests", "docs", "examples", "benchmarks"]
    files = [path for top in beside for path in (ROOT / top).rglob("*") if path.is_file()]
    files += [path for folder in FOLDERS.values() for path in (ROOT / folder).glob("*.py")]
    expected = {path.relative_to(ROOT).as_posix() for path in files if "__pycache__" not in path.parts}
    expected |= {f"{folder}/{name}" for package, folder in FOLDERS.items() for name in data_files(package)}
    expected |= {"README.md", "CHANGELOG.md", "CITATION.cff", "CONTRIBUTING.md", "LICENSE", "Makefile", "mkdocs.yml"}
    assert expected <= in_sdist


def test_one_version_is_named_everywhere() -> None:
    version = PROJECT["project"]["version"]
    assert f"\nversion: {version}\n" in (ROOT / "CITATION.cff").read_text(encoding="utf-8")
    changes = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    assert changes.split("\n## [")[1].startswith(f"{version}]")


def test_the_site_leads_to_every_page_and_to_no_other() -> None:
    """Strict mode finds broken links, but not a page that the navigation names and that is not there."""
    named = re.findall(r": (\S+\.md)$", (ROOT / "mkdocs.yml").read_text(encoding="utf-8"), re.MULTILINE)
    assert sorted(named) == sorted(path.relative_to(ROOT / "docs").as_posix() for path in (ROOT / "docs").rglob("*.md"))
