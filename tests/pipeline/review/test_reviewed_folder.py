"""A folder under review: what is written, what is refused, and that nothing is lost."""

from __future__ import annotations

import csv
import json
import multiprocessing
import os
import shutil
import signal
import threading
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import tifffile
from filelock import FileLock
from karyo_split.core.errors import FolderInUse, InputError, UsageError
from karyo_split.pipeline.export_folder import export_folder
from karyo_split.pipeline.read_folder import read_result
from karyo_split.pipeline.review import verbs
from karyo_split.pipeline.review.lock import FolderLock
from karyo_split.pipeline.review.session import ReviewSession
from karyo_split.pipeline.verify_folder import verify_folders
from karyo_split.pipeline.writers.summary import LOCK_FILE, SUMMARY_FILE, read_summary, write_summary

from ...commands import run
from ...schemas import check_folder
from .made import make_folder


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return make_folder(tmp_path)


def edited(folder: Path) -> ReviewSession:
    """A session with one edit of each kind that changes the count."""
    session = ReviewSession.open(folder, "Ann")
    session.edit(lambda desk: verbs.accept(desk, [1]))
    session.edit(lambda desk: verbs.split(desk, 2, [(25, 35), (25, 60)]))
    session.edit(lambda desk: verbs.delete(desk, [3]))
    session.edit(lambda desk: verbs.note(desk, 4, "bent"))
    session.undo()
    return session


def contents(folder: Path) -> dict[str, bytes]:
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and not path.name.startswith(".")
    }


def test_reviewed_files_follow_their_schemas(folder: Path) -> None:
    check_folder(folder)
    edited(folder).close()
    assert "review" in json.loads((folder / "run.json").read_text())
    check_folder(folder)


def test_files_follow_the_edits(folder: Path) -> None:
    before = contents(folder)
    session = edited(folder)
    assert contents(folder)["chromosomes.json"] == before["chromosomes.json"], "the log comes first"
    session.close()
    after = contents(folder)
    assert {name: after[f"original/{name}"] for name in ("chromosomes.json", "metaphases.csv", "run.json")} == {
        name: before[name] for name in ("chromosomes.json", "metaphases.csv", "run.json")
    }
    result = read_result(folder)
    assert [c.id for c in result.chromosomes] == [1, 2, 4, 5, 6, 7]
    assert [c.review for c in result.chromosomes] == ["accepted", "edited", "", "", "", "edited"]
    assert result.chromosomes[0].flags == () and result.chromosomes[1].score == 1.0
    assert sum(c.area_px for c in result.chromosomes if c.id in (2, 7)) == 240
    assert result.metaphases[0].chromosomes == 6
    review = result.review
    assert review is not None and review.reviewed_by == ("Ann",)
    assert review.edits == {"accept": 1, "delete": 1, "split": 1} and review.lines == 5
    rows = list(csv.DictReader((folder / "chromosomes.csv").open()))
    assert [row["review"] for row in rows] == [c.review for c in result.chromosomes]
    assert set(np.unique(tifffile.imread(folder / "masks.ome.tif"))) == {0, 1, 2, 4, 5, 6, 7}
    assert "accept 1, delete 1, split 1" in (folder / "report.html").read_text()
    (row,) = csv.DictReader((folder.parent / "summary.csv").open())
    assert (row["chromosomes"], row["signed"]) == ("6", "")
    run_file = json.loads(after["run.json"])
    assert run_file["counts"]["chromosomes"] == 6 and run_file["input"] == json.loads(before["run.json"])["input"]
    assert not next(verify_folders(folder)).changes


def test_the_same_log_gives_the_same_bytes(folder: Path, tmp_path: Path) -> None:
    copy = shutil.copytree(tmp_path, tmp_path.with_name(f"{tmp_path.name}-copy")) / "masks" / "a"
    summary = copy.parent / "summary.csv"
    summary.write_text(summary.read_text().replace(str(tmp_path), str(copy.parents[1])))
    edited(folder).close()
    shutil.copytree(folder / "original", copy / "original")
    shutil.copyfile(folder / "edits.jsonl", copy / "edits.jsonl")
    ReviewSession.open(copy, "Bob").close()
    assert contents(copy) == contents(folder)


