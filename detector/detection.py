"""What a detector answers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from ..core.box import Box

CLASS_NAMES = ("chromosome", "cluster", "member")
CHROMOSOME, CLUSTER, MEMBER = 0, 1, 2
"""A lone chromosome, a cluster of two or more, and each chromosome inside a cluster."""


@dataclass(frozen=True)
class Detection:
    """One box in an image that a detector was given."""

    box: Box
    """In the pixels of that image; the pipeline places it in the slide."""
    kind: int
    """CHROMOSOME, CLUSTER or MEMBER; weights of two classes know no members."""
    score: float
    """How sure it is, 0..1."""


class Detector(Protocol):
    """Anything that boxes chromosomes and clusters."""

    def detect(self, image: NDArray[np.float32]) -> list[Detection]:
        """Box the chromosomes and clusters of an image.

        Parameters
        ----------
        image
            float32, shape (rows, columns), normalised: values 0..1.5.

        Returns
        -------
        list of Detection
            In the image's pixels.
        """
        ...
