"""Batches that are ended from outside, in real processes; the work is a stand-in, so that nothing heavy is imported."""

from __future__ import annotations

import csv
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from ...commands import run

LONGEST = 60
"""Seconds, on a busy machine."""

WORKERS = """
import multiprocessing, threading, time
from karyo_split.pipeline.batch.workers import LocalProcesses, in_parallel
def say():
    while len(children := multiprocessing.active_children()) < 2:
        time.sleep(0.01)
    print(*(child.pid for child in children), flush=True)
if __name__ == "__main__":
    threading.Thread(target=say).start()
    list(in_parallel(time.sleep, [300.0] * 3, LocalProcesses(2)))
"""

COMMAND = """
import sys, time
from karyo_split.pipeline.batch import run_batch
from karyo_split.pipeline.batch.run_batch import Outcome
from karyo_split.pipeline.cli import main
from karyo_split.pipeline.records import Counts
def split_task(task, progress):
    if task.job.slide.stem == "a":
        return Outcome(task.job, Counts(chromosomes=46))
    print("at work", flush=True)
    time.sleep(300)
run_batch.split_task = split_task
run_batch.splitter_of = lambda settings: None
main(sys.argv[1:])
"""


def started(script: str, *arguments: object) -> subprocess.Popen[str]:
    """A script in a process of its own, that hears signals even where this suite runs in a shell's background."""
    return subprocess.Popen(
        [sys.executable, "-P", script, *map(str, arguments)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )


def alive(number: int) -> bool:
    """True for a process that works; one that nobody asked how it ended is dead too."""
    try:
        return Path(f"/proc/{number}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="needs /proc to see processes that are no children")
@pytest.mark.parametrize("kind", [signal.SIGKILL, signal.SIGINT])
def test_workers_end_with_their_parent_however_that_ends(tmp_path: Path, kind: signal.Signals) -> None:
    (tmp_path / "batch.py").write_text(WORKERS)
    with started(str(tmp_path / "batch.py")) as process:
        assert process.stdout is not None
        workers = [int(number) for number in process.stdout.readline().split()]
        assert len(workers) == 2 and all(map(alive, workers))
        process.send_signal(kind)
        process.wait(LONGEST)
    until = time.monotonic() + LONGEST
    while any(map(alive, workers)):
        assert time.monotonic() < until, "workers live on without their parent"
        time.sleep(0.05)


@pytest.mark.parametrize("kind", [signal.SIGINT, signal.SIGTERM])
def test_a_polite_end_writes_the_summary_of_what_is_finished(tmp_path: Path, kind: signal.Signals) -> None:
    (tmp_path / "a.tif").touch()
    (tmp_path / "b.tif").touch()
    (tmp_path / "command.py").write_text(COMMAND)
    with started(str(tmp_path / "command.py"), tmp_path, "--out", tmp_path / "out") as process:
        assert process.stdout is not None and process.stderr is not None
        assert process.stdout.readline() == "at work\n"
        process.send_signal(kind)
        assert process.wait(LONGEST) == 130
        assert process.stderr.read().strip().endswith("--resume does the rest")
    rows = list(csv.DictReader((tmp_path / "out" / "summary.csv").open()))
    assert [(Path(row["slide"]).name, row["chromosomes"]) for row in rows] == [("a.tif", "46")]


def test_an_error_at_the_start_leaves_an_earlier_summary_as_it_is(tmp_path: Path) -> None:
    (tmp_path / "a.tif").touch()
    (tmp_path / "b.tif").touch()
    summary = tmp_path / "out" / "summary.csv"
    summary.parent.mkdir()
    for text in ("slide,folder\nmy,own\n", ""):
        summary.write_text(text)
        assert run(tmp_path, "--out", summary.parent, "--weights", tmp_path, "--jobs", "2") == 2
        assert summary.read_text() == text


def test_what_workers_finished_unheard_is_in_the_summary(tmp_path: Path) -> None:
    from karyo_split.pipeline.batch.inputs import Job
    from karyo_split.pipeline.batch.run_batch import Outcome, finished_since

    jobs = [Job(Path(f"{name}.tif"), tmp_path / name) for name in "abcd"]
    record = """{"input": {"sha256": ""}, "settings": {}, "formats": [], "versions": {"karyo-split": ""}, "weights": {},
        "counts": {"chromosomes": 7, "metaphases": 1, "flagged": 0, "flagged_metaphases": 0},
        "warnings": ["odd", "dark"]}"""
    for job in jobs[:3]:
        job.folder.mkdir()
        (job.folder / "run.json").write_text(record)
    os.utime(jobs[1].folder / "run.json", (1, 1))
    found = finished_since(time.time() - 100, jobs, [Outcome(jobs[0])])
    assert [(outcome.job, outcome.counts.chromosomes, outcome.row.warnings) for outcome in found] == [
        (jobs[2], 7, "odd; dark")
    ]
    (jobs[2].folder / "run.json").write_text(record.replace('"warnings": ["odd", "dark"]', '"of": "an earlier state"'))
    (earlier,) = finished_since(time.time() - 100, jobs, [Outcome(jobs[0])])
    assert earlier.row.warnings == ""


def test_a_warning_of_several_lines_leaves_the_summary_whole(tmp_path: Path) -> None:
    from karyo_split.pipeline.batch.inputs import Job
    from karyo_split.pipeline.batch.run_batch import Outcome
    from karyo_split.pipeline.writers.summary import SUMMARY_FILE, read_summary, write_summary

    rows = [Outcome(Job(Path(f"{n}.tif"), tmp_path / n), warnings=("a\rb.tif is missing", "c\nd")).row for n in "ab"]
    write_summary(rows, tmp_path)
    assert [row.warnings for row in read_summary(tmp_path / SUMMARY_FILE)] == ["a b.tif is missing; c d"] * 2
