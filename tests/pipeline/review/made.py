"""A finished folder with known chromosomes, and its slide, made without the networks."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import tifffile
from karyo_split.core.box import Box
from karyo_split.core.mask import PlacedMask
from karyo_split.pipeline.metaphases import group_metaphases
from karyo_split.pipeline.records import NormalisationInfo
from karyo_split.pipeline.result import SplitResult
from karyo_split.pipeline.scoring.candidate import Candidate
from karyo_split.pipeline.slide.slide import Slide
from karyo_split.pipeline.stitch import stitch
from karyo_split.pipeline.versions import versions
from karyo_split.pipeline.write_folder import DEFAULT_FORMATS, write_result
from karyo_split.pipeline.writers.csv_tables import write_metaphases
from karyo_split.pipeline.writers.run_file import RunFacts
from karyo_split.pipeline.writers.summary import SummaryRow, write_summary
from karyo_split.weights import sha256_of

from ...strategies import rod

SHAPE = (120, 160)
RODS = (
    rod(10, 10, 30, 8),
    rod(10, 40, 30, 8),
    rod(10, 70, 30, 8),
    rod(60, 10, 8, 30),
    rod(50, 20, 30, 8),  # crosses the one before
    rod(60, 80, 30, 8),
)
"""In reading order, so that their ids are known."""


def make_folder(
    top: Path,
    rods: Sequence[PlacedMask] = RODS,
    expect: int | None = None,
    shape: tuple[int, int] = SHAPE,
    formats: Sequence[str] = DEFAULT_FORMATS,
) -> Path:
    """masks/a below `top`, with slides/a.tif; every second chromosome is in doubt."""
    grey = np.full(shape, 20, np.uint8)
    for placed in rods:
        grey[placed.box.slices][placed.mask] = 150
    (top / "slides").mkdir(parents=True, exist_ok=True)
    path, folder = top / "slides" / "a.tif", top / "masks" / "a"
    tifffile.imwrite(path, grey)
    order = sorted(rods, key=lambda placed: (placed.box.y0, placed.box.x0))
    candidates = [Candidate(placed, 0.5 + 0.4 * (number % 2)) for number, placed in enumerate(order)]
    stitched = stitch(candidates, Box(0, 0, shape[1], shape[0]), 30.0, 0.8)
    numbers, metaphases = group_metaphases(stitched, shape, 30.0, expect)
    assigned = tuple(replace(c, metaphase_id=n) for c, n in zip(stitched, numbers, strict=True))
    with Slide.open(path) as slide:
        result = SplitResult(
            name="a",
            shape=shape,
            pixel_size_um=None,
            chromosomes=assigned,
            boxes=(),
            length_px=30.0,
            normalisation=NormalisationInfo("bright", 130.0, 20.0),
            metaphases=metaphases,
            settings={"expect": expect, "page": None, "channel": None, "review_below": 0.8},
            versions=versions(),
        )
        facts = RunFacts(path, sha256_of(path), "2026-01-01T00:00:00+00:00")
        write_result(result, slide, folder, formats, facts)
    if "csv" not in formats:
        write_metaphases(result, folder / "metaphases.csv")  # without the measurements, which take long
    write_summary([SummaryRow(str(path), str(folder), result.counts, 1.0, "")], top / "masks")
    return folder
