"""The grey scale that both networks see: background 0, a chromosome's edge 0.35, its body near 0.7, at most 1.5."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

EDGE_LEVEL = 0.35
"""Value of a typical chromosome edge: half of its body's."""
BODY_LEVEL = 0.7
"""Value of a typical chromosome's body."""
MAX_LEVEL = 1.5
"""Brighter pixels are clipped here."""


def as_uint8(image: NDArray[np.float32]) -> NDArray[np.uint8]:
    """Bring normalised values to whole numbers: 0..1.5 becomes 0..255.

    Parameters
    ----------
    image
        float32, shape (rows, columns), normalised.

    Returns
    -------
    ndarray
        uint8, the same shape.
    """
    return np.round(np.clip(image, 0, MAX_LEVEL) * (255 / MAX_LEVEL)).astype(np.uint8)
