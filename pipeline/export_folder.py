"""More formats from a finished folder, without splitting the slide again."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import nullcontext
from pathlib import Path

from .. import weights
from ..core.errors import InputError
from .read_folder import read_input, read_measurements, read_result
from .review.reviewed_folder import check_current
from .slide.slide import Slide
from .write_folder import Material, write_format
from .writers.run_file import RUN_FILE, add_outputs


def export_folder(folder: Path, formats: Sequence[str], slide: Path | None = None) -> None:
    """Write formats into a finished folder, and their SHA-256 into its run.json.

    Parameters
    ----------
    folder
        Holds run.json, chromosomes.json, metaphases.csv and chromosomes.csv.
    formats
        Some of `write_folder.FORMATS`.
    slide
        The file that the folder was made from, for formats that need its pixels.

    Raises
    ------
    InputError
        Where the folder cannot be read, or was made from another file, or holds edits that its files do not show.
    OutputError
        Where a file cannot be written.
    UsageError
        Where a format needs pixels and there are none.
    """
    check_current(folder)
    result = read_result(folder)
    made_from = read_input(folder)
    if slide is not None and made_from.sha256 is not None and weights.sha256_of(slide) != made_from.sha256:
        raise InputError(f"{slide} is not the file that {folder} was made from: its SHA-256 differs from run.json's")
    opened = nullcontext() if slide is None else Slide.open(slide, made_from.page, made_from.channel)
    with opened as pixels:
        known = None if "csv" in formats else read_measurements(folder)
        material = Material(result, pixels, made_from.facts, known)
        for name in formats:
            write_format(name, material, folder)
    add_outputs(folder / RUN_FILE, formats)
