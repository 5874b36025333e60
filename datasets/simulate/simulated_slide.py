"""A whole simulated slide: a spread of chromosomes, nuclei and debris, light, optics and camera."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray
from scipy import ndimage

from ...core.box import Box
from ...core.errors import UsageError
from ...core.mask import PlacedMask
from ..karyotype import KARYOTYPE
from .drawn_chromosome import Preparation, draw_chromosome
from .surroundings import add_debris, add_nuclei

STAINS = ("dapi", "giemsa")
MIN_SIDE_PX = 64


@dataclass(frozen=True)
class SlideRecipe:
    """What to simulate. The same recipe gives the same slide."""

    seed: int = 0
    """Of all that is random."""
    shape: tuple[int, int] = (517, 645)
    """(rows, columns)."""
    stain: str = "dapi"
    """Either "dapi" (bright on dark, grey) or "giemsa" (dark on bright, RGB)."""
    chromosomes: int = 46
    """How many to draw, from the human karyotype (46 is one diploid set)."""
    length_px: float | None = None
    """Length of a chromosome of mean relative length; None draws it from the seed."""
    nuclei: int | None = None
    """Interphase nuclei at most; None draws their number from the seed."""
    debris: int | None = None
    """Specks, smears and fibres at most; None draws their number from the seed."""
    bits: int = 8
    """Bits of each sample of the camera, 8 or 16."""
    hard: bool = False
    """A preparation that is hard to separate: sister chromatids wide apart, arms spread to a V, very long and bent or
    short and plump chromosomes, strong bands with pale ends; which of them follows from the seed."""

    def __post_init__(self) -> None:
        if self.stain not in STAINS:
            raise UsageError(f"unknown stain {self.stain!r}: choose one of {', '.join(STAINS)}")
        if min(self.shape) < MIN_SIDE_PX:
            raise UsageError(f"a simulated slide is at least {MIN_SIDE_PX} px a side, not {self.shape}")
        if self.chromosomes < 0:
            raise UsageError(f"the number of chromosomes is 0 or more, not {self.chromosomes}")
        if self.bits not in (8, 16):
            raise UsageError(f"bits are 8 or 16, not {self.bits}")


@dataclass(frozen=True, eq=False)
class SimulatedSlide:
    """A slide and its exact truth."""

    recipe: SlideRecipe
    """What it was drawn from."""
    image: NDArray[np.uint8] | NDArray[np.uint16]
    """uint8 or uint16; (rows, columns) for DAPI, (rows, columns, 3) for Giemsa."""
    chromosomes: tuple[PlacedMask, ...]
    """Every chromosome whole, those below an overlap too; cut at the slide's edge."""


def simulate_slide(recipe: SlideRecipe) -> SimulatedSlide:
    """Draw the slide that a recipe describes."""
    rng = np.random.default_rng([recipe.seed, STAINS.index(recipe.stain)])
    preparation = _preparation(recipe, rng)
    if recipe.hard:
        preparation = _harder(preparation, np.random.default_rng([recipe.seed, 1]))
    stain = np.zeros(recipe.shape, dtype=np.float32)
    masks = _spread(recipe, preparation, stain, rng)
    covered = np.zeros(recipe.shape, dtype=bool)
    for placed in masks:
        covered[placed.box.slices] |= placed.mask
    nuclei = int(rng.integers(0, 6)) if recipe.nuclei is None else recipe.nuclei
    debris = int(rng.integers(0, 14)) if recipe.debris is None else recipe.debris
    add_nuclei(stain, covered, nuclei, preparation.length_px, rng)
    add_debris(stain, covered, debris, preparation.length_px, rng)
    image = _photograph(stain, recipe, preparation, rng)
    return SimulatedSlide(recipe, image, tuple(masks))


def _preparation(recipe: SlideRecipe, rng: Generator) -> Preparation:
    length = recipe.length_px or 36 * math.exp(rng.normal(0, 0.22))
    plump = math.exp(rng.normal(0, 0.12))
    giemsa = recipe.stain == "giemsa"
    return Preparation(
        length_px=length,
        width_px=max(5.0, (3.0 + 0.22 * length) * plump),
        split=float(rng.beta(0.9, 1.1)),
        splay=float(rng.beta(0.5, 1.5)),
        bend=rng.uniform(0.15, 0.8),
        band_contrast=rng.uniform(0.3, 1.6) if giemsa else rng.uniform(0.1, 0.8),
        texture=rng.uniform(0.0, 0.08),
    )


