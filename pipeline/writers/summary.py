"""summary.csv: one row per slide of a batch."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from .atomic import write_text

SUMMARY_FILE = "summary.csv"
SUMMARY_COLUMNS = ("slide", "folder", "metaphases", "chromosomes", "flagged", "seconds", "error")


@dataclass(frozen=True)
class SummaryRow:
    """One slide. metaphases, chromosomes, flagged: None where there is an error. seconds: spent on it in this run."""

    slide: str
    folder: str
    metaphases: int | None
    chromosomes: int | None
    flagged: int | None
    seconds: float
    error: str


def write_summary(rows: Iterable[SummaryRow], folder: Path) -> None:
    """Write the rows to summary.csv in a folder.

    Raises OutputError where that cannot be written.
    """
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(SUMMARY_COLUMNS)
    for row in rows:
        counts = ("" if n is None else n for n in (row.metaphases, row.chromosomes, row.flagged))
        writer.writerow([row.slide, row.folder, *counts, f"{row.seconds:.1f}", row.error])
    write_text(folder / SUMMARY_FILE, text.getvalue())