def test_undoing_all_gives_back_the_first_answer(folder: Path) -> None:
    before = contents(folder)
    session = edited(folder)
    session.write()
    while session.state.done:
        session.undo()
    session.close()
    after = contents(folder)
    for name in ("chromosomes.json", "chromosomes.csv", "metaphases.csv", "masks.ome.tif", "preview.png"):
        assert after[name] == before[name]


def test_signing_waits_for_all_that_is_flagged(tmp_path: Path) -> None:
    folder = make_folder(tmp_path, expect=7)
    session = ReviewSession.open(folder, "Ann")
    left = session.left()
    assert left.spreads == (1,) and len(left.chromosomes) == 3
    with pytest.raises(UsageError, match="3 flagged chromosomes and 1 flagged metaphase not reviewed"):
        session.sign()
    session.edit(lambda desk: verbs.accept(desk, left.chromosomes))
    session.edit(lambda desk: verbs.accept_spread(desk, session.spreads()[0].ids))
    session.edit(lambda desk: verbs.delete(desk, [6]))
    with pytest.raises(UsageError, match="1 flagged metaphase not"):
        session.sign()  # its count changed since it was accepted
    session.edit(lambda desk: verbs.accept_spread(desk, session.spreads()[0].ids))
    session.sign()
    session.close()
    result = read_result(folder)
    assert result.review is not None and result.review.signed is not None
    assert result.review.signed.name == "Ann" and result.review.signed.chromosomes == 5
    assert "Reviewed and signed by Ann" in (folder / "report.html").read_text()
    (row,) = csv.DictReader((folder.parent / "summary.csv").open())
    assert row["signed"].startswith("Ann, 20")


def test_the_second_person_is_told_of_the_first_and_may_look(folder: Path) -> None:
    first = ReviewSession.open(folder, "Ann")
    with pytest.raises(FolderInUse, match=r"under review by Ann \(on .*, since 20"):
        FolderLock(folder, "Bob")
    second = ReviewSession.open(folder, "Bob")
    assert second.read_only and "Ann" in second.doubts[0]
    with pytest.raises(InputError, match="looked at only"):
        second.edit(lambda desk: verbs.accept(desk, [1]))
    second.close()
    first.edit(lambda desk: verbs.accept(desk, [1]))
    first.close()
    third = ReviewSession.open(folder, "Bob")
    assert not third.read_only and third.state.conditions[1].status == "accepted"
    third.close()


def test_a_page_that_is_behind_is_told(folder: Path) -> None:
    session = ReviewSession.open(folder, "Ann")
    session.edit(lambda desk: verbs.accept(desk, [1]), seen=0)
    with pytest.raises(InputError, match="another page"):
        session.edit(lambda desk: verbs.accept(desk, [2]), seen=0)
    session.close()


def _edit_and_die(folder: Path) -> None:
    session = edited(folder)
    assert len(session.state.edits) == 5
    os.kill(os.getpid(), signal.SIGKILL)


def test_two_reviews_of_one_batch_keep_each_others_rows(folder: Path) -> None:
    """What another one writes to summary.csv, while this one waits for its turn, stays."""
    summary = folder.parent / SUMMARY_FILE
    (mine,) = read_summary(summary)
    session = edited(folder)
    with FileLock(folder.parent / LOCK_FILE):
        writing = threading.Thread(target=session.close)
        writing.start()
        writing.join(1.0)
        assert writing.is_alive(), "it waits"
        write_summary([mine, replace(mine, folder="masks/b", signed="Bob, now")], folder.parent)
    writing.join(60)
    rows = read_summary(summary)
    assert [row.signed for row in rows] == ["", "Bob, now"] and rows[0].counts != mine.counts == rows[1].counts


def test_a_spread_stays_cut_by_the_frame_that_was_found_until_it_is_drawn_anew(folder: Path) -> None:
    session = ReviewSession.open(folder, "Ann")
    assert "edge" not in session.spreads()[0].metaphase.flags
    session.first[1] = replace(session.first[1], flags=("edge",))
    assert "edge" in session.spreads()[0].metaphase.flags
    session.edit(lambda desk: verbs.add(desk, 1, [(25, 20)], 3.0))
    assert "edge" not in session.spreads()[0].metaphase.flags
    session.close()


