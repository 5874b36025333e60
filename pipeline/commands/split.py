"""`karyo-split INPUT... --out DIR`."""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table

from ...errors import OutputError, UsageError
from ..batch import Outcome, plan, run
from ..inputs import Job, collect
from ..normalise import POLARITIES
from ..split import SplitSettings
from ..writers.folder import FORMATS

ALL_DONE, SOME_FAILED, NOTHING_READ, INTERRUPTED = 0, 1, 3, 130


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
    threads: int | None
    resume: bool
    overwrite: bool
    formats: str
    weights: Path | None
    dry_run: bool
    quiet: bool
    verbose: bool


def split_slides(options: SplitOptions) -> int:
    """Split the slides that the options name; returns the exit code."""
    console = Console(stderr=True, quiet=options.quiet)
    formats = chosen_formats(options.formats)
    if options.polarity not in POLARITIES:
        raise UsageError(f"unknown polarity {options.polarity!r}: choose one of {', '.join(POLARITIES)}")
    jobs, outcomes = plan(collect(options.inputs, options.out), options.resume, options.overwrite)
    if options.dry_run:
        for job in jobs:
            print(f"{job.slide} -> {job.folder}")
        return ALL_DONE
    check_writable(options.out)
    settings = SplitSettings(
        device=options.device,
        polarity=options.polarity,
        weights_folder=str(options.weights) if options.weights else None,
        page=options.page,
        channel=options.channel,
        threads=options.threads,
    )
    try:
        outcomes += _with_progress(jobs, settings, formats, options.jobs, console)
    except KeyboardInterrupt:
        print("karyo-split: interrupted; finished folders are complete, --resume does the rest", file=sys.stderr)
        return INTERRUPTED
    _report(outcomes, console, options)
    failed = [o for o in outcomes if o.error]
    if failed:
        return NOTHING_READ if len(failed) == len(outcomes) else SOME_FAILED
    return ALL_DONE


def chosen_formats(text: str) -> tuple[str, ...]:
    """The formats that a comma-separated list names.

    Raises UsageError for an unknown one.
    """
    names = tuple(name.strip() for name in text.split(",") if name.strip())
    if names == ("all",):
        return FORMATS
    unknown = [name for name in names if name not in FORMATS]
    if unknown or not names:
        raise UsageError(
            f"unknown format {', '.join(unknown) or 'in an empty list'!r}: choose from {', '.join(FORMATS)}, all"
        )
    return names


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


def _with_progress(
    jobs: Sequence[Job], settings: SplitSettings, formats: tuple[str, ...], workers: int, console: Console
) -> list[Outcome]:
    """Run the jobs behind a progress bar, which shows on a terminal only."""
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    outcomes = []
    with Progress(*columns, console=console, disable=not sys.stderr.isatty()) as bar:
        task = bar.add_task("loading", total=len(jobs))
        for outcome in run(jobs, settings, formats, workers, lambda stage: bar.update(task, description=stage)):
            outcomes.append(outcome)
            bar.advance(task)
    return outcomes


def _report(outcomes: Sequence[Outcome], console: Console, options: SplitOptions) -> None:
    """A table of what was done and what failed, on stderr; errors also where --quiet is given."""
    for outcome in outcomes:
        if outcome.error and options.quiet:
            print(f"karyo-split: {outcome.error}", file=sys.stderr)
    if len(outcomes) == 1:
        only = outcomes[0]
        if only.error:
            if not options.quiet:
                print(f"karyo-split: {only.error}", file=sys.stderr)
        elif only.skipped:
            console.print(f"{only.job.folder} was complete already", highlight=False, soft_wrap=True)
        else:
            counts = f"{only.chromosomes} chromosomes ({only.flagged} flagged) in {only.seconds:.1f} s"
            line = f"{counts}: see {only.job.folder}"
            console.print(line, highlight=False, soft_wrap=True)
        return
    table = Table("slide", "chromosomes", "flagged", "seconds", "result")
    for outcome in outcomes:
        end = outcome.error or ("complete already" if outcome.skipped else "done")
        cells = ["", "", ""]
        if not (outcome.error or outcome.skipped):
            cells = [str(outcome.chromosomes), str(outcome.flagged), f"{outcome.seconds:.1f}"]
        table.add_row(str(outcome.job.slide), *cells, end)
    console.print(table)
