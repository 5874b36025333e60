"""chromosomes.csv: one row per chromosome, lengths in pixels and, where the pixel size is known, in micrometres."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from pathlib import Path

from ..measure import Measurement
from ..result import Chromosome, SplitResult
from .atomic import write_text

COLUMNS = (
    "id", "cluster_id", "x0", "y0", "x1", "y1", "centroid_x", "centroid_y", "area_px", "length_px", "width_px",
    "orientation_deg", "mean_intensity", "integrated_intensity", "overlap_px", "score", "flags", "area_um2",
    "length_um", "width_um",
)  # fmt: skip


def write_table(result: SplitResult, measurements: Sequence[Measurement], path: Path) -> None:
    """Write the table; micrometre columns stay empty where the slide has no pixel size."""
    text = io.StringIO()
    writer = csv.DictWriter(text, COLUMNS, lineterminator="\n")
    writer.writeheader()
    for chromosome, measured in zip(result.chromosomes, measurements, strict=True):
        writer.writerow(row_of(chromosome, measured, result.pixel_size_um))
    write_text(path, text.getvalue())


def row_of(chromosome: Chromosome, measured: Measurement, pixel_size_um: float | None) -> dict[str, object]:
    """One row, keyed by COLUMNS."""
    box, um = chromosome.box_slide, pixel_size_um
    return {
        "id": chromosome.id,
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
        "area_um2": "" if um is None else round(chromosome.area_px * um**2, 4),
        "length_um": "" if um is None else round(measured.length_px * um, 3),
        "width_um": "" if um is None else round(measured.width_px * um, 3),
    }
