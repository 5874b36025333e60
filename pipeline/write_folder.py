"""One folder per slide; run.json last, so that its presence means that the folder is complete."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from ..core.atomic import PART
from ..core.errors import OutputError, UsageError, did_you_mean
from .measure.measurement import Measurement, measure_all
from .records import SplitRecord
from .slide.slide import Slide
from .writers.coco_file import write_coco
from .writers.csv_tables import write_metaphases, write_table
from .writers.label_layers import write_layers
from .writers.preview import write_preview
from .writers.run_file import RUN_FILE, RunFacts, write_run

DEFAULT_FORMATS = ("coco", "labels", "csv", "preview", "report")
EXPORTS = ("geojson", "rois", "zarr", "pieces", "upright")
"""Formats for other programs, written only where they are asked for."""
FORMATS = (*DEFAULT_FORMATS, *EXPORTS)
NEED_PIXELS = frozenset({"csv", "preview", "report", "zarr", "pieces", "upright"})
"""Formats that need the slide's pixels beside a finished folder."""


@dataclass(eq=False)
class Material:
    """What files are written from."""

    result: SplitRecord
    """What was found."""
    slide: Slide | None
    """The open slide; None where a finished folder is all there is."""
    facts: RunFacts | None = None
    """What the result itself cannot know."""
    known: Sequence[Measurement] | None = None
    """Measurements that were taken before, one per chromosome."""

    @property
    def pixels(self) -> Slide:
        """The open slide. Raises UsageError where there is none."""
        if self.slide is None:
            raise UsageError("this format needs the slide's pixels: name its file with --slide")
        return self.slide

    @cached_property
    def measurements(self) -> Sequence[Measurement]:
        """Of each chromosome, in order."""
        return self.known if self.known is not None else measure_all(self.result, self.pixels)


def chosen_formats(text: str) -> tuple[str, ...]:
    """Find the formats that a comma-separated list names; "default" and "all" stand for several.

    Raises
    ------
    UsageError
        For an unknown one.
    """
    named = [name.strip() for name in text.split(",") if name.strip()]
    meant = {"default": DEFAULT_FORMATS, "all": FORMATS}
    names = [each for name in named for each in meant.get(name, (name,))]
    unknown = [name for name in names if name not in FORMATS]
    if unknown or not names:
        raise UsageError(
            f"unknown format {', '.join(unknown) or 'in an empty list'!r}: "
            f"choose from {', '.join(FORMATS)}, or default, or all{did_you_mean(unknown, (*FORMATS, *meant))}"
        )
    return tuple(dict.fromkeys(names))


def write_format(name: str, material: Material, folder: Path) -> None:
    """Write the files of one format to a folder that exists.

    Parameters
    ----------
    name
        One of FORMATS.
    material
        What the files are written from.
    folder
        Of the slide's results.

    Raises
    ------
    OutputError
        Where a file cannot be written.
    UsageError
        Where the format needs pixels and there are none.
    """
    _WRITERS[name](material, folder)


def is_complete(folder: Path) -> bool:
    """True where a folder holds a finished result."""
    return (folder / RUN_FILE).is_file()


def remove_remains(folder: Path) -> None:
    """Remove what a killed run left half written; nothing else is touched.

    Raises
    ------
    OutputError
        Where it cannot be removed.
    """
    try:
        for part in folder.glob(f"{PART}*"):
            if part.is_dir():
                shutil.rmtree(part)
            else:
                part.unlink(missing_ok=True)
    except OSError as problem:
        raise OutputError(f"{folder} cannot be cleared of half-written files: {problem.strerror}") from problem


def write_result(
    result: SplitRecord,
    slide: Slide,
    folder: Path,
    formats: Collection[str] = DEFAULT_FORMATS,
    facts: RunFacts | None = None,
) -> None:
    """Write the files of a result to `folder`, which is made where it is missing.

    Parameters
    ----------
    result
        What was found on the slide.
    slide
        The open slide, for intensities and the preview.
    folder
        Made where it is missing.
    formats
        Some of FORMATS; run.json is always written, last.
    facts
        What the result itself cannot know; None where the slide was no file.

    Raises
    ------
    OutputError
        Where a file cannot be written.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        (folder / RUN_FILE).unlink(missing_ok=True)
    except OSError as problem:
        raise OutputError(f"the output folder {folder} cannot be written: {problem.strerror}") from problem
    material = Material(result, slide, facts)
    for name in FORMATS:
        if name in formats:
            write_format(name, material, folder)
    write_run(result, folder / RUN_FILE, formats, facts)


def _tables(material: Material, folder: Path) -> None:
    write_table(material.result, material.measurements, folder / "chromosomes.csv")
    write_metaphases(material.result, folder / "metaphases.csv")


def _report(material: Material, folder: Path) -> None:
    from .writers.report import REPORT_FILE
    from .writers.report.slide_page import write_report

    write_report(material.result, material.measurements, material.pixels, folder / REPORT_FILE, material.facts)


def _geojson(material: Material, folder: Path) -> None:
    from .writers.geojson import write_geojson

    write_geojson(material.result, material.measurements, folder / "chromosomes.geojson")


def _rois(material: Material, folder: Path) -> None:
    from .writers.rois import write_rois

    write_rois(material.result, folder / "chromosomes.roi.zip")


def _zarr(material: Material, folder: Path) -> None:
    from .writers.ome_zarr import write_ome_zarr

    write_ome_zarr(material.result, material.pixels, folder / "slide.ome.zarr")


def _pieces(material: Material, folder: Path) -> None:
    from .writers.cutouts import write_cutouts

    write_cutouts(material.result, material.measurements, material.pixels, folder / "chromosomes")


def _upright(material: Material, folder: Path) -> None:
    from .writers.cutouts import write_cutouts

    write_cutouts(material.result, material.measurements, material.pixels, folder / "chromosomes_upright", upright=True)


_WRITERS: dict[str, Callable[[Material, Path], None]] = {
    "coco": lambda material, folder: write_coco(material.result, folder / "chromosomes.json", material.facts),
    "labels": lambda material, folder: write_layers(material.result, folder / "masks.ome.tif"),
    "csv": _tables,
    "preview": lambda material, folder: write_preview(material.result, material.pixels, folder / "preview.png"),
    "report": _report,
    "geojson": _geojson,
    "rois": _rois,
    "zarr": _zarr,
    "pieces": _pieces,
    "upright": _upright,
}
