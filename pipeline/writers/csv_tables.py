"""chromosomes.csv, one row per chromosome, and metaphases.csv, one row per spread.

Lengths in pixels and, where the pixel size is known, in micrometres.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Sequence
from pathlib import Path

from ...core.atomic import write_text
from ..measure.measurement import Measurement, in_micrometres
from ..records import Chromosome, Metaphase, SplitRecord

COLUMNS = (
    "id", "metaphase_id", "cluster_id", "x0", "y0", "x1", "y1", "centroid_x", "centroid_y", "area_px", "length_px",
    "width_px", "orientation_deg", "mean_intensity", "integrated_intensity", "overlap_px", "score", "flags",
    "background", "net_intensity", "arm_ratio", "centromere_x", "centromere_y", "area_um2", "length_um", "width_um",
    "review",
)  # fmt: skip
METAPHASE_COLUMNS = (
    "metaphase_id", "chromosomes", "x0", "y0", "x1", "y1", "complete", "diameter_px", "overlapping", "low_confidence",
    "quality", "flags", "diameter_um",
)  # fmt: skip


def write_table(result: SplitRecord, measurements: Sequence[Measurement], path: Path) -> None:
    """Write the table of chromosomes; micrometre columns stay empty where the slide has no pixel size.

    Parameters
    ----------
    result
        What was found on the slide.
    measurements
        Of each chromosome, in order.
    path
        Of the file.
    """
    rows = (row_of(c, m, result.pixel_size_um) for c, m in zip(result.chromosomes, measurements, strict=True))
    _write_rows(COLUMNS, rows, path)


def write_metaphases(result: SplitRecord, path: Path) -> None:
    """Write the table of metaphases; micrometre columns stay empty where the slide has no pixel size.

    Parameters
    ----------
    result
        What was found on the slide.
    path
        Of the file.
    """
    rows = (metaphase_row_of(metaphase, result.pixel_size_um) for metaphase in result.metaphases)
    _write_rows(METAPHASE_COLUMNS, rows, path)


def _write_rows(columns: Sequence[str], rows: Iterable[dict[str, object]], path: Path) -> None:
    text = io.StringIO()
    writer = csv.DictWriter(text, columns, lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    write_text(path, text.getvalue())


def row_of(chromosome: Chromosome, measured: Measurement, pixel_size_um: float | None) -> dict[str, object]:
    """One row, keyed by COLUMNS."""
    box, micrometres = chromosome.box_slide, in_micrometres(chromosome, measured, pixel_size_um)
    return {
        "id": chromosome.id,
        "metaphase_id": chromosome.metaphase_id,
        "cluster_id": chromosome.cluster_id,
        "x0": box.x0,
        "y0": box.y0,
        "x1": box.x1,
        "y1": box.y1,
        "centroid_x": round(measured.centroid_x, 2),
        "centroid_y": round(measured.centroid_y, 2),
        "area_px": chromosome.area_px,
        "length_px": round(measured.length_px, 2),
        "width_px": round(measured.width_px, 2),
        "orientation_deg": round(measured.orientation_deg, 1),
        "mean_intensity": round(measured.mean_intensity, 3),
        "integrated_intensity": round(measured.integrated_intensity, 1),
        "overlap_px": chromosome.overlap_px,
        "score": round(chromosome.score, 4),
        "flags": " ".join(chromosome.flags),
        "background": _rounded(measured.background, 3),
        "net_intensity": _rounded(measured.net_intensity, 1),
        "arm_ratio": _rounded(measured.arm_ratio, 3),
        "centromere_x": _rounded(measured.centromere_x, 2),
        "centromere_y": _rounded(measured.centromere_y, 2),
        "area_um2": _rounded(micrometres.area_um2, 4),
        "length_um": _rounded(micrometres.length_um, 3),
        "width_um": _rounded(micrometres.width_um, 3),
        "review": chromosome.review,
    }


def _rounded(value: float | None, digits: int) -> float | str:
    """A number for a cell; an empty cell where there is none."""
    return "" if value is None else round(value, digits)


def metaphase_row_of(metaphase: Metaphase, pixel_size_um: float | None) -> dict[str, object]:
    """One row, keyed by METAPHASE_COLUMNS."""
    box, um = metaphase.box_slide, pixel_size_um
    return {
        "metaphase_id": metaphase.id,
        "chromosomes": metaphase.chromosomes,
        "x0": box.x0,
        "y0": box.y0,
        "x1": box.x1,
        "y1": box.y1,
        "complete": "no" if "edge" in metaphase.flags else "yes",
        "diameter_px": round(metaphase.diameter_px, 1),
        "overlapping": round(metaphase.overlapping, 4),
        "low_confidence": round(metaphase.low_confidence, 4),
        "quality": round(metaphase.quality, 4),
        "flags": " ".join(metaphase.flags),
        "diameter_um": "" if um is None else round(metaphase.diameter_px * um, 2),
    }
