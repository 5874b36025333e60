"""chromosomes.roi.zip: regions of interest for ImageJ and Fiji (ROI Manager > Open)."""

from __future__ import annotations

import zipfile
from pathlib import Path

import numpy as np
import roifile
from shapely.geometry import MultiPolygon

from ...core.atomic import write_atomically
from ...core.outlines import outline_of, rings_of
from ..records import Chromosome, SplitRecord
from .names import name_of
from .preview import colour_of

MOVE, LINE, CLOSE = 0.0, 1.0, 4.0
"""Segments of java.awt.geom.PathIterator, of which ImageJ makes composite regions."""
MAX_INTEGER = 32_767
"""The largest coordinate that fits the format's whole numbers; larger ones are written as real numbers."""
EPOCH = (1980, 1, 1, 0, 0, 0)


def write_rois(result: SplitRecord, path: Path) -> None:
    """Write one region per chromosome, named like m01_c012.

    Parameters
    ----------
    result
        What was found on the slide.
    path
        Of the file.
    """

    def write(part: Path) -> None:
        with zipfile.ZipFile(part, "w", zipfile.ZIP_DEFLATED) as archive:
            for chromosome in result.chromosomes:
                member = zipfile.ZipInfo(f"{name_of(chromosome)}.roi", EPOCH)  # a fixed time: the same bytes again
                archive.writestr(member, roi_of(chromosome).tobytes(), zipfile.ZIP_DEFLATED)

    def check(part: Path) -> None:
        with zipfile.ZipFile(part) as archive:
            if archive.testzip() is not None or len(archive.namelist()) != len(result.chromosomes):
                raise ValueError("the archive is not whole")

    write_atomically(path, write, check)


def roi_of(chromosome: Chromosome) -> roifile.ImagejRoi:
    """A traced region where the outline is one ring, else a composite one."""
    outline = outline_of(chromosome.placed)
    (first, *others) = outline.geoms
    if others or first.interiors:
        roi = _composite(outline)
    else:
        corners = np.array(first.exterior.coords)[:-1]
        far = corners.max() > MAX_INTEGER
        roi = roifile.ImagejRoi.frompoints(corners if far else corners.astype(np.int32))
        roi.roitype = roifile.ROI_TYPE.POLYGON if far else roifile.ROI_TYPE.TRACED
    roi.name = name_of(chromosome)
    roi.stroke_color = bytes((255, *colour_of(chromosome.cluster_id)))
    return roi


def _composite(outline: MultiPolygon) -> roifile.ImagejRoi:
    segments: list[float] = []
    for part in outline.geoms:
        for (x, y), *corners in (ring[:-1] for ring in rings_of(part)):
            segments += [MOVE, x, y]
            for corner_x, corner_y in corners:
                segments += [LINE, corner_x, corner_y]
            segments.append(CLOSE)
    roi = roifile.ImagejRoi()
    roi.roitype = roifile.ROI_TYPE.RECT
    roi.left, roi.top, roi.right, roi.bottom = (min(round(edge), MAX_INTEGER) for edge in outline.bounds)
    roi.multi_coordinates = np.array(segments, dtype=np.float32)
    roi.shape_roi_size = len(segments)
    return roi
