"""summary.csv: one row per slide of a batch."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable
from dataclasses import astuple, dataclass, fields
from pathlib import Path

from ...core.atomic import write_text
from ..records import Counts

SUMMARY_FILE = "summary.csv"
COUNTED = tuple(field.name for field in fields(Counts))
SUMMARY_COLUMNS = ("slide", "folder", *COUNTED, "seconds", "error")


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

    @property
    def cells(self) -> tuple[str, ...]:
        """The counts as text, empty where there is an error."""
        return ("",) * len(COUNTED) if self.counts is None else tuple(map(str, astuple(self.counts)))


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
        writer.writerow([row.slide, row.folder, *row.cells, f"{row.seconds:.1f}", row.error])
    write_text(folder / SUMMARY_FILE, text.getvalue())
