"""From the names on the command line to slides and their output folders."""

from __future__ import annotations

import glob
import os
import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from ...core.errors import SlideNotFound, UsageError
from ..slide.file_formats import IMAGE_ENDINGS, is_readable_tiff, slide_name
from .search import NAMED, OTHER_ENDINGS, LeftOut, Why, lines_about, search


@dataclass(frozen=True)
class Job:
    """A slide to split and the folder for its files."""

    slide: Path
    folder: Path


STDIN = "-"
"""The name that stands for a list of names on standard input, one a line."""


@dataclass(frozen=True)
class Found:
    """What the names on the command line mean."""

    jobs: tuple[Job, ...]
    """The slides, in natural order."""
    left_out: tuple[LeftOut, ...]
    """What is not split, and why."""


def collect(inputs: Sequence[str], out: Path, listed: Iterable[str] = (), follow_links: bool = False) -> Found:
    """Find the slides that some names mean, in natural order, each with its own folder below `out`.

    Of several names one that means no file is kept: it fails when its turn comes, and the others are split.

    Parameters
    ----------
    inputs
        Files, folders (searched with all they hold) and globs; "-" stands for the names in `listed`. A folder's tree is
        mirrored below `out`. Our own finished folders are not searched.
    listed
        Names, one a line.
    follow_links
        Whether linked folders are searched too, and a file is split under each of its names.

    Raises
    ------
    SlideNotFound
        Where no name means a slide.
    UsageError
        Where two slides of the same name would share a folder.
    """
    jobs: list[Job] = []
    left_out: list[LeftOut] = []
    names = [n for name in inputs for n in (_cleaned(listed) if name == STDIN else [name])]
    for name in names:
        path = Path(name)
        if os.path.isdir(path):  # noqa: PTH112 - it raises nothing
            images, others = search(path, out, follow_links)
            jobs.extend(Job(p, out / p.relative_to(path).parent / slide_name(p)) for p in images)
            left_out.extend(others or ([] if images else [LeftOut(path, Why.EMPTY)]))
        elif os.path.lexists(path):
            jobs.append(Job(path, out / slide_name(path)))
        elif glob.has_magic(name):
            images, others = _matches(name)
            jobs.extend(Job(p, out / slide_name(p)) for p in images)
            left_out.extend(others or ([] if images else [LeftOut(path, Why.NO_MATCH)]))
        elif len(names) > 1:
            jobs.append(Job(path, out / slide_name(path)))
        else:
            raise SlideNotFound(f"{name} does not exist: check the name")
    if not jobs:
        where = f"the folder {names[0]}" if os.path.isdir(names[0]) else names[0]  # noqa: PTH112
        raise SlideNotFound(
            f"no image in {', '.join([where, *names[1:NAMED]])}: TIFF, PNG and JPEG files are looked for; "
            + "; ".join(lines_about(left_out))
        )
    jobs, others = _once(jobs, follow_links)
    jobs, in_sets = _first_of_each_set(sorted(jobs, key=lambda job: natural_key(str(job.slide))))
    jobs = _apart(jobs)
    _refuse_shared_folders(jobs)
    return Found(tuple(jobs), (*left_out, *others, *in_sets))


def _matches(pattern: str) -> tuple[list[Path], list[LeftOut]]:
    """The images that a pattern matches, and what else it does. Folders may have brackets in their names."""
    patterns = {pattern}
    for folder in Path(pattern).parents:
        if os.path.isdir(folder):  # noqa: PTH112 - it raises nothing
            patterns.add(str(Path(glob.escape(str(folder)), Path(pattern).relative_to(folder))))
            break
    found = sorted({p for each in patterns for p in glob.glob(each, recursive=True)})  # noqa: PTH207 - absolute ones too
    folders = [Path(p) for p in found if os.path.isdir(p)]  # noqa: PTH112 - it raises nothing
    files = [p for p in map(Path, found) if p not in folders]
    images = [p for p in files if p.suffix.lower() in IMAGE_ENDINGS]
    searched = {parent for image in images for parent in image.parents}
    left_out = [LeftOut(p, Why.FOLDER) for p in folders if p not in searched]
    left_out += [LeftOut(p, Why.FORMAT) for p in files if p.suffix.lower() in OTHER_ENDINGS]
    return images, left_out


def _once(jobs: Sequence[Job], follow_links: bool) -> tuple[list[Job], list[LeftOut]]:
    """Slides of which no two are the same, and none lies in the folder of another; and what is left out."""
    named = {os.path.abspath(job.slide): job for job in jobs}  # noqa: PTH100 - links stay links
    folders = {Path(os.path.abspath(job.folder)) for job in jobs}  # noqa: PTH100
    kept: dict[Path, Job] = {}
    left_out = []
    files_first = sorted(named.items(), key=lambda each: (os.path.islink(each[0]), natural_key(each[0])))  # noqa: PTH114
    for path, job in files_first:
        file = Path(path) if follow_links else Path(os.path.realpath(path))
        if not folders.isdisjoint(Path(path).parents):
            left_out.append(LeftOut(job.slide, Why.OWN))
        elif file in kept:
            left_out.append(LeftOut(job.slide, Why.SAME_FILE))
        else:
            kept[file] = job
    return list(kept.values()), left_out


def _first_of_each_set(jobs: Sequence[Job]) -> tuple[list[Job], list[LeftOut]]:
    """Slides in their order without those that are read with another one; and these."""
    if len(jobs) < 2:
        return list(jobs), []
    from ..slide.ome_set import read_with

    read_with_first: set[Path] = set()
    for job in jobs:
        if _plain(job.slide) not in read_with_first and is_readable_tiff(job.slide):
            read_with_first.update(set(map(_plain, read_with(job.slide))) - {_plain(job.slide)})
    kept = [job for job in jobs if _plain(job.slide) not in read_with_first]
    return kept, [LeftOut(job.slide, Why.SET) for job in jobs if _plain(job.slide) in read_with_first]


def _plain(path: Path) -> Path:
    return Path(os.path.abspath(path))  # noqa: PTH100 - links stay links


def _cleaned(lines: Iterable[str]) -> list[str]:
    names = [name for line in lines if (name := line.strip())]
    if not names:
        raise SlideNotFound("the list on standard input is empty: give one file name a line")
    return names


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
