from __future__ import annotations

from pathlib import Path

import pytest
from karyo_split.core.errors import SlideNotFound, UsageError
from karyo_split.pipeline.batch.inputs import collect, natural_key


def test_trees_are_mirrored_in_natural_order_and_our_files_left_out(tmp_path: Path) -> None:
    for name in ("b10.tif", "b9.tif", "deep/a.png", "masks/b9/preview.png", "done/run.json", "done/preview.png"):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
    jobs = collect([str(tmp_path)], tmp_path / "masks")
    assert [j.folder.relative_to(tmp_path / "masks").as_posix() for j in jobs] == ["b9", "b10", "deep/a"]
    assert [j.slide.name for j in collect([str(tmp_path / "b*.tif")], tmp_path / "o")] == ["b9.tif", "b10.tif"]
    with pytest.raises(SlideNotFound):
        collect([str(tmp_path / "c*.tif")], tmp_path / "o")


def test_slides_of_one_stem_get_folders_of_their_own(tmp_path: Path) -> None:
    for name in ("slide.tif", "slide.ome.tif", "other.tif", "deep/slide.tif"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).touch()
    out = tmp_path / "masks"
    folders = {job.slide.name: job.folder for job in collect([str(tmp_path / "*.tif")], out)}
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
    names = [str(tmp_path / "missing.tif"), str(tmp_path / "a.tif")]
    assert [j.slide.name for j in collect(["-"], tmp_path / "o", names)] == ["a.tif", "missing.tif"]
    with pytest.raises(SlideNotFound):
        collect(["-"], tmp_path / "o", names[:1])


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
        path.touch()
    assert [job.slide.name for job in collect([str(tmp_path)], tmp_path / "masks")] == ["new.tif"]
