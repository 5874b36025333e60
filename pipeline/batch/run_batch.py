"""Splits many slides; one that cannot be read costs that one only."""

from __future__ import annotations

import tempfile
import threading
import time
import traceback
from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

from ... import weights
from ...core.atomic import write_text
from ...core.errors import KaryoSplitError, OutputError, UsageError
from ...core.locks import held
from ..records import Counts
from ..review.edit_log import EDITS_FILE
from ..settings import SplitSettings
from ..write_folder import is_complete, remove_remains
from ..writers.run_file import RUN_FILE
from ..writers.run_record import RunRecord, read_run
from ..writers.summary import SummaryRow, told
from .inputs import Job
from .workers import Workers, in_parallel

if TYPE_CHECKING:
    from ..split import Splitter


TRACES_FILE = "errors.log"
LOCK_FILE = ".split.lock"
"""Of a slide's folder while a run writes to it."""


@dataclass(frozen=True)
class Outcome:
    """How one slide ended."""

    job: Job
    """The slide and its folder."""
    counts: Counts = field(default_factory=Counts)
    """What was found on it."""
    seconds: float = 0.0
    """Spent on it in this run."""
    error: str | None = None
    """One line; None where its folder is complete."""
    skipped: bool = False
    """Whether its folder was complete before."""
    stages: tuple[tuple[str, float], ...] = ()
    """Seconds by stage, in order."""
    warnings: tuple[str, ...] = ()
    """What the result says is uncertain about the slide as a whole."""
    trace: str = ""
    """Traceback of an error that nobody foresaw."""
    signed: str = ""
    """Who signed it after a review, and when; empty where nobody did."""

    @property
    def row(self) -> SummaryRow:
        """Its row of summary.csv."""
        return SummaryRow(
            slide=str(self.job.slide),
            folder=str(self.job.folder),
            counts=None if self.error is not None else self.counts,
            seconds=self.seconds,
            error=self.error or "",
            signed=self.signed,
            warnings=told(self.warnings),
        )


@dataclass(frozen=True)
class Task:
    """One slide to split, with all that a worker needs to know."""

    job: Job
    """The slide and its folder."""
    settings: SplitSettings
    """What the user chose."""
    formats: tuple[str, ...]
    """Some of `write_folder.FORMATS`."""
    resume: bool = False
    """Whether a folder that is complete and current is left as it is."""
    was_unfinished: bool = False
    """Whether its folder was incomplete when the run began: what another run finishes meanwhile is left as it is."""


