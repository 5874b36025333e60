"""chromosomes.geojson: outlines for QuPath (File > Import objects), with names, colours and measurements.

Format: GeoJSON (RFC 7946) in slide pixels, with the properties that QuPath 0.4 and later read: objectType, name, color,
classification, measurements, isLocked. Outlines follow pixel edges (see `core.outlines`).
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from shapely.geometry import MultiPolygon

from ...core.atomic import write_text
from ...core.outlines import outline_of, rings_of
from ..measure.measurement import Measurement, in_micrometres
from ..records import Chromosome, SplitRecord
from .names import name_of, uuid_of
from .preview import colour_of

CLASSES = {False: ("chromosome", (80, 200, 120)), True: ("chromosome: review", (240, 160, 40))}
"""Classification and its colour, of chromosomes that need no review and of those that do."""


def write_geojson(result: SplitRecord, measurements: Sequence[Measurement], path: Path) -> None:
    """Write one feature per chromosome.

    Parameters
    ----------
    result
        What was found on the slide.
    measurements
        Of each chromosome, in order.
    path
        Of the file.
    """
    features = [feature_of(c, m, result) for c, m in zip(result.chromosomes, measurements, strict=True)]
    document = {"type": "FeatureCollection", "features": features}
    write_text(path, json.dumps(document, ensure_ascii=False), check=json.loads)


def feature_of(chromosome: Chromosome, measured: Measurement, result: SplitRecord) -> dict[str, Any]:
    """One chromosome as QuPath reads it. Chromosomes of a cluster share a colour."""
    kind, colour = CLASSES[chromosome.needs_review]
    return {
        "type": "Feature",
        "id": uuid_of(chromosome, result),
        "geometry": _geometry(outline_of(chromosome.placed)),
        "properties": {
            "objectType": "annotation",
            "name": name_of(chromosome),
            "color": list(colour_of(chromosome.cluster_id)),
            "classification": {"name": kind, "color": list(colour)},
            "isLocked": False,
            "measurements": _measurements(chromosome, measured, result.pixel_size_um),
            "metadata": {"flags": " ".join(chromosome.flags)},
        },
    }


def _geometry(outline: MultiPolygon) -> dict[str, Any]:
    parts = [rings_of(part) for part in outline.geoms]
    if len(parts) == 1:
        return {"type": "Polygon", "coordinates": parts[0]}
    return {"type": "MultiPolygon", "coordinates": parts}


def _measurements(chromosome: Chromosome, measured: Measurement, pixel_size_um: float | None) -> dict[str, float]:
    """Numbers only: what was not found is left out."""
    measurements = asdict(measured) | asdict(in_micrometres(chromosome, measured, pixel_size_um))
    values: dict[str, float | None] = {
        "score": chromosome.score,
        "cluster": chromosome.cluster_id,
        "metaphase": chromosome.metaphase_id,
        "area px": chromosome.area_px,
        "overlap px": chromosome.overlap_px,
        **{name.replace("_", " "): value for name, value in measurements.items()},
    }
    return {name: round(float(value), 4) for name, value in values.items() if value is not None}
