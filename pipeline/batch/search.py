"""Which images a folder holds, and what is left out of it: nothing is left out in silence."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from ...core.printable import printable
from ..slide.file_formats import IMAGE_ENDINGS
from ..writers.run_file import RUN_FILE
from ..writers.run_record import is_run_file

OTHER_ENDINGS = frozenset(
    {".bif", ".bmp", ".czi", ".dcm", ".gif", ".heic", ".ims", ".jp2", ".lif", ".lsm", ".mrxs", ".nd2", ".ndpi", ".oib"}
    | {".oif", ".qptiff", ".scn", ".stk", ".svs", ".vsi", ".webp", ".zvi"}
)
"""Of images that are not looked for in folders."""
NAMED = 3
"""Paths that a line of `lines_about` names."""


class Why(StrEnum):
    """Why something was left out, and what includes it."""

    LINKED = "links to folders; --follow-links searches them too"
    SAME_FILE = "other names of a file that is split; --follow-links splits it under each of its names"
    LOOP = "links back to a folder that they lie in"
    UNSEARCHABLE = "folders that cannot be searched; ask for permission to read them"
    HIDDEN = "hidden files; name them to split them"
    NO_FILE = "neither files nor folders"
    SET = "files of OME sets; each set is split once, as its first file"
    OWN = "images in folders for results; give an --out that lies elsewhere to split them"
    RESULT = "finished results of karyo-split; name the slides themselves"
    FORMAT = "files of other formats; export them as TIFF, or name them to try"
    FOLDER = "folders that a pattern matches; name them without a pattern to search them"
    EMPTY = "folders without an image"
    NO_MATCH = "patterns that nothing matches"


@dataclass(frozen=True)
class LeftOut:
    """Something that was found or named and is not split."""

    path: Path
    """Of the file or folder."""
    why: Why
    """The reason."""


def lines_about(left_out: Sequence[LeftOut]) -> list[str]:
    """One line for each reason: how many were left out, why, and some of them by name."""
    lines = []
    for why in Why:
        paths = [printable(each.path) for each in left_out if each.why is why]
        if paths:
            more = ", ..." if len(paths) > NAMED else ""
            lines.append(f"{len(paths)} left out: {why} ({', '.join(paths[:NAMED])}{more})")
    return lines


def search(folder: Path, out: Path, follow_links: bool) -> tuple[list[Path], list[LeftOut]]:
    """Find the images in a folder and the folders in it.

    Parameters
    ----------
    folder
        To search.
    out
        Of the batch: what lies in it is not searched where it lies in the folder.
    follow_links
        Whether linked folders are searched too.

    Returns
    -------
    images, left_out
        Finished results of karyo-split are passed over, unless the folder itself is one.
    """
    top, own = folder.resolve(), out.resolve()
    images: list[Path] = []
    left_out: list[LeftOut] = []

    def unsearchable(problem: OSError) -> None:
        left_out.append(LeftOut(Path(problem.filename), Why.UNSEARCHABLE))

    for place, folders, files in os.walk(folder, onerror=unsearchable, followlinks=follow_links):
        here = Path(place)
        real = here.resolve()
        if RUN_FILE in files and is_run_file(here / RUN_FILE):
            folders.clear()
            if here == folder:
                left_out.append(LeftOut(here, Why.RESULT))
            continue
        for name in [name for name in folders if (here / name).is_symlink()]:
            why = _why_not_followed(here, here / name, follow_links)
            if why is not None:
                folders.remove(name)
                left_out.append(LeftOut(here / name, why))
        in_own = top in own.parents and own in (real, *real.parents)
        for path in (here / name for name in files):
            reason = _why_no_slide(path, in_own)
            if reason is not None:
                left_out.append(LeftOut(path, reason))
            elif path.suffix.lower() in IMAGE_ENDINGS:
                images.append(path)
    return images, left_out


def _why_not_followed(here: Path, link: Path, follow_links: bool) -> Why | None:
    if not follow_links:
        return Why.LINKED
    around = {folder.resolve() for folder in (here, *here.parents)} | set(here.resolve().parents)
    return Why.LOOP if link.resolve() in around else None


def _why_no_slide(path: Path, in_own: bool) -> Why | None:
    """Why a file that looks like an image is left out; None for a slide, and for what is no image at all.

    A link that leads nowhere counts as a slide: it fails when its turn comes.
    """
    ending = path.suffix.lower()
    if ending not in IMAGE_ENDINGS:
        return Why.FORMAT if ending in OTHER_ENDINGS and not in_own else None
    if path.name.startswith("."):
        return None if in_own else Why.HIDDEN
    if in_own:
        return Why.OWN
    if os.path.exists(path) and not os.path.isfile(path):  # noqa: PTH110, PTH113 - they raise nothing
        return Why.NO_FILE
    return None
