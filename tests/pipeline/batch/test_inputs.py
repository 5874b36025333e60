from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import tifffile
from karyo_split.core.errors import SlideNotFound, UsageError
from karyo_split.pipeline.batch.inputs import Found, collect, natural_key
from karyo_split.pipeline.batch.search import Why, lines_about

OURS = '{"versions": {"karyo-split": "0.1.0"}}'
"""What is enough for a run.json of ours."""


def put(*paths: Path) -> None:
    """Make empty files, and the folders that they lie in."""
    for path in paths:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()


def told(found: Found, top: Path) -> dict[str, str]:
    """Why each path below a folder was left out."""
    return {each.path.relative_to(top).as_posix(): each.why.name for each in found.left_out}


def names(found: Found, top: Path) -> list[str]:
    """The slides below a folder."""
    return [job.slide.relative_to(top).as_posix() for job in found.jobs]


def test_trees_are_mirrored_in_natural_order_and_our_files_left_out(tmp_path: Path) -> None:
    for name in ("b10.tif", "b9.tif", "deep/a.png", "masks/b9/preview.png", "done/run.json", "done/preview.png"):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(OURS)
    jobs = collect([str(tmp_path)], tmp_path / "masks").jobs
    assert [j.folder.relative_to(tmp_path / "masks").as_posix() for j in jobs] == ["b9", "b10", "deep/a"]
    assert [j.slide.name for j in collect([str(tmp_path / "b*.tif")], tmp_path / "o").jobs] == ["b9.tif", "b10.tif"]
    with pytest.raises(SlideNotFound):
        collect([str(tmp_path / "c*.tif")], tmp_path / "o")


def ome(path: Path, others: tuple[str, ...], images: int = 1) -> None:
    """A file of a set, each image of which lies in all its files."""
    data = "".join(
        f'<TiffData FirstC="{c}"><UUID FileName="{n}">urn:{n}</UUID></TiffData>' for c, n in enumerate(others)
    )
    image = f'<Image><Pixels DimensionOrder="XYZCT" SizeX="8" SizeY="8" SizeC="2">{data}</Pixels></Image>' * images
    text = f'<?xml version="1.0"?><OME xmlns="http://www.openmicroscopy.org/Schemas/OME/2016-06">{image}</OME>'
    tifffile.imwrite(path, np.zeros((8, 8), np.uint8), description=text, metadata=None)


def test_the_files_of_an_ome_set_are_split_once(tmp_path: Path) -> None:
    pair = ("x2.ome.tif", "x10.ome.tif")
    for name in pair:
        ome(tmp_path / name, pair)
    ome(tmp_path / "alone.ome.tif", ("alone.ome.tif",))
    ome(tmp_path / "gone.ome.tif", ("gone.ome.tif", "none.ome.tif"))
    put(tmp_path / "plain.tif", tmp_path / "damaged.ome.tif")
    found = collect([str(tmp_path)], tmp_path / "o")
    assert names(found, tmp_path) == ["alone.ome.tif", "damaged.ome.tif", "gone.ome.tif", "plain.tif", "x2.ome.tif"]
    assert told(found, tmp_path) == {"x10.ome.tif": "SET"}
    assert names(collect([str(tmp_path / "x10.ome.tif")], tmp_path / "o"), tmp_path) == ["x10.ome.tif"]


def test_a_set_of_several_images_is_left_to_the_user(tmp_path: Path) -> None:
    for name in ("a.ome.tif", "b.ome.tif"):
        ome(tmp_path / name, ("a.ome.tif", "b.ome.tif"), images=2)
    assert len(collect([str(tmp_path)], tmp_path / "o").jobs) == 2


def test_slides_of_one_stem_get_folders_of_their_own(tmp_path: Path) -> None:
    for name in ("slide.tif", "slide.ome.tif", "other.tif", "deep/slide.tif"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).touch()
    out = tmp_path / "masks"
    folders = {job.slide.name: job.folder for job in collect([str(tmp_path / "*.tif")], out).jobs}
    assert folders == {
        n: out / f
        for n, f in zip(
            ("slide.tif", "slide.ome.tif", "other.tif"), ("slide.tif", "slide.ome.tif", "other"), strict=True
        )
    }
    with pytest.raises(UsageError, match="would both be written"):
        collect([str(tmp_path / "slide.tif"), str(tmp_path / "deep" / "slide.tif")], out)


def test_of_several_names_a_wrong_one_waits_for_its_turn(tmp_path: Path) -> None:
    (tmp_path / "a.tif").touch()
    given = [str(tmp_path / "missing.tif"), str(tmp_path / "a.tif")]
    assert [j.slide.name for j in collect(["-"], tmp_path / "o", given).jobs] == ["a.tif", "missing.tif"]
    with pytest.raises(SlideNotFound):
        collect(["-"], tmp_path / "o", given[:1])


def test_natural_order() -> None:
    assert sorted(["s10", "s9", "S1b", "s1"], key=natural_key) == ["s1", "S1b", "s9", "s10"]


