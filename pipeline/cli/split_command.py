"""`karyo-split INPUT... --out DIR`."""

from __future__ import annotations

import json
import os
import sys
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table

from ...core.errors import OutputError, UsageError, did_you_mean
from ..batch.cost_estimate import estimate_cost
from ..batch.inputs import STDIN, Job, collect
from ..batch.run_batch import Outcome, Task, check_finished, run
from ..batch.workers import DaskCluster, LocalProcesses, Workers
from ..normalise import POLARITIES
from ..settings import SplitSettings
from ..write_folder import DEFAULT_FORMATS, FORMATS, is_complete
from ..writers.report.batch_page import write_index
from ..writers.summary import COUNTED, SUMMARY_FILE, SummaryRow, write_summary

ALL_DONE, SOME_FAILED, NOTHING_READ, INTERRUPTED = 0, 1, 3, 130
MAX_ROWS = 60
"""Of a larger batch only the sum and what failed is printed; summary.csv has every slide."""


@dataclass(frozen=True)
class SplitOptions:
    """The options of the command, as typed."""

    inputs: tuple[str, ...]
    out: Path
    device: str
    polarity: str
    page: int | None
    channel: int | None
    jobs: int
    cluster: str | None
    threads: int | None
    tile: int
    expect: int | None
    resume: bool
    overwrite: bool
    formats: str
    weights: Path | None
    dry_run: bool
    log_json: bool
    quiet: bool
    verbose: bool


def split_slides(options: SplitOptions) -> int:
    """Split the slides that the options name; returns the exit code."""
    console = Console(stderr=True, quiet=options.quiet or options.log_json)
    formats = chosen_formats(options.formats)
    if options.polarity not in POLARITIES:
        raise UsageError(f"unknown polarity {options.polarity!r}: choose one of {', '.join(POLARITIES)}")
    if options.cluster and options.jobs > 1:
        raise UsageError("--jobs starts processes here, --cluster hands the slides to a cluster: give one of the two")
    listed = sys.stdin if STDIN in options.inputs else ()
    jobs = collect(options.inputs, options.out, listed)
    check_finished(jobs, options.resume, options.overwrite)
    if options.dry_run:
        return rehearse(jobs, options)
    check_writable(options.out)
    tasks = [Task(job, settings_of(options), formats, options.resume) for job in jobs]
    outcomes: list[Outcome] = []
    try:
        log = log_json if options.log_json else None
        _work(tasks, workers_of(options, len(jobs)), outcomes, console, log)
    except KeyboardInterrupt:
        print("karyo-split: interrupted; finished folders are complete, --resume does the rest", file=sys.stderr)
        return INTERRUPTED
    finally:
        ordered = in_order(outcomes, jobs)
        rows = [summarised(outcome) for outcome in ordered]
        write_summary(rows, options.out)
        if "report" in formats and len(rows) > 1:
            write_index(rows, options.out)
    report(ordered, console, options)
    failed = [o for o in outcomes if o.error]
    if failed:
        return NOTHING_READ if len(failed) == len(outcomes) else SOME_FAILED
    return ALL_DONE


def rehearse(jobs: Sequence[Job], options: SplitOptions) -> int:
    """Print what would be done with each slide, and at most how long it would take; returns the exit code."""
    seconds, memory, unreadable = 0.0, 0.0, 0
    for job in jobs:
        if options.resume and is_complete(job.folder):
            print(f"{job.slide} -> {job.folder} (complete: checked, and kept if current)")
            continue
        told = estimate_cost(job.slide, options.page, options.channel)
        unreadable += bool(told.problem)
        print(f"{job.slide} -> {job.folder} ({told})")
        seconds += told.seconds
        memory = max(memory, told.gigabytes)
    jobs_at_once = max(1, options.jobs)
    took = f"{seconds / 60:.0f} minutes" if seconds >= 120 else f"{seconds:.0f} seconds"
    print(
        f"{len(jobs)} slides, {unreadable} unreadable: at most {took} on two cores, "
        f"{memory * jobs_at_once:.1f} GB of memory"
    )
    return SOME_FAILED if unreadable else ALL_DONE


def log_json(outcome: Outcome) -> None:
    """One slide's end as a line of JSON on stderr."""
    row = summarised(outcome)
    line = {
        "slide": row.slide,
        "folder": row.folder,
        **(asdict(row.counts) if row.counts else dict.fromkeys(COUNTED)),
        "seconds": round(row.seconds, 3),
        "error": row.error,
        "skipped": outcome.skipped,
        "stages": {stage: round(seconds, 3) for stage, seconds in outcome.stages},
        "warnings": list(outcome.warnings),
    }
    print(json.dumps(line), file=sys.stderr, flush=True)


