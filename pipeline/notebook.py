"""What a result shows in a notebook: a table of figures, a pandas frame, label layers, a picture."""

from __future__ import annotations

import html
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from ..core.errors import UsageError
from .measure.measurement import measure_all
from .records import SplitRecord
from .slide.slide import Slide
from .writers.csv_tables import row_of
from .writers.label_layers import LabelLayers
from .writers.preview import draw_preview

if TYPE_CHECKING:
    import pandas
    from PIL.Image import Image

PIXEL_COLUMNS = ("mean_intensity", "integrated_intensity", "background", "net_intensity")
MAX_SHOWN_PX = 900


def summary_html(result: SplitRecord) -> str:
    """Counts, flags and warnings as a small HTML table."""
    review = sum(c.needs_review for c in result.chromosomes)
    rows = {
        "slide": f"{result.name}, {result.shape[0]} x {result.shape[1]} px",
        "pixel size": "not known" if result.pixel_size_um is None else f"{result.pixel_size_um:g} µm",
        "chromosomes": f"{len(result)}, {review} to review",
        "metaphases": ", ".join(f"{m.chromosomes}{'*' if m.flags else ''}" for m in result.spreads) or "none",
        "overlapping": str(sum(c.overlap_px > 0 for c in result.chromosomes)),
        "warnings": "; ".join(result.warnings) or "none",
    }
    cells = "".join(
        f"<tr><th style='text-align:left'>{html.escape(name)}</th><td>{html.escape(value)}</td></tr>"
        for name, value in rows.items()
    )
    return f"<table>{cells}</table>"


def frame_of(result: SplitRecord, slide: Slide | None) -> pandas.DataFrame:
    """One row per chromosome, with the columns of chromosomes.csv; those of grey values only with a slide.

    Parameters
    ----------
    result
        What was found on the slide.
    slide
        The open slide; None leaves the columns of grey values out.

    Raises
    ------
    UsageError
        Where pandas is not installed.
    """
    try:
        import pandas
    except ImportError as problem:
        raise UsageError("a data frame needs pandas: pip install pandas") from problem
    blank = slide is None
    source = Slide.from_array(np.zeros(result.shape, dtype=np.uint8)) if slide is None else slide
    rows = [
        row_of(chromosome, measured, result.pixel_size_um)
        for chromosome, measured in zip(result.chromosomes, measure_all(result, source), strict=True)
    ]
    frame = pandas.DataFrame(rows).replace("", np.nan)
    return frame.drop(columns=[name for name in PIXEL_COLUMNS if name in frame]) if blank else frame


def dense_layers(result: SplitRecord) -> NDArray[np.uint16]:
    """The label layers as one array, (K, rows, columns): of small slides, for it holds every pixel K times."""
    layers = LabelLayers.of(result.chromosomes, result.shape)
    dense = np.zeros((len(layers.layers), *result.shape), dtype=np.uint16)
    for plane, members in zip(dense, layers.layers, strict=True):
        for chromosome in members:
            plane[chromosome.box_slide.slices][chromosome.mask] = chromosome.id
    return dense


def picture_of(result: SplitRecord, slide: Slide) -> Image:
    """The preview, at most 900 px a side.

    Parameters
    ----------
    result
        What was found on the slide.
    slide
        The open slide.
    """
    picture = draw_preview(result, slide)
    picture.thumbnail((MAX_SHOWN_PX, MAX_SHOWN_PX))
    return picture
