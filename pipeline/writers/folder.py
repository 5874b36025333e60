"""One folder per slide; run.json last, so that its presence means that the folder is complete."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path

from ...errors import OutputError
from ..measure import measure_all
from ..result import SplitResult
from ..slide import Slide
from .atomic import PART
from .coco import write_coco
from .layers import write_layers
from .preview import write_preview
from .run import RUN_FILE, RunFacts, write_run
from .table import write_metaphases, write_table

FORMATS = ("coco", "labels", "csv", "preview")


def is_complete(folder: Path) -> bool:
    """True where a folder holds a finished result."""
    return (folder / RUN_FILE).is_file()


def remove_remains(folder: Path) -> None:
    """Remove what a killed run left half written; nothing else is touched.

    Raises OutputError where it cannot be removed.
    """
    try:
        for part in folder.glob(f"{PART}*"):
            part.unlink(missing_ok=True)
    except OSError as problem:
        raise OutputError(f"{folder} cannot be cleared of half-written files: {problem.strerror}") from problem


def write_result(
    result: SplitResult, slide: Slide, folder: Path, formats: Collection[str] = FORMATS, facts: RunFacts | None = None
) -> None:
    """Write the files of a result to `folder`, which is made where it is missing.

    slide: the open slide, for intensities and the preview.
    formats: some of FORMATS; run.json is always written, last.
    Raises OutputError where a file cannot be written.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        (folder / RUN_FILE).unlink(missing_ok=True)
    except OSError as problem:
        raise OutputError(f"the output folder {folder} cannot be written: {problem.strerror}") from problem
    if "coco" in formats:
        write_coco(result, folder / "chromosomes.json", facts)
    if "labels" in formats:
        write_layers(result, folder / "masks.ome.tif")
    if "csv" in formats:
        write_table(result, measure_all(result, slide), folder / "chromosomes.csv")
        write_metaphases(result, folder / "metaphases.csv")
    if "preview" in formats:
        write_preview(result, slide, folder / "preview.png")
    write_run(result, folder / RUN_FILE, formats, facts)
