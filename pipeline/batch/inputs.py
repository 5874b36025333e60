"""From the names on the command line to slides and their output folders."""

from __future__ import annotations

import glob
import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from ...core.errors import SlideNotFound, UsageError
from ..slide.file_formats import IMAGE_ENDINGS, slide_name
from ..writers.run_file import RUN_FILE


@dataclass(frozen=True)
class Job:
    """A slide to split and the folder for its files."""

    slide: Path
    folder: Path


STDIN = "-"
"""The name that stands for a list of names on standard input, one a line."""


def collect(inputs: Sequence[str], out: Path, listed: Iterable[str] = ()) -> list[Job]:
    """Find the slides that some names mean, in natural order, each with its own folder below `out`.

    Of several names one that means no file is kept: it fails when its turn comes, and the others are split.

    Parameters
    ----------
    inputs
        Files, folders (searched with all they hold) and globs; "-" stands for the names in `listed`. A folder's tree is
        mirrored below `out`. Our own finished folders are not searched.

    Raises
    ------
    SlideNotFound
        Where the only name means nothing, or a folder or a pattern holds no image.
    UsageError
        Where two slides of the same name would share a folder.
    """
    jobs: list[Job] = []
    names = [n for name in inputs for n in (_cleaned(listed) if name == STDIN else [name])]
    for name in names:
        path = Path(name)
        if path.is_dir():
            inside = images_below(path, out)
            if not inside:
                raise SlideNotFound(f"no image in the folder {path}: TIFF, PNG and JPEG files are looked for")
            jobs.extend(Job(p, out / p.relative_to(path).parent / slide_name(p)) for p in inside)
        elif path.exists():
            jobs.append(Job(path, out / slide_name(path)))
        elif glob.has_magic(name):
            matches = [Path(p) for p in glob.glob(name, recursive=True)]  # noqa: PTH207 - absolute patterns too
            images = [p for p in matches if p.is_file() and p.suffix.lower() in IMAGE_ENDINGS]
            if not images:
                raise SlideNotFound(f"nothing matches {name!r}: check the pattern")
            jobs.extend(Job(p, out / slide_name(p)) for p in images)
        elif len(names) > 1:
            jobs.append(Job(path, out / slide_name(path)))
        else:
            raise SlideNotFound(f"{name} does not exist: check the name")
    unique = _apart(list({job.slide.resolve(): job for job in jobs}.values()))
    _refuse_shared_folders(unique)
    return sorted(unique, key=lambda job: natural_key(str(job.slide)))


def _cleaned(lines: Iterable[str]) -> list[str]:
    names = [name for line in lines if (name := line.strip())]
    if not names:
        raise SlideNotFound("the list on standard input is empty: give one file name a line")
    return names


def images_below(folder: Path, out: Path) -> list[Path]:
    """Images in a folder and the folders in it, leaving out hidden files and finished results."""
    own = out.resolve()
    every = list(folder.rglob("*"))
    finished = {path.parent for path in every if path.name == RUN_FILE}
    return [
        path
        for path in every
        if path.suffix.lower() in IMAGE_ENDINGS
        and path.is_file()
        and not path.name.startswith(".")
        and finished.isdisjoint(path.parents)
        and own not in path.resolve().parents
    ]


def natural_key(text: str) -> list[tuple[int, int, str]]:
    """Sorts slide2 before slide10."""
    return [(0, int(part), "") if part.isdigit() else (1, 0, part.lower()) for part in re.split(r"(\d+)", text)]


def _apart(jobs: Sequence[Job]) -> list[Job]:
    """Slides of one folder that differ in their ending only get folders that name it: slide.tif and slide.ome.tif."""
    sharing = Counter(job.folder for job in jobs)
    return [Job(j.slide, j.folder.with_name(j.slide.name)) if sharing[j.folder] > 1 else j for j in jobs]


def _refuse_shared_folders(jobs: Iterable[Job]) -> None:
    seen: dict[Path, Path] = {}
    for job in jobs:
        other = seen.setdefault(job.folder, job.slide)
        if other != job.slide:
            raise UsageError(
                f"{other} and {job.slide} would both be written to {job.folder}: split them into two --out folders"
            )