def test_a_killed_process_loses_no_edit_and_leaves_no_lock(folder: Path) -> None:
    process = multiprocessing.get_context("fork").Process(target=_edit_and_die, args=(folder,))
    process.start()
    process.join(60)
    assert process.exitcode == -signal.SIGKILL
    assert "5 edits and the files are of 0" in next(verify_folders(folder)).changes[0]
    with pytest.raises(InputError, match="edits that its files do not show"):
        export_folder(folder, ("geojson",))
    session = ReviewSession.open(folder, "Bob")
    assert not session.read_only and len(session.state.edits) == 5
    session.close()
    assert not next(verify_folders(folder)).changes
    export_folder(folder, ("geojson", "rois"))
    assert len(json.loads((folder / "chromosomes.geojson").read_text())["features"]) == 6


def test_later_exports_follow_later_edits(folder: Path) -> None:
    edited(folder).close()
    export_folder(folder, ("geojson",))
    session = ReviewSession.open(folder, "Ann")
    session.edit(lambda desk: verbs.delete(desk, [1]))
    session.close()
    assert len(json.loads((folder / "chromosomes.geojson").read_text())["features"]) == 5
    assert not next(verify_folders(folder)).changes


DOUBTS: dict[str, Callable[[Path], object]] = {
    "is not found at": lambda top: (top / "slides/a.tif").unlink(),
    "its SHA-256 differs": lambda top: (top / "slides/a.tif").write_bytes(b"other"),
    "chromosomes.json was changed": lambda top: _replace(
        top / "masks/a/chromosomes.json", '"area": 240', '"area": 239'
    ),
    "it was made by karyo-split 0.0.1": lambda top: _replace(
        top / "masks/a/run.json", '"karyo-split": "', '"karyo-split": "0.0.1", "old": "'
    ),
}


def _replace(path: Path, old: str, new: str) -> None:
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new, 1))


@pytest.mark.parametrize("told", DOUBTS)
def test_a_folder_in_doubt_may_be_looked_at_only(tmp_path: Path, folder: Path, told: str) -> None:
    DOUBTS[told](tmp_path)
    session = ReviewSession.open(folder, "Ann")
    assert session.read_only and told in session.doubts[0]
    session.close()
    assert not (folder / "edits.jsonl").exists()


REFUSALS: dict[str, Callable[[Path], object]] = {
    "is not finished": lambda folder: (folder / "run.json").unlink(),
    "not as karyo-split wrote it, from line 2": lambda folder: _replace(folder / "edits.jsonl", "Ann", "Eve"),
    "is not the answer that": lambda folder: _replace(folder / "original/chromosomes.json", '"area": 240', '"area": 9'),
    "cannot be read": lambda folder: (folder / "original/chromosomes.json").unlink(),
}


@pytest.mark.parametrize("told", REFUSALS)
def test_a_folder_that_is_not_what_it_was_is_refused(folder: Path, told: str) -> None:
    edited(folder).close()
    REFUSALS[told](folder)
    with pytest.raises(InputError, match=told):
        ReviewSession.open(folder, "Ann")
    FolderLock(folder, "Bob").release()


def test_edits_that_were_lost_show(folder: Path) -> None:
    edited(folder).close()
    lines = (folder / "edits.jsonl").read_text().splitlines(keepends=True)
    (folder / "edits.jsonl").write_text("".join(lines[:-1]))
    session = ReviewSession.open(folder, "Ann")
    assert session.read_only and "has lost edits: the files are of 5" in session.doubts[0]
    session.close()
    (folder / "edits.jsonl").unlink()
    session = ReviewSession.open(folder, "Ann")
    assert session.read_only and "edits.jsonl is gone" in session.doubts[0]
    session.close()


def test_splitting_again_keeps_a_review(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    edited(folder).close()
    before = contents(folder)
    slide, out = folder.parents[1] / "slides" / "a.tif", folder.parent
    for option in ("--overwrite", "--resume"):  # it was made by other means than a split would be: not the same run
        assert run("split", slide, "--out", out, option, "--device", "cpu") != 0
        assert "holds a review by hand" in capsys.readouterr().err
        assert contents(folder) == before