def settings_of(options: SplitOptions) -> SplitSettings:
    """What the options say of each slide. Several processes share the cores unless the user says otherwise."""
    threads = options.threads
    if threads is None and options.jobs > 1:
        threads = max(1, (os.cpu_count() or 1) // options.jobs)
    return SplitSettings(
        device=options.device,
        polarity=options.polarity,
        weights_folder=str(options.weights.resolve()) if options.weights else None,
        page=options.page,
        channel=options.channel,
        threads=threads,
        tile_px=options.tile,
        expect=options.expect,
    )


def workers_of(options: SplitOptions, slides: int) -> Workers | None:
    """Who works: a cluster, processes, or None for this process.

    Raises UsageError where the cluster cannot be reached, DeviceError for a device that this machine does not have.
    """
    if options.cluster:
        return DaskCluster(options.cluster)
    if min(options.jobs, slides) <= 1:
        return None
    if options.device not in ("auto", "cpu"):
        from ...core.device import choose_device

        choose_device(options.device)
    return LocalProcesses(min(options.jobs, slides))


def chosen_formats(text: str) -> tuple[str, ...]:
    """The formats that a comma-separated list names; "default" and "all" stand for several.

    Raises UsageError for an unknown one.
    """
    named = [name.strip() for name in text.split(",") if name.strip()]
    meant = {"default": DEFAULT_FORMATS, "all": FORMATS}
    names = [each for name in named for each in meant.get(name, (name,))]
    unknown = [name for name in names if name not in FORMATS]
    if unknown or not names:
        raise UsageError(
            f"unknown format {', '.join(unknown) or 'in an empty list'!r}: "
            f"choose from {', '.join(FORMATS)}, or default, or all{did_you_mean(unknown, (*FORMATS, *meant))}"
        )
    return tuple(dict.fromkeys(names))


def check_writable(folder: Path) -> None:
    """Make the folder and try it, before any time is spent.

    Raises OutputError where nothing can be written to it.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            pass
    except OSError as problem:
        raise OutputError(
            f"the output folder {folder} cannot be written: {problem.strerror}: name another --out"
        ) from problem


def _work(
    tasks: Sequence[Task],
    workers: Workers | None,
    outcomes: list[Outcome],
    console: Console,
    log: Callable[[Outcome], None] | None,
) -> None:
    """Run the tasks behind progress bars, which show on a terminal only, and collect and log how each ended."""
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=console, disable=log is not None or not sys.stderr.isatty()) as bars:
        slides = bars.add_task("slides", total=len(tasks))
        parts = bars.add_task("loading", total=None, visible=workers is None)

        found = 0

        def show(stage: str, done: int, total: int) -> None:
            bars.update(parts, description=stage, completed=done, total=total)

        for outcome in run(tasks, workers, show):
            outcomes.append(outcome)
            if log is not None:
                log(outcome)
            found += outcome.counts.chromosomes
            bars.update(slides, advance=1, description=f"slides ({found} chromosomes)")


def in_order(outcomes: Sequence[Outcome], jobs: Sequence[Job]) -> list[Outcome]:
    """Outcomes as the slides were given, whatever order they ended in."""
    place = {job: number for number, job in enumerate(jobs)}
    return sorted(outcomes, key=lambda o: place[o.job])


def summarised(outcome: Outcome) -> SummaryRow:
    """A slide's row of summary.csv."""
    return SummaryRow(
        slide=str(outcome.job.slide),
        folder=str(outcome.job.folder),
        counts=None if outcome.error is not None else outcome.counts,
        seconds=outcome.seconds,
        error=outcome.error or "",
    )


def report(outcomes: Sequence[Outcome], console: Console, options: SplitOptions) -> None:
    """What was done, on stderr: a table, the sum, and a line for each slide that failed, even with --quiet."""
    if len(outcomes) == 1:
        _report_one(outcomes[0], console)
    else:
        failed = sum(o.error is not None for o in outcomes)
        if len(outcomes) <= MAX_ROWS:
            console.print(_table(outcomes))
        found = sum(o.counts.chromosomes for o in outcomes)
        line = f"{len(outcomes) - failed} slides done, {failed} failed, {found} chromosomes"
        console.print(f"{line}: see {options.out / SUMMARY_FILE}", highlight=False, soft_wrap=True)
    for outcome in outcomes:
        if options.verbose:
            stages = ", ".join(f"{stage} {seconds:.2f}" for stage, seconds in outcome.stages)
            for line in (*outcome.warnings, *([f"seconds: {stages}"] if stages else [])):
                console.print(f"{outcome.job.slide.name}: {line}", highlight=False, soft_wrap=True)
        if outcome.error and not options.log_json:
            print(f"karyo-split: {outcome.error}", file=sys.stderr)


def _report_one(outcome: Outcome, console: Console) -> None:
    if outcome.error:
        return
    counts = outcome.counts
    spreads = f" in {counts.metaphases} metaphases" if counts.metaphases > 1 else ""
    doubts = f"{counts.flagged} flagged"
    if counts.flagged_metaphases:
        doubts += f", {counts.flagged_metaphases} of {counts.metaphases} metaphases flagged"
    line = f"{counts.chromosomes} chromosomes{spreads} ({doubts}), {outcome.seconds:.1f} s"
    if outcome.skipped:
        line = "was complete already"
    console.print(f"{line}: see {outcome.job.folder}", highlight=False, soft_wrap=True)


def _table(outcomes: Sequence[Outcome]) -> Table:
    table = Table("slide", "metaphases\n(flagged)", "chromosomes\n(flagged)", "seconds", "result")
    for outcome in outcomes:
        counts, cells = outcome.counts, ("", "")
        if not outcome.error:
            cells = (
                f"{counts.metaphases} ({counts.flagged_metaphases})",
                f"{counts.chromosomes} ({counts.flagged})",
            )
        end = "failed" if outcome.error else "complete already" if outcome.skipped else "done"
        table.add_row(outcome.job.slide.name, *cells, f"{outcome.seconds:.1f}", end)
    return table
