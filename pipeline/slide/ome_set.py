"""Sets of OME-TIFF files: one image whose planes lie in several files, which name each other."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import tifffile

from ...core.errors import UnreadableSlide


@dataclass(frozen=True)
class OmeSet:
    """What the OME-XML in a file says of the files that its images are spread over."""

    names: tuple[str, ...] = ()
    """Of all files, itself among them; empty where it names none."""
    images: int = 0
    """How many images the set holds."""
    described_in: str | None = None
    """The file that describes the image, where this one holds pixels only."""


def ome_set_of(file: tifffile.TiffFile) -> OmeSet:
    """Look up the set of an open file.

    Parameters
    ----------
    file
        Of any kind: one without OME-XML, or with one that cannot be read, names no others.
    """
    text = file.ome_metadata
    try:
        root = ElementTree.fromstring(text.encode("utf-8")) if text else None
    except ElementTree.ParseError:
        return OmeSet()
    if root is None:
        return OmeSet()
    names = {element.get("FileName") for element in root.iterfind("{*}Image/{*}Pixels/{*}TiffData/{*}UUID")}
    binary = root.find("{*}BinaryOnly")
    return OmeSet(
        names=tuple(sorted(name for name in names if name)),
        images=len(root.findall("{*}Image")),
        described_in=None if binary is None else binary.get("MetadataFile"),
    )


def read_with(path: Path) -> list[Path]:
    """The files whose pixels are read with a file's, where all are of one image: itself among them; else none."""
    try:
        with tifffile.TiffFile(path) as file:
            found = ome_set_of(file)
    except Exception:  # what is wrong with it is told when its turn comes
        return []
    return [path.parent / name for name in found.names] if len(found.names) > 1 and found.images == 1 else []


def check_names(path: Path, ome_set: OmeSet) -> None:
    """Refuse a set that reaches into other folders: a file must not choose which others are opened.

    Raises
    ------
    UnreadableSlide
        For a name that is more than a name, or is not a file's.
    """
    for name in ome_set.names:
        if name != Path(name).name or "\\" in name:
            raise UnreadableSlide(
                f"{path} names a file in another folder as part of its image ({name[:80]!r}): put all files of an "
                "OME set into one folder, under the names in their OME-XML"
            )
        if (path.parent / name).exists() and not (path.parent / name).is_file():
            raise UnreadableSlide(f"{path} names {name[:80]!r} as part of its image, and that is no file")


def pages_meant(series: tifffile.TiffPageSeries, chosen: tuple[Any, ...]) -> list[Any]:
    """The pages of a series that hold the image that is meant; None stands for one whose file is missing.

    Parameters
    ----------
    series
        Of the file.
    chosen
        How the series is indexed, see `image_file.OpenedImage`.
    """
    pages = list(series.pages)
    outer = len(series.shape) - series.keyframe.ndim
    place = chosen[:outer]
    sides = series.shape[:outer]
    count = 1
    for side in sides:
        count *= side
    if len(pages) != count or not all(isinstance(each, int) for each in place):
        return pages
    number = 0
    for each, side in zip(place, sides, strict=True):
        number = number * side + each
    return [pages[number]]


def check_complete(path: Path, ome_set: OmeSet, every: list[Any], meant: list[Any]) -> str | None:
    """Look whether all files of a set are there.

    Parameters
    ----------
    path
        Of the file that was opened.
    ome_set
        What it says.
    every, meant
        Pages of the series, and those of them that hold the image that is meant.

    Returns
    -------
    str or None
        A warning where others are missing.

    Raises
    ------
    UnreadableSlide
        Where one of those that are meant is missing.
    """
    if not any(page is None for page in every):
        return None
    gone = [name for name in ome_set.names if not (path.parent / name).is_file()]
    told = ", ".join(gone[:3]) + (", ..." if len(gone) > 3 else "") or f"looked for beside {path.resolve()}"
    if any(page is None for page in meant):
        raise UnreadableSlide(f"{path} is one of a set of files, and the image that is meant lies in another: {told}")
    return f"files of its OME set are missing: {told}"


def other_files(path: Path, ome_set: OmeSet, own: tifffile.TiffFile, meant: list[Any]) -> tuple[Path, ...]:
    """The files beside its own that the pages lie in.

    Parameters
    ----------
    path, own
        The file that was opened.
    ome_set
        What it says.
    meant
        Pages that hold the image that is meant.
    """
    held = {
        Path(page.parent.filehandle.path).resolve() for page in meant if page is not None and page.parent is not own
    }
    return tuple(path.parent / name for name in ome_set.names if (path.parent / name).resolve() in held)