def _harder(usual: Preparation, rng: Generator) -> Preparation:
    """A preparation that is hard to separate, of one of six kinds."""
    kinds = ["open", "swollen", "splayed", "prophase", "plump", "banded"]
    kind = rng.choice(kinds, p=[0.15, 0.35, 0.1, 0.2, 0.1, 0.1])
    length, width = usual.length_px, usual.width_px
    if kind == "swollen":  # long in colchicine and hypotonic solution: thick short chromatids, each bent by itself
        width = max(8.0, length * rng.uniform(0.42, 0.72))
        gap, widest, texture = rng.uniform(0.15, 1.6), rng.uniform(0.2, 1.0), rng.uniform(0.02, 0.2)
        return replace(
            usual,
            width_px=width,
            gap=gap,
            wander=rng.uniform(0.1, 0.6),
            beads=rng.uniform(0.2, 1.0),
            max_splay=widest,
            bend=rng.uniform(0.05, 0.6),
            split=1.0,
            band_contrast=rng.uniform(0.0, 0.4),
            texture=texture,
        )
    if kind == "open":
        width *= rng.uniform(0.9, 1.3)
        gap, widest = rng.uniform(0.2, 1.8), rng.uniform(0.1, 0.9)
        return replace(usual, width_px=width, gap=gap, max_splay=widest, bend=rng.uniform(0.05, 0.5), split=1.0)
    if kind == "splayed":
        return replace(usual, split=rng.uniform(0.6, 1), splay=rng.uniform(0.4, 1), max_splay=rng.uniform(0.4, 1.0))
    if kind == "prophase":
        length *= rng.uniform(1.3, 2.2)
        width = max(4.0, width * rng.uniform(0.55, 0.9))
        bend, split = rng.uniform(0.6, 2.0), usual.split * 0.3
        return replace(usual, length_px=length, width_px=width, bend=bend, split=split, splay=0.0)
    if kind == "plump":
        return replace(
            usual, length_px=length * 0.7, width_px=max(5.0, 0.7 * length * rng.uniform(0.25, 0.4)), bend=0.2
        )
    contrast, pale = rng.uniform(1.2, 2.2), rng.uniform(0.2, 0.65)
    return replace(usual, split=usual.split * 0.2, splay=0.0, band_contrast=contrast, pale_ends=pale)


def _spread(
    recipe: SlideRecipe, preparation: Preparation, stain: NDArray[np.float32], rng: Generator
) -> list[PlacedMask]:
    """Lay the chromosomes out, mostly apart, some touching, some crossing; paint their stain."""
    rows, columns = recipe.shape
    centre = np.array([rows, columns]) / 2 + rng.normal(0, 0.05, 2) * (rows, columns)
    reach = preparation.length_px * math.sqrt(max(1, recipe.chromosomes)) * rng.uniform(0.68, 1.0)
    radii = np.minimum(reach * np.array([1, 1]) * np.exp(rng.normal(0, 0.12, 2)), np.array([rows, columns]) * 0.5)
    names = list(KARYOTYPE)
    bands_seeds = rng.integers(0, 2**31, len(names))
    crowding = rng.uniform(0.6, 1.4)
    opaque = recipe.stain == "giemsa"
    taken = np.zeros(recipe.shape, dtype=bool)
    masks: list[PlacedMask] = []
    for number in range(recipe.chromosomes):
        kind = number // 2 % len(names) if recipe.chromosomes > 1 else int(rng.integers(len(names)))
        drawn = draw_chromosome(names[kind], preparation, int(bands_seeds[kind]), rng)
        place = _place(drawn.mask, taken, centre, radii, crowding, rng)
        if place is None:
            continue
        window = Box(place[1], place[0], place[1] + drawn.mask.shape[1], place[0] + drawn.mask.shape[0])
        inside = window.clip(recipe.shape)
        seen = inside.shift(-window.x0, -window.y0).slices
        placed = PlacedMask.from_dense(drawn.mask[seen], (inside.y0, inside.x0))
        if placed is None or placed.area < 25:
            continue
        brightness = math.exp(rng.normal(0, 0.08))
        mine, under = drawn.stain[seen] * brightness, stain[inside.slices]
        stain[inside.slices] = np.maximum(mine, under) + (0.12 if opaque else 0.75) * np.minimum(mine, under)
        taken[inside.slices] |= drawn.mask[seen]
        masks.append(placed)
    return masks


