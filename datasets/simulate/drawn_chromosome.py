"""One chromosome: its medial axis, its two chromatids, its bands, and its exact mask."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray
from scipy import ndimage
from scipy.spatial import KDTree

from ..karyotype import KARYOTYPE, MEAN_LENGTH

AXIS_STEP_PX = 0.5
MAX_SPLAY = 0.4
"""Tangent of the angle between a chromatid and the axis where the arms of a usual preparation spread most."""


@dataclass(frozen=True)
class Preparation:
    """What the chromosomes of one slide have in common."""

    length_px: float
    """Length of a chromosome of mean relative length, in pixels."""
    width_px: float
    """Full width across both chromatids, in pixels."""
    split: float
    """How far the chromatids stand apart, 0 (one rod) to 1 (two threads with a gap)."""
    splay: float
    """How far they spread towards their ends, 0 (parallel) to 1 (an X)."""
    bend: float
    """Typical turn of the axis from end to end, in radians."""
    band_contrast: float
    """From 0 (none) to 1 (strong bands)."""
    texture: float
    """Granularity of the stain, relative."""
    gap: float = 0.0
    """Width of the gap between sister chromatids, in chromatid widths; 0 for none."""
    wander: float = 0.0
    """How far each of two chromatids with a gap between them wanders by itself, in chromatid widths."""
    beads: float = 0.0
    """How much thinner such a chromatid is at its centromere and between its lumps, 0 to 1."""
    max_splay: float = MAX_SPLAY
    """Tangent of the angle between a chromatid and the axis at a splay of 1."""
    pale_ends: float = 0.0
    """How much paler the ends are stained, 0 to 1."""


@dataclass(frozen=True, eq=False)
class Drawn:
    """A drawn chromosome in a small window of its own."""

    stain: NDArray[np.float32]
    """float32, shape (rows, columns), about 1 in its body, 0 outside."""
    mask: NDArray[np.bool_]
    """bool, the same shape."""


def draw_chromosome(name: str, preparation: Preparation, bands_seed: int, rng: Generator) -> Drawn:
    """Draw one chromosome of the karyotype at a random orientation.

    Parameters
    ----------
    bands_seed
        Homologues share it and so their bands.
    """
    relative, centromere = KARYOTYPE[name]
    length = preparation.length_px * (relative / MEAN_LENGTH) ** 0.9 * math.exp(rng.normal(0, 0.06))
    axis = _axis(length, centromere, preparation.bend, rng)
    half = preparation.width_px / 2 * math.exp(rng.normal(0, 0.06))
    margin = half * (1 + preparation.gap) + 6 + preparation.splay * preparation.max_splay * length * 0.75
    origin = axis.min(axis=0) - margin
    shape = tuple(np.ceil(axis.max(axis=0) + margin - origin).astype(int))
    pixels = np.stack(np.meshgrid(np.arange(shape[0]), np.arange(shape[1]), indexing="ij"), axis=-1).reshape(-1, 2)
    points = axis - origin
    _, nearest = KDTree(points).query(pixels)
    tangents = np.gradient(points, axis=0)
    tangents /= np.linalg.norm(tangents, axis=1, keepdims=True)
    away = pixels - points[nearest]
    along = np.einsum("ij,ij->i", away, tangents[nearest])
    lateral = away[:, 1] * tangents[nearest, 0] - away[:, 0] * tangents[nearest, 1]
    share = nearest / (len(points) - 1)

    pinch = 1 - (0.25 + 0.3 * preparation.split) * np.exp(-(((share - centromere) * length / (0.45 * half + 1)) ** 2))
    spread = 1 + preparation.split * rng.uniform(0.0, 0.5) * np.abs(share - centromere)
    tip = 1 - 0.3 * np.exp(-((np.minimum(share, 1 - share) * length / (0.4 * half)) ** 2))
    apart = half * (0.25 + 0.38 * preparation.split) * pinch * spread * tip
    apart *= np.clip((1 - np.exp(-(((share - centromere) * length / half) ** 2))) + 0.15, 0, 1)
    arm = preparation.splay * np.where(share < centromere, rng.uniform(0.2, 1), rng.uniform(0.2, 1))
    apart += preparation.max_splay * arm * np.abs(share - centromere) * length
    thick = half * (0.72 - 0.3 * preparation.split) * (0.6 + 0.4 * pinch) * tip
    sides = (apart, apart)
    if preparation.gap:
        thick = half * rng.uniform(0.4, 0.55) * (0.75 + 0.25 * pinch) * tip
        if preparation.beads:
            thick = thick * _beaded((share - centromere) * length / half, preparation.beads, rng)
        sides = _opened(share - centromere, thick, apart, preparation, length / half, rng)
    chromatids = np.stack([np.hypot(lateral - sides[0], along), np.hypot(lateral + sides[1], along)]) / thick
    body = np.exp(-(np.min(chromatids, axis=0) ** 4) * 0.9)
    between = (lateral < sides[0]) & (lateral > -sides[1]) & (np.abs(along) < 1)
    between &= np.minimum(*sides) - thick < (0.0 if preparation.gap else 0.3 * half)
    bands = _bands(length, preparation.band_contrast, np.random.default_rng(bands_seed))
    stain = body * bands[np.minimum((share * len(bands)).astype(int), len(bands) - 1)]
    if preparation.pale_ends:
        stain *= 1 - preparation.pale_ends * np.exp(-np.minimum(share, 1 - share) * length / (0.7 * half))
    stain = stain.reshape(shape)
    grain = ndimage.gaussian_filter(rng.normal(0, 1, shape), 1.2)
    stain *= np.clip(1 + preparation.texture * grain * 3, 0.3, 2)
    mask = ((np.min(chromatids, axis=0) <= 1.0) | between).reshape(shape)
    return Drawn(stain.astype(np.float32), ndimage.binary_fill_holes(mask))


def _opened(
    from_centromere: NDArray[np.float64],
    thick: NDArray[np.float64],
    apart: NDArray[np.float64],
    preparation: Preparation,
    slenderness: float,
    rng: Generator,
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """How far each of two sister chromatids with a gap between them lies from the axis.

    At the centromere they still touch or no longer do; each arm bows outwards by itself.
    """
    held = rng.uniform(-0.6, 0.85) if rng.random() < 0.7 else -0.6
    waist = 1 - max(0.0, held) * np.exp(-((from_centromere * slenderness / 0.6) ** 2))
    sides = []
    for _ in range(2):
        bow = rng.normal(0, 0.5, 2).clip(-0.4, 1.2)
        bowed = np.where(from_centromere < 0, bow[0], bow[1]) * from_centromere**2 * slenderness
        side = np.maximum(apart, thick * (1 + preparation.gap * rng.uniform(0.6, 1.2) * (1 + bowed))) * waist
        if preparation.wander:
            phase, turns = rng.uniform(0, 2 * math.pi), slenderness * rng.uniform(0.6, 1.6)
            waves = np.sin(phase + turns * from_centromere) + np.abs(np.sin(from_centromere * turns)) * rng.normal(0, 1)
            side = np.maximum(side + 2 * thick * preparation.wander * waves, 0.3 * thick)
        sides.append(side)
    return sides[0], sides[1]


def _beaded(from_centromere: NDArray[np.float64], beads: float, rng: Generator) -> NDArray[np.float64]:
    """The width of a chromatid of two or more lumps, relative; from_centromere: in widths of a chromatid."""
    waist = 1 - beads * rng.uniform(0.4, 0.75) * np.exp(-((from_centromere / 0.45) ** 2))
    lumps = 1 + 0.2 * beads * np.sin(from_centromere * rng.uniform(1.5, 3.5) + rng.uniform(0, 2 * math.pi))
    return waist * lumps


def _axis(length: float, centromere: float, bend: float, rng: Generator) -> NDArray[np.float64]:
    """The medial axis as (row, column) points half a pixel apart: a smooth bend, sometimes a kink at the centromere."""
    count = max(6, round(length / AXIS_STEP_PX))
    share = np.linspace(0, 1, count)
    heading = rng.uniform(0, 2 * math.pi) + rng.normal(0, bend) * share
    heading = heading + rng.normal(0, bend * 0.5) * np.sin(2 * math.pi * share * rng.uniform(0.5, 1.2))
    if rng.random() < 0.3:
        heading = heading + rng.normal(0, bend * 0.8) / (1 + np.exp(-(share - centromere) * length / 2.5))
    steps = AXIS_STEP_PX * np.stack([np.sin(heading), np.cos(heading)], axis=1)
    return np.cumsum(steps, axis=0)


def _bands(length: float, contrast: float, rng: Generator) -> NDArray[np.float64]:
    """Stain along the axis, about 1: dark and light bands, and slightly paler ends."""
    profile = ndimage.gaussian_filter1d(rng.normal(0, 1, 200), 200 / max(4.0, length / 3.0))
    profile = profile / (profile.std() + 1e-9)
    values = 1 + 0.35 * contrast * np.clip(profile, -1.6, 1.6)
    return np.clip(values, 0.25, None)