def test_nothing_of_a_finished_folder_is_taken_for_a_slide(tmp_path: Path) -> None:
    done = tmp_path / "earlier" / "slide"
    for path in (
        tmp_path / "new.tif",
        done / "run.json",
        done / "masks.ome.tif",
        done / "chromosomes" / "m01_c001.tif",
    ):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(OURS)
    assert [job.slide.name for job in collect([str(tmp_path)], tmp_path / "masks").jobs] == ["new.tif"]


def test_linked_folders_are_told_or_searched(tmp_path: Path) -> None:
    top, out = tmp_path / "in", tmp_path / "out"
    put(top / "real" / "a.tif", tmp_path / "elsewhere" / "z.tif")
    (top / "linked").symlink_to("../elsewhere")
    (top / "real" / "back").symlink_to("..")
    found = collect([str(top)], out)
    assert names(found, top) == ["real/a.tif"]
    assert told(found, top) == {"linked": "LINKED", "real/back": "LINKED"}
    found = collect([str(top)], out, follow_links=True)
    assert names(found, top) == ["linked/z.tif", "real/a.tif"]
    assert told(found, top) == {"real/back": "LOOP"}
    (tmp_path / "elsewhere" / "in").symlink_to(top)
    (top / "real" / "linked").symlink_to("../linked")
    assert "linked/z.tif" in names(collect([str(top)], out, follow_links=True), top)


def test_a_file_of_several_names_is_split_once_or_under_each(tmp_path: Path) -> None:
    put(tmp_path / ".o" / "h1")
    for name in ("caseB.tif", "caseA.tif"):
        (tmp_path / name).symlink_to(".o/h1")
    found = collect([str(tmp_path), str(tmp_path / "caseA.tif")], tmp_path / "out")
    assert names(found, tmp_path) == ["caseA.tif"]
    assert told(found, tmp_path) == {"caseB.tif": "SAME_FILE"}
    assert lines_about(found.left_out) == [f"1 left out: {Why.SAME_FILE} ({tmp_path / 'caseB.tif'})"]
    found = collect([str(tmp_path)], tmp_path / "out", follow_links=True)
    assert names(found, tmp_path) == ["caseA.tif", "caseB.tif"] and not found.left_out


def test_a_run_file_of_another_program_hides_nothing(tmp_path: Path) -> None:
    put(tmp_path / "day1" / "a.tif", tmp_path / "day2" / "b.tif")
    for text in ('{"scanner": 1}', "[1]", "", "[" * 100_000, '{"versions": 3}'):
        (tmp_path / "day1" / "run.json").write_text(text)
        assert names(collect([str(tmp_path)], tmp_path / "out"), tmp_path) == ["day1/a.tif", "day2/b.tif"]


def test_a_folder_that_cannot_be_searched_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    put(tmp_path / "locked" / "a.tif", tmp_path / "b.tif")
    usual = os.scandir

    def scandir(path: str) -> Iterator[os.DirEntry[str]]:
        if str(path).endswith("locked"):
            raise PermissionError(13, "Permission denied", str(path))
        return usual(path)

    monkeypatch.setattr(os, "scandir", scandir)
    found = collect([str(tmp_path)], tmp_path / "out")
    assert names(found, tmp_path) == ["b.tif"]
    assert told(found, tmp_path) == {"locked": "UNSEARCHABLE"}
    with pytest.raises(SlideNotFound, match="cannot be searched"):
        collect([str(tmp_path / "locked")], tmp_path / "out")


def test_a_pattern_below_a_folder_with_brackets(tmp_path: Path) -> None:
    put(tmp_path / "day [1]" / "a.tif", tmp_path / "day 1" / "b.tif", tmp_path / "day [1]" / "deep" / "c.czi")
    found = collect([str(tmp_path / "day [1]" / "*")], tmp_path / "out")
    assert names(found, tmp_path) == ["day 1/b.tif", "day [1]/a.tif"]
    assert told(found, tmp_path) == {"day [1]/deep": "FOLDER"}


def test_what_else_is_left_out(tmp_path: Path) -> None:
    top = tmp_path / "in"
    put(top / "a.tif", top / "._a.tif", top / "b.czi", top / "masks" / "a" / "preview.png", top / "notes.txt")
    os.mkfifo(top / "pipe.tif")
    (top / "gone.tif").symlink_to("nowhere")
    found = collect([str(top)], top / "masks")
    assert names(found, top) == ["a.tif", "gone.tif"]
    assert told(found, top) == {
        "._a.tif": "HIDDEN", "b.czi": "FORMAT", "masks/a/preview.png": "OWN", "pipe.tif": "NO_FILE",
    }  # fmt: skip
    put(top / "a" / "preview.png")
    assert told(collect([str(top)], top), top)["a/preview.png"] == "OWN"
    (top / "empty").mkdir()
    found = collect([str(top / "a.tif"), str(top / "empty"), str(top / "x*.tif")], tmp_path / "out")
    assert told(found, top) == {"empty": "EMPTY", "x*.tif": "NO_MATCH"}


def test_results_above_the_folder_are_no_reason_to_leave_it_out(tmp_path: Path) -> None:
    put(tmp_path / "in" / "a.tif")
    assert names(collect([str(tmp_path / "in")], tmp_path), tmp_path) == ["in/a.tif"]
