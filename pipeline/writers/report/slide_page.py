"""The page of one slide: report.html, report.css and report.js beside this file, filled in."""

from __future__ import annotations

import html
import json
from collections.abc import Sequence
from dataclasses import astuple
from itertools import pairwise
from pathlib import Path
from string import Template
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ....core.atomic import write_text
from ....core.clusters import shared_places
from ....core.mask import PlacedMask
from ....core.outlines import outline_of, rings_of
from ...measure.measurement import Measurement
from ...records import Chromosome, ReviewRecord, SplitRecord
from ...slide.slide import Slide
from ..csv_tables import METAPHASE_COLUMNS, metaphase_row_of
from ..cutouts import upright_cutout
from ..label_anchors import label_anchors
from ..preview import CONTRAST, colour_of, eight_bits
from ..run_file import RunFacts
from . import is_whole, part
from .pictures import as_uri, pictures_of

COLUMNS: tuple[tuple[str, str, int], ...] = (
    ("id", "id", 0),
    ("metaphase", "metaphase", 0),
    ("score", "score", 2),
    ("flags", "flags", 0),
    ("length", "length px", 1),
    ("width", "width px", 1),
    ("area", "area px", 0),
    ("arm_ratio", "arm ratio", 2),
    ("net", "net intensity", 0),
    ("overlap", "overlap px", 0),
    ("cluster", "cluster", 0),
)
"""Of the table: key, title, digits."""
MAX_COUNTS = 6
"""Of so many metaphases the headline gives each count."""
TILE_ZOOM, TILE_LENGTH_PX = 2.0, 36.0
"""A typical chromosome is shown so many times as large as its pixels would be at a length of 36 px."""


def write_report(
    result: SplitRecord, measurements: Sequence[Measurement], slide: Slide, path: Path, facts: RunFacts | None = None
) -> None:
    """Write the page of one slide.

    Parameters
    ----------
    result
        What was found on the slide.
    measurements
        Of each chromosome, in order.
    slide
        The open slide.
    path
        Of the file.
    facts
        What the result itself cannot know; None where the slide was no file.
    """
    write_text(path, page_of(result, measurements, slide, facts), check=is_whole)


def page_of(
    result: SplitRecord, measurements: Sequence[Measurement], slide: Slide, facts: RunFacts | None = None
) -> str:
    """The page of one slide, as HTML."""
    data = {
        "shape": result.shape,
        "columns": COLUMNS,
        "pictures": pictures_of(result, slide),
        "shared": _shared(result),
        "chromosomes": _chromosomes(result, measurements, slide),
        "metaphases": [{"id": m.id, "chromosomes": m.chromosomes, "box": m.box_slide.edges} for m in result.metaphases],
    }
    return Template(part("report.html")).substitute(
        title=html.escape(result.name),
        summary=html.escape(_headline(result)),
        threshold=_threshold(result),
        style=part("report.css"),
        script=part("viewer.js") + part("report.js"),
        metaphases=_metaphases(result),
        facts=_facts(result, facts),
        data=json.dumps(data, separators=(",", ":")).replace("</", "<\\/"),
    )


def _headline(result: SplitRecord) -> str:
    """How many, where, what is flagged, and what the slide's warnings are."""
    spreads, review = result.spreads, sum(c.needs_review for c in result.chromosomes)
    within = sum(m.chromosomes for m in spreads)
    found = f"{len(result)} chromosomes" + ("" if within == len(result) else f", {within} of them")
    if len(spreads) > MAX_COUNTS:
        counts = f"{result.counts.flagged_metaphases} of them flagged"
    else:
        counts = "; ".join(f"{m.chromosomes}{', flagged ' + ' and '.join(m.flags) if m.flags else ''}" for m in spreads)
    places = f"{len(spreads)} metaphase{'' if len(spreads) == 1 else 's'}" + (f" ({counts})" if counts else "")
    signed = f" Reviewed and signed by {result.review.signed}." if result.review and result.review.signed else ""
    warned = f" Warnings: {'; '.join(result.warnings)}." if result.warnings else ""
    return f"{found} in {places}; {review} need review.{signed}{warned}"


def _chromosomes(result: SplitRecord, measurements: Sequence[Measurement], slide: Slide) -> list[dict[str, Any]]:
    pieces = [
        upright_cutout(chromosome, measured, slide)
        for chromosome, measured in zip(result.chromosomes, measurements, strict=True)
    ]
    values = [piece.pixels[piece.mask] for piece in pieces if piece.mask.any()]
    backgrounds = [m.background for m in measurements if m.background is not None]
    every = np.concatenate([*values, np.array(backgrounds, dtype=np.float32)]) if values else np.zeros(1)
    low, high = np.percentile(every, CONTRAST)
    zoom = TILE_ZOOM * TILE_LENGTH_PX / (result.length_px or TILE_LENGTH_PX)
    anchors = label_anchors(result.chromosomes, result.shape)
    return [
        _chromosome(chromosome, measured)
        | {"anchor": [round(value, 2) for value in astuple(anchor)]}
        | {"piece": as_uri(eight_bits(piece.pixels, low, high)), "size": _shown(piece.pixels, zoom)}
        for chromosome, measured, piece, anchor in zip(result.chromosomes, measurements, pieces, anchors, strict=True)
    ]


