"""What `karyo-split split` says on stderr: progress, how each slide ended, and the sum."""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from contextlib import closing
from dataclasses import asdict
from pathlib import Path

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table
from rich.text import Text

from ...core.printable import printable
from ..batch.run_batch import Outcome, Task, run
from ..batch.search import LeftOut, Why, lines_about
from ..batch.workers import Workers
from ..writers.summary import COUNTED, SUMMARY_FILE
from .messages import tell

MAX_ROWS = 60
"""Of a larger batch only the sum and what failed is printed; summary.csv has every slide."""


def console_for(quiet: bool) -> Console:
    """Make the console for stderr."""
    return Console(stderr=True, quiet=quiet)


def print_left_out(left_out: Sequence[LeftOut], quiet: bool, log_json: bool) -> None:
    """Say what is not split, and why: a line for each reason, or for programs an object for each path."""
    if log_json:
        for each in left_out:
            tell(json.dumps({"left_out": printable(each.path), "why": each.why}))
        return
    errors = [each for each in left_out if each.why is Why.UNSEARCHABLE]
    for line in lines_about(errors if quiet else left_out):
        tell(f"karyo-split: {line}")


def run_behind_bars(
    tasks: Sequence[Task], workers: Workers | None, outcomes: list[Outcome], console: Console, log_json: bool
) -> None:
    """Run tasks behind progress bars, which show on a terminal only.

    Parameters
    ----------
    tasks, workers
        As for `run_batch.run`.
    outcomes
        Gets how each ended, as it ends: what was done is known even after an interruption.
    console
        For the bars.
    log_json
        Whether each end is logged as a line of JSON; then there are no bars.
    """
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=console, disable=log_json or not sys.stderr.isatty()) as bars:
        slides = bars.add_task("slides", total=len(tasks))
        parts = bars.add_task("loading", total=None, visible=workers is None)

        def show(stage: str, done: int, total: int) -> None:
            bars.update(parts, description=stage, completed=done, total=total)

        chromosomes = 0
        with closing(run(tasks, workers, show)) as ended:
            for outcome in ended:
                outcomes.append(outcome)
                if log_json:
                    tell(_as_json(outcome))
                chromosomes += outcome.counts.chromosomes
                bars.update(slides, advance=1, description=f"slides ({chromosomes} chromosomes)")


def _as_json(outcome: Outcome) -> str:
    row = outcome.row
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
    return json.dumps(line)


def print_report(outcomes: Sequence[Outcome], console: Console, out: Path, verbose: bool, log_json: bool) -> None:
    """Say what was done: a table, the sum, and a line for each slide that failed, even where the console is quiet."""
    if len(outcomes) == 1:
        _print_one(outcomes[0], console)
    else:
        failed = sum(o.error is not None for o in outcomes)
        if len(outcomes) <= MAX_ROWS:
            console.print(_table(outcomes))
        chromosomes = sum(o.counts.chromosomes for o in outcomes)
        line = f"{len(outcomes) - failed} slides done, {failed} failed, {chromosomes} chromosomes"
        console.print(f"{line}: see {printable(out / SUMMARY_FILE)}", highlight=False, soft_wrap=True, markup=False)
    for outcome in outcomes:
        if verbose:
            stages = ", ".join(f"{stage} {seconds:.2f}" for stage, seconds in outcome.stages)
            for line in (*outcome.warnings, *([f"seconds: {stages}"] if stages else [])):
                name = printable(outcome.job.slide.name)
                console.print(f"{name}: {line}", highlight=False, soft_wrap=True, markup=False)
        if outcome.error and not log_json:
            tell(f"karyo-split: {printable(outcome.error)}")


def _print_one(outcome: Outcome, console: Console) -> None:
    if outcome.error:
        return
    counts = outcome.counts
    spreads = f" in {counts.metaphases} metaphases" if counts.metaphases > 1 else ""
    doubts = f"{counts.flagged} flagged"
    if counts.flagged_metaphases:
        doubts += f", {counts.flagged_metaphases} of {counts.metaphases} metaphases flagged"
    line = f"{counts.chromosomes} chromosomes{spreads} ({doubts}), {outcome.seconds:.1f} s{_warned(outcome)}"
    if outcome.skipped:
        line = "was complete already"
    console.print(f"{line}: see {printable(outcome.job.folder)}", highlight=False, soft_wrap=True, markup=False)


def _warned(outcome: Outcome) -> str:
    """How many warnings there are; what they say stands in the results, and is printed with -v."""
    number = len(outcome.warnings)
    return f", {number} warning{'s' if number > 1 else ''}" if number else ""


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
        end += _warned(outcome)
        table.add_row(Text(printable(outcome.job.slide.name)), *cells, f"{outcome.seconds:.1f}", end)
    return table
