"""Which slides of a batch wait for a person, the most doubtful first."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from ...core.errors import InputError
from ..writers.run_file import RUN_FILE
from ..writers.run_record import is_run_file, read_document, read_run
from .original import is_original


@dataclass(frozen=True)
class WorkItem:
    """One slide of a batch."""

    folder: Path
    """Of its results."""
    name: str
    """Its place below the batch's folder."""
    chromosomes: int
    """How many there are."""
    spreads: int
    """Metaphases without stray groups."""
    off_count: int
    """Metaphases that have not as many chromosomes as were expected."""
    flagged: int
    """Chromosomes that carry a flag."""
    edits: int
    """How many edits hold."""
    signed: str
    """Who signed it, and when; empty where nobody did."""


def finished_folders(folder: Path) -> list[Path]:
    """The finished folders that a person named: one slide's, or all of a batch's, by path.

    Parameters
    ----------
    folder
        Of one slide's results, or of a batch's.

    Raises
    ------
    InputError
        Where there is none.
    """
    if (folder / RUN_FILE).is_file():
        return [folder]
    found = [path.parent for path in folder.rglob(RUN_FILE) if not is_original(path) and is_run_file(path)]
    if not found:
        raise InputError(f"{folder} holds no finished result: name a slide's folder with a run.json, or a batch's")
    return sorted(found)


def work_item(folder: Path, top: Path) -> WorkItem:
    """What is known of one slide.

    Parameters
    ----------
    folder
        Of its results.
    top
        The folder that the person named.
    """
    name = folder.name if folder == top else folder.relative_to(top).as_posix()
    record = read_run(folder)
    if record is None:
        return WorkItem(folder, name, 0, 0, 0, 0, 0, "")
    counts, review = record.counts, record.review
    return WorkItem(
        folder=folder,
        name=name,
        chromosomes=counts.chromosomes,
        spreads=counts.metaphases,
        off_count=_off_count(folder),
        flagged=counts.flagged,
        edits=sum(review.edits.values()) if review else 0,
        signed=str(review.signed or "") if review else "",
    )


def _off_count(folder: Path) -> int:
    try:
        metaphases = read_document(folder / RUN_FILE)["metaphases"]
        return sum("count" in metaphase["flags"] for metaphase in metaphases)
    except (OSError, ValueError, KeyError, TypeError):
        return 0


def by_doubt(items: list[WorkItem]) -> list[WorkItem]:
    """What waits first: unsigned ones, of these spreads with another count than expected, then the most flagged."""
    return sorted(items, key=lambda i: (bool(i.signed), -i.off_count, -i.flagged, i.name))