def _chromosome(chromosome: Chromosome, measured: Measurement) -> dict[str, Any]:
    return {
        "id": chromosome.id,
        "metaphase": chromosome.metaphase_id,
        "cluster": chromosome.cluster_id,
        "box": chromosome.box_slide.edges,
        "outline": path_of(chromosome.placed),
        "colour": "#{:02x}{:02x}{:02x}".format(*colour_of(chromosome.id)),
        "review": chromosome.needs_review,
        "flags": list(chromosome.flags),
        "score": round(chromosome.score, 4),
        "area": chromosome.area_px,
        "overlap": chromosome.overlap_px,
        "length": round(measured.length_px, 1),
        "width": round(measured.width_px, 1),
        "arm_ratio": None if measured.arm_ratio is None else round(measured.arm_ratio, 2),
        "net": None if measured.net_intensity is None else round(measured.net_intensity),
    }


def path_of(placed: PlacedMask) -> str:
    """The outline of a mask as an SVG path of pixel edges."""
    out = []
    for polygon in outline_of(placed).geoms:
        for corners in rings_of(polygon):
            out.append("M{} {}".format(*corners[0]))
            for (x, y), (to_x, to_y) in pairwise(corners[:-1]):
                out.append(f"h{to_x - x}" if to_y == y else f"v{to_y - y}")
            out.append("z")
    return "".join(out)


def _shared(result: SplitRecord) -> list[dict[str, Any]]:
    """Where chromosomes overlap, each place once."""
    places = shared_places([c.placed for c in result.chromosomes if c.overlap_px])
    return [{"box": place.box.edges, "outline": path_of(place)} for place in places]


def _shown(pixels: NDArray[np.float32], zoom: float) -> list[int]:
    return [max(4, round(pixels.shape[1] * zoom)), max(4, round(pixels.shape[0] * zoom))]


def _metaphases(result: SplitRecord) -> str:
    names = [n for n in METAPHASE_COLUMNS if n not in ("x0", "y0", "x1", "y1")]
    head = "".join(f'<th scope="col">{name.replace("_", " ")}</th>' for name in names)
    rows = []
    for metaphase in result.metaphases:
        row = metaphase_row_of(metaphase, result.pixel_size_um)
        rows.append("".join(f"<td>{html.escape(str(row[name]))}</td>" for name in names))
    return f"<table><thead><tr>{head}</tr></thead><tbody>{''.join(f'<tr>{r}</tr>' for r in rows)}</tbody></table>"


def _threshold(result: SplitRecord) -> str:
    below = result.settings.get("review_below")
    return f" Low confidence: below {below:.2f}." if isinstance(below, float) else ""


def _review(review: ReviewRecord | None) -> dict[str, str]:
    """What the report says of a review by hand; nothing where there was none."""
    if review is None:
        return {}
    edits = ", ".join(f"{verb.replace('_', ' ')} {count}" for verb, count in review.edits.items()) or "none that hold"
    signed = review.signed
    told = f"{signed}: {signed.chromosomes} chromosomes after {signed.edits} edits" if signed else "by nobody yet"
    return {"Reviewed by": ", ".join(review.reviewed_by), "Edits": edits, "Signed": told}


def _facts(result: SplitRecord, facts: RunFacts | None) -> str:
    size = "not known: lengths are in pixels" if result.pixel_size_um is None else f"{result.pixel_size_um:g} µm"
    told: dict[str, object] = {
        "File": facts.input_path.name if facts else result.name,
        "SHA-256": facts.sha256 if facts else "not known",
        "Slide": f"{result.shape[0]} x {result.shape[1]} px, pixel size {size}",
        "Chromosomes on it": f"{result.normalisation.polarity}; typical length {result.length_px or 0:.1f} px",
        "Warnings": "; ".join(result.warnings) or "none",
        **_review(result.review),
        "Settings": ", ".join(f"{name} {value}" for name, value in result.settings.items() if value is not None),
        "Versions": ", ".join(f"{name} {value}" for name, value in result.versions.items()),
        "Weights (SHA-256)": ", ".join(f"{name} {value}" for name, value in result.weights.items()),
    }
    return (
        "<dl>"
        + "".join(f"<dt>{html.escape(name)}</dt><dd>{html.escape(str(value))}</dd>" for name, value in told.items())
        + "</dl>"
    )
