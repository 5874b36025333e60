"""SHA-256 of what a run wrote, for run.json: so that a later change shows."""

from __future__ import annotations

import hashlib
from collections.abc import Collection
from pathlib import Path

from ...weights import sha256_of

OUTPUTS = {
    "coco": ("chromosomes.json",),
    "labels": ("masks.ome.tif",),
    "csv": ("chromosomes.csv", "metaphases.csv"),
    "preview": ("preview.png",),
    "report": ("report.html",),
    "geojson": ("chromosomes.geojson",),
    "rois": ("chromosomes.roi.zip",),
    "zarr": ("slide.ome.zarr",),
    "pieces": ("chromosomes",),
    "upright": ("chromosomes_upright",),
}
"""The files and folders of each format."""


def hashes_of(folder: Path, formats: Collection[str]) -> dict[str, str]:
    """The SHA-256 of each file and folder that some formats wrote, by its name in a slide's folder.

    Parameters
    ----------
    folder
        Of the slide's results.
    formats
        That were written.

    Raises
    ------
    OSError
        Where one cannot be read.
    """
    names = [name for each in OUTPUTS if each in formats for name in OUTPUTS[each]]
    return {name: sha256_of_output(folder / name) for name in names if (folder / name).exists()}


def formats_of(outputs: Collection[str]) -> tuple[str, ...]:
    """The formats that some files and folders are of.

    Parameters
    ----------
    outputs
        Names in a slide's folder, as `hashes_of` gives them.
    """
    return tuple(each for each, names in OUTPUTS.items() if set(names) <= set(outputs))


def sha256_of_output(path: Path) -> str:
    """SHA-256 of a file, or of a folder: of a line for each file in it, "SHA-256, two spaces, path", sorted by path."""
    if not path.is_dir():
        return sha256_of(path)
    files = sorted((file.relative_to(path).as_posix(), file) for file in path.rglob("*") if file.is_file())
    lines = "".join(f"{sha256_of(file)}  {name}\n" for name, file in files)
    return hashlib.sha256(lines.encode("utf-8", "surrogateescape")).hexdigest()