def _place(
    mask: NDArray[np.bool_],
    taken: NDArray[np.bool_],
    centre: NDArray[np.float64],
    radii: NDArray[np.float64],
    crowding: float,
    rng: Generator,
) -> tuple[int, int] | None:
    """A first (row, column) for the window of a mask: clear of the others, touching, or crossing."""
    wish = rng.random() / crowding
    crossing, touching = wish < 0.1, wish < 0.24
    near = ndimage.binary_dilation(mask, iterations=1 if touching else 3)
    best: tuple[int, int] | None = None
    for attempt in range(60):
        angle, radius = rng.uniform(0, 2 * math.pi), math.sqrt(rng.uniform())
        stretch = 1 + 0.02 * max(0, attempt - 20)
        at = centre + radii * stretch * radius * np.array([math.sin(angle), math.cos(angle)])
        row, column = (int(v) for v in np.round(at - np.array(mask.shape) / 2))
        window = Box(column, row, column + mask.shape[1], row + mask.shape[0])
        inside = window.clip((taken.shape[0], taken.shape[1]))
        if inside.is_empty:
            continue
        seen = inside.shift(-window.x0, -window.y0).slices
        there = taken[inside.slices]
        shared = int(np.count_nonzero(mask[seen] & there))
        best = best or (row, column)
        if crossing:
            if 0.04 < shared / mask.sum() < 0.35:
                return row, column
        elif touching:
            if np.count_nonzero(near[seen] & there) > 0 and shared <= 4:
                return row, column
        elif not np.count_nonzero(near[seen] & there):
            return row, column
    return best


def _photograph(
    stain: NDArray[np.float32], recipe: SlideRecipe, preparation: Preparation, rng: Generator
) -> NDArray[np.uint8] | NDArray[np.uint16]:
    """Optics, light and camera."""
    blur = preparation.width_px / 10 * rng.uniform(0.5, 1.3)
    seen = ndimage.gaussian_filter(stain, blur)
    light = _uneven_light(recipe.shape, 0.25 if recipe.stain == "giemsa" else 0.15, rng)
    depth = 2**recipe.bits - 1
    if recipe.stain == "giemsa":
        density = seen * rng.uniform(0.6, 1.5)
        colour = np.array([0.85, 1.25, 0.5]) * np.exp(rng.normal(0, 0.1, 3))
        glass = np.array([0.88, 0.86, 0.9]) * rng.uniform(0.85, 1.0)
        picture = glass * light[..., None] * np.exp(-density[..., None] * colour)
        picture = picture + rng.normal(0, rng.uniform(0.004, 0.015), picture.shape)
        return _digitise(picture, depth)
    glow = ndimage.gaussian_filter(stain, preparation.length_px * 0.5) * rng.uniform(0.02, 0.15)
    exposure = rng.uniform(0.2, 0.6)
    picture = (seen + glow) * light * exposure + rng.uniform(0.005, 0.04) * light
    photons = rng.uniform(800, 6000)
    picture = rng.poisson(np.clip(picture, 0, None) * photons) / photons
    picture = picture + rng.normal(0, rng.uniform(0.001, 0.006), picture.shape)
    return _digitise(picture, depth)


def _uneven_light(shape: tuple[int, int], strength: float, rng: Generator) -> NDArray[np.float64]:
    """A smooth field around 1: a tilt and a vignette."""
    y = np.linspace(-1, 1, shape[0])[:, None]
    x = np.linspace(-1, 1, shape[1])[None, :]
    tilt = rng.normal(0, strength / 2, 2)
    off = rng.normal(0, 0.3, 2)
    vignette = rng.uniform(0, strength) * ((y - off[0]) ** 2 + (x - off[1]) ** 2) / 2
    return np.clip(1 + tilt[0] * y + tilt[1] * x - vignette, 0.3, None)


def _digitise(picture: NDArray[np.float64], depth: int) -> NDArray[np.uint8] | NDArray[np.uint16]:
    samples = np.clip(np.round(picture * depth), 0, depth)
    return samples.astype(np.uint8) if depth == 255 else samples.astype(np.uint16)


def vary(recipe: SlideRecipe, count: int) -> list[SlideRecipe]:
    """`count` recipes like this one with the seeds that follow its own."""
    return [replace(recipe, seed=recipe.seed + i) for i in range(count)]
