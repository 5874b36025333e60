"""Pixels that are none: values that stand for "nothing was measured here" and are nobody's light."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np
import tifffile
from numpy.typing import NDArray

NAMED_BY = 42113
"""The TIFF tag in which geographic programs (GDAL) name the value that stands for no data."""
MAX_LIGHT = 1e30
"""No camera gives larger real numbers; those programs' own value for no data is -3.4e38."""
MAX_SHARE = 0.5
"""What more of a slide's pixels have is its background, whatever the file says."""
MIN_GAP = 0.5
"""The lowest number of a type stands for no data where it lies so far below all others, as a share of their range: in
files that write unsigned numbers as signed ones it is black."""
MAX_SAMPLED_PX = 100_000
"""Pixels of a band that the median is taken of, about."""


@dataclass(frozen=True)
class NoData:
    """How much of a slide is no data, and what is put in its place."""

    share: float
    """Of the slide's pixels; 0 where all of them are data."""
    level: float
    """The median of the others: a grey value of the background."""


def named_no_data(series: tifffile.TiffPageSeries) -> float | None:
    """The value that a TIFF says stands for no data; None where it does not say so."""
    tag = series.keyframe.tags.get(NAMED_BY)
    try:
        value = float(str(tag.value).strip("\0 ")) if tag is not None else math.nan
    except ValueError:
        return None
    return value if math.isfinite(value) else None


def may_be_no_data(pixels: NDArray[Any], named: float | None) -> NDArray[np.bool_] | None:
    """Which pixels have a value that may stand for no data: bool, shape (rows, columns); None where none has.

    Parameters
    ----------
    pixels
        Shape (rows, columns) or (rows, columns, samples), as the file has them.
    named
        The value that the file names; None for none.
    """
    kind = pixels.dtype.kind
    if kind == "i" and named is None:
        named = float(np.iinfo(pixels.dtype).min)
    if named is None and kind != "f":
        return None
    held = np.zeros(pixels.shape, dtype=np.bool_)
    if named is not None:
        held[pixels == (np.float32(named) if pixels.dtype == np.float32 else named)] = True
    if kind == "f":
        held[(np.abs(pixels) > MAX_LIGHT) & np.isfinite(pixels)] = True
    if held.ndim == 3:
        held = np.logical_or.reduce(held, axis=2)
    return held if held.any() else None


def find_no_data(bands: Iterable[tuple[NDArray[np.float32], NDArray[np.bool_] | None]], by_type: bool) -> NoData:
    """Judge whether values that may stand for no data do so.

    Parameters
    ----------
    bands
        The whole slide: grey values, float32, shape (rows, columns), and what `may_be_no_data` says of them.
    by_type
        True where the value is only the lowest of its type.
    """
    total = missing = 0
    lowest, highest, least, sample = math.inf, -math.inf, math.inf, [np.empty(0, np.float32)]
    for grey, held in bands:
        total += grey.size
        kept = grey.ravel()
        if held is not None:
            missing += int(held.sum())
            least = float(grey[held].min())
            kept = grey[~held]
        if kept.size:
            lowest, highest = min(lowest, float(kept.min())), max(highest, float(kept.max()))
            sample.append(kept[:: 1 + kept.size // MAX_SAMPLED_PX])
    is_black = by_type and lowest - least < MIN_GAP * (highest - lowest)
    if is_black or not missing <= MAX_SHARE * total:
        return NoData(0.0, 0.0)
    return NoData(missing / total, float(np.median(np.concatenate(sample))))
