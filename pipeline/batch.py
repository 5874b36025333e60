"""Splits many slides; one that cannot be read costs that one only."""

from __future__ import annotations

import multiprocessing
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Executor, ProcessPoolExecutor, as_completed
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from ..errors import KaryoSplitError, UsageError
from ..weights import sha256_of
from .inputs import Job
from .writers.folder import is_complete

if TYPE_CHECKING:
    from .split import SplitSettings, Splitter


@dataclass(frozen=True)
class Outcome:
    """How one slide ended.

    error: None where its folder is complete; otherwise one line. skipped: its folder was complete before.
    """

    job: Job
    chromosomes: int = 0
    flagged: int = 0
    seconds: float = 0.0
    error: str | None = None
    skipped: bool = False


def plan(jobs: Sequence[Job], resume: bool, overwrite: bool) -> tuple[list[Job], list[Outcome]]:
    """What is to do, and what is already done.

    Raises UsageError where folders are complete and neither `resume` nor `overwrite` says what to do, or both do.
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
    if overwrite:
        return list(jobs), []
    finished = set(done)
    return [job for job in jobs if job not in finished], [Outcome(job, skipped=True) for job in done]


def run(
    jobs: Sequence[Job],
    settings: SplitSettings,
    formats: Sequence[str],
    workers: int,
    progress: Callable[[str], None] | None = None,
) -> Iterator[Outcome]:
    """Split slides and write their folders, yielding each outcome as it comes.

    workers: processes; 1 works in this one. progress: called with each stage's name, where workers is 1.
    Raises WeightsError or DeviceError before the first slide.
    """
    if not jobs:
        return
    if workers <= 1:
        from .split import Splitter

        splitter = Splitter(settings)
        for job in jobs:
            yield split_one(job, splitter, formats, progress)
        return
    threads = settings.threads or max(1, multiprocessing.cpu_count() // workers)
    with _processes(min(workers, len(jobs)), replace(settings, threads=threads)) as pool:
        tasks = {pool.submit(_split_in_worker, job, tuple(formats)): job for job in jobs}
        for task in as_completed(tasks):
            try:
                yield task.result()
            except Exception as problem:  # a worker that died: the slide is lost, the batch is not
                yield Outcome(tasks[task], error=f"the worker stopped: {problem or type(problem).__name__}")


def split_one(
    job: Job, splitter: Splitter, formats: Sequence[str], progress: Callable[[str], None] | None = None
) -> Outcome:
    """Split one slide and write its folder."""
    from .slide import Slide
    from .writers.folder import write_result
    from .writers.run import RunFacts

    started, since = datetime.now(UTC), time.perf_counter()
    try:
        result = splitter.split(job.slide, progress)
        facts = RunFacts(job.slide, sha256_of(job.slide), started.isoformat(timespec="seconds"))
        with Slide.open(job.slide, splitter.settings.page, splitter.settings.channel) as slide:
            write_result(result, slide, job.folder, formats, facts)
    except (KaryoSplitError, OSError, MemoryError) as problem:
        return Outcome(job, seconds=time.perf_counter() - since, error=str(problem) or type(problem).__name__)
    flagged = sum(bool(c.flags) for c in result.chromosomes)
    return Outcome(job, len(result.chromosomes), flagged, time.perf_counter() - since)


_splitter: Splitter | None = None


def _processes(workers: int, settings: SplitSettings) -> AbstractContextManager[Executor]:
    from .split import Splitter

    Splitter(settings)  # weights and device are refused here, once, not in every worker
    return ProcessPoolExecutor(
        workers, mp_context=multiprocessing.get_context("spawn"), initializer=_prepare_worker, initargs=(settings,)
    )


def _prepare_worker(settings: SplitSettings) -> None:
    global _splitter
    from .split import Splitter

    _splitter = Splitter(settings)


def _split_in_worker(job: Job, formats: tuple[str, ...]) -> Outcome:
    assert _splitter is not None, "the worker was not prepared"
    return split_one(job, _splitter, formats)
