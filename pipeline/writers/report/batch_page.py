"""The page of a batch: one row per slide, as in summary.csv, with links to the reports."""

from __future__ import annotations

import html
import os
from collections.abc import Sequence
from pathlib import Path
from string import Template
from urllib.parse import quote

from ....core.atomic import write_text
from ..summary import SummaryRow
from . import INDEX_FILE, REPORT_FILE, is_whole, part


def write_index(rows: Sequence[SummaryRow], folder: Path) -> None:
    """Write the page of a batch, with links to the reports below the folder.

    Parameters
    ----------
    rows
        One per slide.
    folder
        Of the batch.
    """
    write_text(folder / INDEX_FILE, index_of(rows, folder), check=is_whole)


def index_of(rows: Sequence[SummaryRow], folder: Path) -> str:
    """The page of a batch, as HTML."""
    failed = [row for row in rows if row.error]
    counts = [row.counts for row in rows if row.counts is not None]
    spreads, doubtful = sum(c.metaphases for c in counts), sum(c.flagged_metaphases for c in counts)
    found, flagged = sum(c.chromosomes for c in counts), sum(c.flagged for c in counts)
    body = "".join(_index_row(row, folder) for row in rows)
    return Template(part("index.html")).substitute(
        style=part("report.css"),
        summary=html.escape(
            f"{len(rows) - len(failed)} slides done, {len(failed)} failed; {spreads} metaphases, {doubtful} flagged; "
            f"{found} chromosomes, {flagged} flagged."
        ),
        rows=body,
    )


def _index_row(row: SummaryRow, folder: Path) -> str:
    report = Path(row.folder) / REPORT_FILE
    name = html.escape(Path(row.slide).name)
    if not row.error and report.is_file():
        link = quote(os.fsencode(Path(os.path.relpath(report, folder)).as_posix()))
        name = f'<a href="{link}">{name}</a>'
    numbers = "".join(f"<td>{cell}</td>" for cell in row.cells)
    texts = f'<td class="text">{html.escape(row.signed)}</td><td class="text told">{html.escape(row.warnings)}</td>'
    texts += f'<td class="text told failed">{html.escape(row.error)}</td>'
    return f'<tr><td class="text">{name}</td>{numbers}{texts}</tr>\n'
