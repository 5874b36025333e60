"""Finds the file that a finished folder was made from: where summary.csv says, or where the user does."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from .writers.summary import SUMMARY_FILE, SummaryRow, read_summary


@dataclass(frozen=True)
class Batch:
    """What the summary.csv above a folder of results says."""

    folder: Path | None
    """That holds it; None where there is none."""
    rows: tuple[SummaryRow, ...]
    """Its rows."""

    @classmethod
    def above(cls, folder: Path) -> Batch:
        """The nearest one, of the folder itself or of those that it lies in."""
        found = next((p for p in (folder, *folder.absolute().parents) if (p / SUMMARY_FILE).is_file()), None)
        return cls(found, tuple(read_summary(found / SUMMARY_FILE)) if found else ())

    def row_of(self, result: Path) -> SummaryRow | None:
        """The row of a slide's folder; None without one. Of several the one whose folder's name is shortest."""
        told = [row for row in self.rows if self.folder and is_of(row, result, self.folder)]
        return min(told, key=lambda row: len(row.folder)) if told else None

    def place_of(self, result: Path) -> Path:
        """Where a slide's folder lies below the batch's."""
        return result.absolute().relative_to((self.folder or result.parent).absolute())


def is_of(row: SummaryRow, result: Path, batch: Path) -> bool:
    """True where a row may be about a folder: batches are moved, so only the path below the batch's folder counts."""
    parts = result.absolute().relative_to(batch.absolute()).parts
    return Path(row.folder).parts[-len(parts) :] == parts


def find_slide(name: str, listed: Path | None, named: Path | None, place: Path) -> Path | None:
    """The slide's file; None where it is not found.

    Parameters
    ----------
    name
        Of the file, as run.json says.
    listed
        The file, as summary.csv says.
    named
        The slide's file or the folder that was split, as the user says; then `listed` does not count.
    place
        Of the results, below the batch's folder: the tree of the slides is mirrored there.
    """
    if named is None:
        candidates = [listed] if listed else []
    else:
        candidates = [named, named / place.parent / name, named / name]
    return next((path for path in candidates if os.path.isfile(path)), None)  # noqa: PTH113 - it raises nothing
