"""`karyo-split INPUT... --out DIR`: the default command."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from .config_file import read_config
from .exit_codes import EXIT_ALL_DONE, EXIT_INTERRUPTED, EXIT_NOTHING_READ, EXIT_SOME_FAILED
from .options import MACHINES, MORE, READING, Device, Formats, WeightsFolder

if TYPE_CHECKING:
    from ..batch.inputs import Job
    from ..settings import SplitSettings


def split(
    inputs: Annotated[
        list[str], typer.Argument(metavar="INPUT...", help="Slides, folders, quoted globs, or - for a list on stdin.")
    ],
    out: Annotated[Path, typer.Option(help="Folder for the results: one folder per slide in it.")],
    formats: Formats = "default",
    expect: Annotated[int | None, typer.Option(min=1, help="Chromosomes of a metaphase; others are flagged.")] = None,
    resume: Annotated[
        bool, typer.Option("--resume", help="Keep folders finished from the same file, settings and weights.")
    ] = False,
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Replace finished folders.")] = False,
    polarity: Annotated[
        str,
        typer.Option(help="auto, bright (chromosomes on dark) or dark (on bright).", rich_help_panel=READING),
    ] = "auto",
    page: Annotated[
        int | None, typer.Option(min=0, help="Page of files that hold several, from 0.", rich_help_panel=READING)
    ] = None,
    channel: Annotated[
        int | None, typer.Option(min=0, help="Channel of files that hold several, from 0.", rich_help_panel=READING)
    ] = None,
    device: Device = "auto",
    jobs: Annotated[
        int, typer.Option(min=1, help="Slides at a time, each in a process of its own.", rich_help_panel=MACHINES)
    ] = 1,
    threads: Annotated[
        int | None,
        typer.Option(
            min=1, help="Threads a process may use. [default: the cores that are free]", rich_help_panel=MACHINES
        ),
    ] = None,
    cluster: Annotated[
        str | None,
        typer.Option(
            help="Scheduler of a Dask cluster that does the work, such as tcp://host:8786.", rich_help_panel=MACHINES
        ),
    ] = None,
    tile: Annotated[
        int, typer.Option(min=512, help="Side in px of the windows that are searched.", rich_help_panel=MACHINES)
    ] = 1024,
    follow_links: Annotated[
        bool,
        typer.Option(
            "--follow-links",
            help="Search linked folders too, and split a file under each of its names.",
            rich_help_panel=READING,
        ),
    ] = False,
    max_pixels: Annotated[
        int,
        typer.Option(min=1, help="Refuse slides of more pixels before they are read.", rich_help_panel=READING),
    ] = 10_000_000_000,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Say what would be done, and do nothing.", rich_help_panel=MORE)
    ] = False,
    config: Annotated[
        Path | None,
        typer.Option(
            callback=read_config,
            is_eager=True,
            help="TOML file with defaults for these options.",
            rich_help_panel=MORE,
        ),
    ] = None,
    weights: WeightsFolder = None,
    log_json: Annotated[
        bool,
        typer.Option(
            "--log-json",
            help="On stderr one JSON object a line for each slide, for programs.",
            rich_help_panel=MORE,
        ),
    ] = False,
    quiet: Annotated[bool, typer.Option("-q", "--quiet", help="Errors only.", rich_help_panel=MORE)] = False,
    verbose: Annotated[
        bool, typer.Option("-v", "--verbose", help="Also warnings and seconds by stage.", rich_help_panel=MORE)
    ] = False,
) -> None:
    """Split slides: a mask for every chromosome. The default command."""
    import sys
    import time

    from ...core.errors import UsageError
    from ..batch.inputs import STDIN, collect
    from ..batch.run_batch import (
        Outcome,
        Task,
        check_finished,
        check_writable,
        finished_since,
        in_order,
        write_traces,
    )
    from ..batch.search import Why
    from ..batch.workers import threads_a_process, workers_for
    from ..normalise import POLARITIES
    from ..settings import SplitSettings
    from ..write_folder import chosen_formats
    from ..writers.report.batch_page import write_index
    from ..writers.summary import add_to_summary
    from .interrupts import ends_as_interrupt
    from .messages import tell
    from .split_report import console_for, print_left_out, print_report, run_behind_bars

    chosen = chosen_formats(formats)
    if polarity not in POLARITIES:
        raise UsageError(f"unknown polarity {polarity!r}: choose one of {', '.join(POLARITIES)}")
    if cluster and jobs > 1:
        raise UsageError("--jobs starts processes here, --cluster hands the slides to a cluster: give one of the two")
    meant = collect(inputs, out, sys.stdin if STDIN in inputs else (), follow_links)
    found = meant.jobs
    check_finished(found, resume, overwrite)
    print_left_out(meant.left_out, quiet, log_json)
    unsearchable = any(each.why is Why.UNSEARCHABLE for each in meant.left_out)
    settings = SplitSettings(
        device=device,
        polarity=polarity,
        weights_folder=str(weights.resolve()) if weights else None,
        page=page,
        channel=channel,
        threads=threads if cluster else threads_a_process(threads, jobs),
        tile_px=tile,
        expect=expect,
        max_pixels=max_pixels,
    )
    if dry_run:
        raise typer.Exit(_print_estimates(found, settings, jobs, resume) or unsearchable * EXIT_SOME_FAILED)
    check_writable(out)
    console = console_for(quiet or log_json)
    tasks = [Task(job, settings, chosen, resume, not (resume or overwrite)) for job in found]
    outcomes: list[Outcome] = []
    since = time.time()
    with ends_as_interrupt():
        try:
            workers = workers_for(cluster, min(jobs, len(found)), device)
            run_behind_bars(tasks, workers, outcomes, console, log_json)
        except KeyboardInterrupt:
            outcomes.extend(finished_since(since, found, outcomes))
            tell("karyo-split: interrupted; finished folders are complete, --resume does the rest")
            raise typer.Exit(EXIT_INTERRUPTED) from None
        finally:
            ordered = in_order(outcomes, found)
            if ordered:  # else the summary of an earlier run stays as it is
                rows = add_to_summary([outcome.row for outcome in ordered], out)
                write_traces(ordered, out)
                if "report" in chosen and len(rows) > 1:
                    write_index(rows, out)
    print_report(ordered, console, out, verbose, log_json)
    failed = sum(outcome.error is not None for outcome in outcomes)
    if failed:
        raise typer.Exit(EXIT_NOTHING_READ if failed == len(outcomes) else EXIT_SOME_FAILED)
    if unsearchable:
        raise typer.Exit(EXIT_SOME_FAILED)


def _print_estimates(found: Sequence[Job], settings: SplitSettings, jobs: int, resume: bool) -> int:
    """Print what would be done with each slide, and at most how long it would take; returns the exit code."""
    from ..batch.cost_estimate import estimate_cost
    from ..write_folder import is_complete

    seconds, memory, unreadable = 0.0, 0.0, 0
    for job in found:
        if resume and is_complete(job.folder):
            print(f"{job.slide} -> {job.folder} (complete: checked, and kept if current)")
            continue
        estimate = estimate_cost(job.slide, settings)
        unreadable += bool(estimate.problem)
        print(f"{job.slide} -> {job.folder} ({estimate})")
        seconds += estimate.seconds
        memory = max(memory, estimate.gigabytes)
    took = f"{seconds / 60:.0f} minutes" if seconds >= 120 else f"{seconds:.0f} seconds"
    print(
        f"{len(found)} slides, {unreadable} unreadable: at most {took} on two cores, {memory * jobs:.1f} GB of memory"
    )
    return EXIT_SOME_FAILED if unreadable else EXIT_ALL_DONE
