"""summary.csv: one row per slide of a batch."""

from __future__ import annotations

import csv
import io
import os
from collections.abc import Iterable, Sequence
from dataclasses import astuple, dataclass, fields
from pathlib import Path

from ...core.atomic import write_text
from ...core.locks import held
from ..records import Counts

SUMMARY_FILE = "summary.csv"
LOCK_FILE = ".summary.lock"
MAX_WAIT_SECONDS = 30.0
"""For another run that writes the summary: it takes less than one."""
COUNTED = tuple(field.name for field in fields(Counts))
SUMMARY_COLUMNS = ("slide", "folder", *COUNTED, "seconds", "error", "signed", "warnings")


@dataclass(frozen=True)
class SummaryRow:
    """One slide."""

    slide: str
    """Path of its file, as it was given."""
    folder: str
    """Of its results."""
    counts: Counts | None
    """What was found; None where there is an error."""
    seconds: float
    """Spent on it in this run."""
    error: str
    """One line; empty where there is none."""
    signed: str = ""
    """Who signed the slide after a review, and when; empty where nobody did."""
    warnings: str = ""
    """What is uncertain about the slide as a whole, see `told`; empty where nothing is."""

    @property
    def cells(self) -> tuple[str, ...]:
        """The counts as text, empty where there is an error."""
        return ("",) * len(COUNTED) if self.counts is None else tuple(map(str, astuple(self.counts)))


def told(warnings: Iterable[str]) -> str:
    """What is uncertain about a slide, in the one line that a row has for it."""
    return " ".join("; ".join(warnings).split())


def _with_earlier(rows: Sequence[SummaryRow], folder: Path) -> list[SummaryRow]:
    """A run's rows, then those that earlier runs left in the summary and whose slides this one did not touch."""
    mine = {os.path.relpath(row.folder, folder) for row in rows} | {row.slide for row in rows}
    kept = []
    for row in read_summary(folder / SUMMARY_FILE):
        place = os.path.relpath(row.folder, folder)
        if not {place, row.slide} & mine and (row.error or (folder / place).is_dir()):
            kept.append(row)
    return [*rows, *kept]


def add_to_summary(rows: Sequence[SummaryRow], folder: Path) -> list[SummaryRow]:
    """Write the rows of a run to a folder's summary.csv, beside those of earlier runs; other runs wait meanwhile.

    Parameters
    ----------
    rows
        Of this run.
    folder
        Of the batch.

    Returns
    -------
    list of SummaryRow
        All that it holds then: this run's in their order, then the earlier ones. A row whose result is gone since is
        left out, and so is all of a summary.csv that is not one of these.

    Raises
    ------
    OutputError
        Where it cannot be written.
    """
    with held(folder / LOCK_FILE, MAX_WAIT_SECONDS):
        every = _with_earlier(rows, folder)
        write_summary(every, folder)
    return every


def read_summary(path: Path) -> list[SummaryRow]:
    """The rows of a summary.csv; none where there is none, or it is not one of these."""
    try:
        with path.open(newline="", encoding="utf-8") as opened:
            return [
                SummaryRow(
                    line["slide"],
                    line["folder"],
                    None if line["error"] else Counts(*(int(line[name]) for name in COUNTED)),
                    float(line["seconds"]),
                    line["error"],
                    line.get("signed") or "",
                    line.get("warnings") or "",
                )
                for line in csv.DictReader(opened)
            ]
    except (OSError, ValueError, KeyError, TypeError):
        return []


def write_summary(rows: Iterable[SummaryRow], folder: Path) -> None:
    """Write the rows to summary.csv in a folder.

    Parameters
    ----------
    rows
        One per slide.
    folder
        Of the batch.

    Raises
    ------
    OutputError
        Where that cannot be written.
    """
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(SUMMARY_COLUMNS)
    for row in rows:
        cells = (*row.cells, f"{row.seconds:.1f}", row.error, row.signed, row.warnings)
        writer.writerow([row.slide, row.folder, *cells])
    write_text(folder / SUMMARY_FILE, text.getvalue())