def check_writable(folder: Path) -> None:
    """Make the folder and try it, before any time is spent.

    Raises
    ------
    OutputError
        Where nothing can be written to it.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            pass
    except OSError as problem:
        raise OutputError(
            f"the output folder {folder} cannot be written: {problem.strerror}: name another --out"
        ) from problem


def check_finished(jobs: Sequence[Job], resume: bool, overwrite: bool) -> None:
    """Refuse to touch finished folders without being told what to do with them.

    Parameters
    ----------
    jobs
        The slides and their folders.
    resume, overwrite
        What the user wants of finished folders.

    Raises
    ------
    UsageError
        Where folders are complete and neither `resume` nor `overwrite` says what to do, or both do.
    """
    if resume and overwrite:
        raise UsageError("--resume keeps finished folders, --overwrite replaces them: give one of the two")
    done = [job for job in jobs if is_complete(job.folder)]
    if done and not (resume or overwrite):
        raise UsageError(
            f"{done[0].folder} holds a finished result"
            + (f" (and {len(done) - 1} more)" if len(done) > 1 else "")
            + ": give --resume to keep it or --overwrite to replace it"
        )


def write_traces(outcomes: Sequence[Outcome], folder: Path) -> None:
    """Write the tracebacks of errors that nobody foresaw to errors.log in a folder, where there are any.

    Parameters
    ----------
    outcomes
        Of a batch.
    folder
        Of the batch.

    Raises
    ------
    OutputError
        Where that cannot be written.
    """
    traces = [f"{outcome.job.slide}\n{outcome.trace}" for outcome in outcomes if outcome.trace]
    if traces:
        write_text(folder / TRACES_FILE, "\n".join(traces))


def finished_since(moment: float, jobs: Sequence[Job], outcomes: Sequence[Outcome]) -> list[Outcome]:
    """Slides that are finished though nobody was told: workers finish some while a run is interrupted.

    Parameters
    ----------
    moment
        When the run began, in seconds since the epoch.
    jobs
        Of the run.
    outcomes
        That are known.
    """
    known = {outcome.job for outcome in outcomes}
    finished = []
    for job in (job for job in jobs if job not in known):
        record = read_run(job.folder)
        if record is not None and (job.folder / RUN_FILE).stat().st_mtime >= moment:
            finished.append(Outcome(job, record.counts, warnings=record.warnings))
    return finished


def in_order(outcomes: Sequence[Outcome], jobs: Sequence[Job]) -> list[Outcome]:
    """Sort outcomes as the slides were given, whatever order they ended in."""
    place = {job: number for number, job in enumerate(jobs)}
    return sorted(outcomes, key=lambda o: place[o.job])


def run(
    tasks: Sequence[Task], workers: Workers | None, progress: Callable[[str, int, int], None] | None = None
) -> Generator[Outcome, None, None]:
    """Split slides and write their folders, yielding each outcome as it comes.

    Parameters
    ----------
    workers
        None works in this process.
    progress
        See `split.Progress`; called only where this process works.

    Raises
    ------
    WeightsError
        Before the first slide, where weights are missing or altered.
    DeviceError
        Where this process works and the machine does not have the device.
    """
    if workers is None:
        if any(not (task.resume and is_complete(task.job.folder)) for task in tasks):
            splitter_of(tasks[0].settings)
        for task in tasks:
            yield split_task(task, progress)
        return
    for settings in {task.settings for task in tasks}:
        check_weights(settings)
    with closing(in_parallel(split_task, tasks, workers)) as answers:
        for task, answer in answers:
            if isinstance(answer, Exception):
                yield Outcome(task.job, error=f"the worker stopped: {answer or type(answer).__name__}")
            else:
                yield answer


def split_task(task: Task, progress: Callable[[str, int, int], None] | None = None) -> Outcome:
    """Split one slide and write its folder, in whatever process this is.

    Parameters
    ----------
    task
        The slide, and all that is needed to split it.
    progress
        See `progress.Progress`.
    """
    since = time.perf_counter()
    try:
        return replace(_split(task, progress), seconds=time.perf_counter() - since)
    except (KaryoSplitError, OSError, MemoryError) as problem:
        error = " ".join(str(problem).split()) or type(problem).__name__
        return Outcome(task.job, seconds=time.perf_counter() - since, error=error)
    except Exception as problem:  # whatever is wrong with one slide, the others are split
        told = " ".join(str(problem).split())[:200]
        error = f"an error that was not foreseen, {type(problem).__name__}: {told}: see {TRACES_FILE}, and report it"
        return Outcome(task.job, seconds=time.perf_counter() - since, error=error, trace=traceback.format_exc())


def _split(task: Task, progress: Callable[[str, int, int], None] | None) -> Outcome:
    from ..slide.slide import Slide
    from ..write_folder import write_result
    from ..writers.run_file import RunFacts

    job, settings = task.job, task.settings
    started = datetime.now(UTC)
    with Slide.open(job.slide, settings.page, settings.channel, settings.max_pixels) as slide:
        sha256 = weights.sha256_of(job.slide)
        others = {path.name: weights.sha256_of(path) for path in slide.info.others}
        record = read_run(job.folder) if task.resume else None
        if record is not None and record.repeats(sha256, others, settings, task.formats):
            return _skipped(job, record)
        with _alone_in(job.folder):
            if (job.folder / EDITS_FILE).exists():
                raise OutputError(
                    f"{job.folder} holds a review by hand, which splitting again would lose: name another --out, "
                    "or move that folder away"
                )
            if task.was_unfinished and is_complete(job.folder):
                raise OutputError(f"another run finished {job.folder} meanwhile: its result was left as it is")
            remove_remains(job.folder)
            splitter = splitter_of(settings)
            opened = time.perf_counter()
            result = splitter.split(slide, progress)
            facts = RunFacts(job.slide, sha256, started.isoformat(timespec="seconds"), others)
            write_result(result, slide, job.folder, task.formats, facts)
    writing = time.perf_counter() - opened - sum(result.seconds.values())
    return Outcome(
        job,
        result.counts,
        stages=(*result.seconds.items(), ("write", writing)),
        warnings=result.warnings,
    )


@contextmanager
def _alone_in(folder: Path) -> Iterator[None]:
    """Keep other runs out of a slide's folder, which is made where it is missing, and gone again if nothing is written.

    Raises
    ------
    OutputError
        Where another run writes to it, or it cannot be made.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as problem:
        raise OutputError(f"the output folder {folder} cannot be written: {problem.strerror}") from problem
    try:
        with held(folder / LOCK_FILE) as mine:
            if not mine:
                raise OutputError(f"another run writes to {folder} now: let it end, or name another --out")
            yield
    finally:
        with suppress(OSError):
            folder.rmdir()


def _skipped(job: Job, record: RunRecord) -> Outcome:
    if (job.folder / LOCK_FILE).exists():  # of a run that was killed when all but this was done
        with held(job.folder / LOCK_FILE):
            pass
    signed = record.review.signed if record.review else None
    return Outcome(job, record.counts, skipped=True, warnings=record.warnings, signed=str(signed or ""))


def check_weights(settings: SplitSettings) -> None:
    """Refuse weights that are missing or altered here, once, and not by every worker.

    Raises
    ------
    WeightsError
        Where they are.
    """
    folder = Path(settings.weights_folder) if settings.weights_folder else weights.FOLDER
    for name in ("detector", "segmenter"):
        weights.verify(weights.entry_named(name, folder), folder)


_loading = threading.Lock()


def splitter_of(settings: SplitSettings) -> Splitter:
    """The networks of this process, loaded when they are first asked for."""
    with _loading:
        return _load(settings)


@lru_cache(maxsize=1)
def _load(settings: SplitSettings) -> Splitter:
    from ..split import Splitter

    return Splitter(settings)
