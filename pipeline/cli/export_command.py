"""`karyo-split export FOLDER... --format ...`: more formats from finished folders."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import nullcontext
from pathlib import Path

from ... import weights
from ...core.errors import InputError, UsageError
from ..read_folder import read_input, read_measurements, read_result
from ..slide.slide import Slide
from ..write_folder import NEED_PIXELS, Material, write_format
from ..writers.run_file import RunFacts
from .split_command import chosen_formats


def export_folders(folders: Sequence[Path], formats: str, slide: Path | None) -> None:
    """Write the formats into each folder and print the folders.

    slide: the file that the one folder was made from, for formats that need pixels.
    Raises UsageError for formats or options that do not fit, InputError where a folder or the slide cannot be used.
    """
    chosen = chosen_formats(formats)
    pixels = [name for name in chosen if name in NEED_PIXELS]
    if pixels and slide is None:
        raise UsageError(f"{', '.join(pixels)} needs the slide's pixels: name its file with --slide")
    if slide is not None and len(folders) > 1:
        raise UsageError(f"--slide is the file of one folder, and {len(folders)} were named: export them one by one")
    for folder in folders:
        _export(folder, chosen, slide)
        print(folder)


def _export(folder: Path, formats: Sequence[str], slide: Path | None) -> None:
    result = read_result(folder)
    made_from = read_input(folder)
    if slide is not None and made_from.sha256 is not None and weights.sha256_of(slide) != made_from.sha256:
        raise InputError(f"{slide} is not the file that {folder} was made from: its SHA-256 differs from run.json's")
    opened = nullcontext() if slide is None else Slide.open(slide, made_from.page, made_from.channel)
    with opened as pixels:
        known = None if "csv" in formats else read_measurements(folder)
        facts = RunFacts(Path(made_from.name), made_from.sha256, made_from.started) if made_from.sha256 else None
        material = Material(result, pixels, facts, known)
        for name in formats:
            write_format(name, material, folder)
