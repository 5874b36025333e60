"""What splitting a slide answers: its record, and what a notebook asks of it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from PIL.Image import Image

from .notebook import dense_layers, frame_of, picture_of, summary_html
from .records import SplitRecord
from .slide.slide import Slide

if TYPE_CHECKING:
    import pandas


@dataclass(frozen=True, eq=False, repr=False)
class SplitResult(SplitRecord):
    """A slide and its chromosomes, as a table, as label layers or as a picture where that is asked for."""

    def _repr_html_(self) -> str:
        return summary_html(self)

    def to_dataframe(self, slide: Slide | None = None) -> pandas.DataFrame:
        """Make a table with one row per chromosome and the columns of chromosomes.csv.

        Parameters
        ----------
        slide
            The open slide; without it the columns of grey values are left out.

        Raises
        ------
        UsageError
            Where pandas is not installed.
        """
        return frame_of(self, slide)

    def labels(self) -> NDArray[np.uint16]:
        """Make label layers.

        Returns
        -------
        ndarray
            uint16, shape (K, rows, columns): each chromosome's id in exactly one of K layers.
        """
        return dense_layers(self)

    def show(self, slide: Slide | Path | str) -> Image:
        """Draw the slide with outlines and ids.

        Parameters
        ----------
        slide
            The slide's file, or the open slide.

        Returns
        -------
        PIL.Image.Image
            At most 900 px a side; notebooks show it.
        """
        if isinstance(slide, Slide):
            return picture_of(self, slide)
        with Slide.open(slide) as opened:
            return picture_of(self, opened)
