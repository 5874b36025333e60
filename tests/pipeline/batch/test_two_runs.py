"""Two runs into one folder: nothing finished is lost or changed."""

from __future__ import annotations

import signal
import subprocess
import sys
from dataclasses import asdict
from pathlib import Path

import numpy as np
import pytest
import tifffile
from karyo_split.core.locks import held
from karyo_split.pipeline.batch import run_batch
from karyo_split.pipeline.batch.inputs import Job
from karyo_split.pipeline.batch.run_batch import LOCK_FILE, Task, split_task
from karyo_split.pipeline.progress import Progress
from karyo_split.pipeline.records import NormalisationInfo
from karyo_split.pipeline.result import SplitResult
from karyo_split.pipeline.settings import SplitSettings
from karyo_split.pipeline.slide.slide import Slide
from karyo_split.pipeline.writers.summary import SummaryRow, add_to_summary, read_summary

HOLDS = """
import sys, time
from pathlib import Path
from karyo_split.core.locks import held
with held(Path(sys.argv[1])) as mine:
    print(mine, flush=True)
    time.sleep(60)
"""
SETTINGS = SplitSettings()


class Nothing:
    """Finds nothing; a run that ends before it is asked never loads networks."""

    def split(self, slide: Slide, progress: Progress | None) -> SplitResult:
        return SplitResult(
            name=slide.info.name, shape=slide.shape, pixel_size_um=None, chromosomes=(), boxes=(), length_px=30.0,
            normalisation=NormalisationInfo("bright", 1.0, 1.0), metaphases=(), settings=asdict(SETTINGS),
            versions={"karyo-split": "0"}, weights={}, warnings=(),
        )  # fmt: skip


@pytest.fixture
def job(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Job:
    monkeypatch.setattr(run_batch, "splitter_of", lambda settings: Nothing())
    tifffile.imwrite(tmp_path / "a.tif", np.zeros((20, 20), np.uint8))
    return Job(tmp_path / "a.tif", tmp_path / "out" / "a")


def test_a_slide_that_another_run_writes_is_left_to_it(job: Job) -> None:
    job.folder.mkdir(parents=True)
    task = Task(job, SETTINGS, ("csv",))
    with subprocess.Popen(
        [sys.executable, "-P", "-c", HOLDS, str(job.folder / LOCK_FILE)], stdout=subprocess.PIPE, text=True
    ) as other:
        assert other.stdout is not None and other.stdout.readline() == "True\n"
        error = split_task(task).error
        assert error is not None and "another run writes to" in error
        assert [path.name for path in job.folder.iterdir()] == [LOCK_FILE]
        other.send_signal(signal.SIGKILL)  # the lock ends with it, the file stays
    assert split_task(task).error is None
    assert (job.folder / "run.json").is_file() and not (job.folder / LOCK_FILE).exists()


def test_what_another_run_finished_meanwhile_stays_as_it_is(job: Job) -> None:
    assert split_task(Task(job, SETTINGS, ("csv",), was_unfinished=True)).error is None
    (job.folder / "chromosomes.csv").write_text("of the other run")
    error = split_task(Task(job, SETTINGS, ("csv",), was_unfinished=True)).error
    assert error is not None and "another run finished" in error
    assert (job.folder / "chromosomes.csv").read_text() == "of the other run"
    assert split_task(Task(job, SETTINGS, ("csv",))).error is None
    assert (job.folder / "chromosomes.csv").read_text() != "of the other run"


def test_a_lock_that_a_killed_run_left_goes_when_the_batch_is_taken_up(job: Job) -> None:
    assert split_task(Task(job, SETTINGS, ("csv",))).error is None
    (job.folder / LOCK_FILE).touch()
    record = run_batch.read_run(job.folder)
    assert record is not None and run_batch._skipped(job, record).skipped
    assert not (job.folder / LOCK_FILE).exists()


def test_a_failure_leaves_no_empty_folder(job: Job, monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(settings: SplitSettings) -> Nothing:
        raise MemoryError("none left")

    monkeypatch.setattr(run_batch, "splitter_of", fails)
    assert split_task(Task(job, SETTINGS, ("csv",))).error == "none left"
    assert not job.folder.exists()


def test_runs_wait_for_each_other_s_summary(tmp_path: Path) -> None:
    rows = [SummaryRow(f"{number}.tif", str(tmp_path / f"{number}"), None, 1.0, "damaged") for number in range(2)]
    for row in rows:
        add_to_summary([row], tmp_path)
    assert read_summary(tmp_path / "summary.csv") == [rows[1], rows[0]]
    assert [path.name for path in tmp_path.iterdir()] == ["summary.csv"]
    with held(tmp_path / "a") as first, held(tmp_path / "a") as second:
        assert first and not second
