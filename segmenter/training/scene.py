"""What training crops are made of: slides with truth, and scenes cut or composed from them."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import torch
from numpy.random import Generator
from numpy.typing import NDArray

from ...core.mask import PlacedMask
from ..conditional import CROP_SIDE


@dataclass(frozen=True, eq=False)
class TrainingSlide:
    """A slide as the segmenter's training sees it."""

    image: NDArray[np.floating]
    """float32, or float16 to save memory; shape (rows, columns), normalised."""
    masks: tuple[PlacedMask, ...]
    """The true chromosomes, in slide pixels."""
    clusters: tuple[tuple[int, ...], ...]
    """Indices into `masks`, one tuple per cluster."""
    length_px: float
    """Typical chromosome length: the median long side of the lone ones."""
    ambiguous: frozenset[int] = frozenset()
    """Indices into `masks` of those that may be several chromosomes: never asked about, never composed."""
    absorbing: bool = False
    """Bright field: where chromosomes cross, their absorbance adds up; in fluorescence their light does."""

    @property
    def lone(self) -> list[int]:
        """Indices of the chromosomes that touch no other."""
        return [members[0] for members in self.clusters if len(members) == 1 and members[0] not in self.ambiguous]


@dataclass(frozen=True, eq=False)
class Scene:
    """A crop before its seed is drawn."""

    grey: NDArray[np.float32]
    """float32, shape (88, 88)."""
    instances: NDArray[np.bool_]
    """bool, shape (n, 88, 88)."""
    subject: int
    """How many of the first instances are asked about; the rest are their neighbours."""
    augmented: bool = True
    """Whether its grey values may be augmented."""
    unsure: NDArray[np.bool_] | None = None
    """bool, shape (88, 88): chromosome, but whether one, several or overlapping is not known; None for nowhere."""


def scene_of(
    grey: NDArray[np.float32],
    instances: NDArray[np.bool_],
    subject: int,
    augmented: bool = True,
    unsure: NDArray[np.bool_] | None = None,
) -> Scene | None:
    """A scene without the instances of which too little is in view; None where no subject is left."""
    seen = instances.sum(axis=(1, 2)) >= 12
    if not seen[:subject].any():
        return None
    return Scene(grey, instances[seen], int(seen[:subject].sum()), augmented, unsure)


def warp(
    planes: NDArray[np.float32],
    matrix: NDArray[np.float64],
    centre: tuple[float, float],
    side: int = CROP_SIDE,
) -> NDArray[np.float32]:
    """Sample planes, shape (n, rows, columns), at a square grid of `side`, bilinear, zero outside.

    Parameters
    ----------
    matrix
        2 x 2, from grid offsets (row, column) to plane offsets.
    centre
        The position between pixels, as (row, column) of `planes`, that the middle of the grid shows.
    """
    offsets = np.arange(side) + 0.5 - side / 2
    down, across = np.meshgrid(offsets, offsets, indexing="ij")
    rows = matrix[0, 0] * down + matrix[0, 1] * across + centre[0]
    columns = matrix[1, 0] * down + matrix[1, 1] * across + centre[1]
    grid = np.stack([columns / planes.shape[2] * 2 - 1, rows / planes.shape[1] * 2 - 1], axis=-1)
    sampled = torch.nn.functional.grid_sample(
        torch.from_numpy(planes)[None],
        torch.from_numpy(grid.astype(np.float32))[None],
        mode="bilinear",
        padding_mode="zeros",
        align_corners=False,
    )
    return sampled[0].numpy()


def random_turn(rng: Generator) -> NDArray[np.float64]:
    """A random rotation, mirrored half of the time: 2 x 2."""
    return turned(rng.uniform(0, 2 * math.pi), rng)


def turned(angle: float, rng: Generator) -> NDArray[np.float64]:
    """A rotation by an angle in radians, mirrored half of the time: 2 x 2."""
    cosine, sine = math.cos(angle), math.sin(angle)
    mirror = 1.0 if rng.random() < 0.5 else -1.0
    return np.array([[cosine, -sine * mirror], [sine, cosine * mirror]])


def random_stretch(rng: Generator) -> NDArray[np.float64]:
    """Chromosomes a little longer and thinner, or shorter and plumper, in a random direction."""
    angle, amount = rng.uniform(0, math.pi), math.exp(rng.normal(0, 0.08))
    turn = np.array([[math.cos(angle), -math.sin(angle)], [math.sin(angle), math.cos(angle)]])
    return turn @ np.diag([amount, 1 / amount]) @ turn.T
