"""Clusters composed from the lone chromosomes of a slide: their truth is exact, overlaps included."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray
from scipy import ndimage

from ..conditional import CROP_SIDE
from ..crops import MARGIN, MAX_FRAME, MIN_FRAME
from .open_chromatids import PIECE_SHARE, any_piece, opened
from .scene import Scene, TrainingSlide, random_stretch, scene_of, turned, warp

OPEN_SHARE = 0.25
"""Share of the scenes in which every chromosome has its sister chromatids apart."""
COUNTS = (0.08, 0.28, 0.22, 0.15, 0.1, 0.07, 0.06, 0.04)
OPEN_COUNTS = (0.45, 0.25, 0.15, 0.08, 0.05, 0.02, 0.0, 0.0)
"""How often a scene has one to eight chromosomes: open ones are hard enough alone."""
CANVAS_SIDE = 2 * CROP_SIDE
"""Clusters are composed on a larger canvas, so that only the crop's edge cuts a chromosome."""


def compose_scene(slide: TrainingSlide, rng: Generator) -> Scene | None:
    """A crop with a cluster of 1 to 8 chromosomes, made from lone ones of a slide, and perhaps neighbours.

    Long ones are drawn more often: on a slide those that lie alone are mostly the short ones.
    """
    is_open = rng.random() < OPEN_SHARE
    count = 1 + int(rng.choice(len(COUNTS), p=OPEN_COUNTS if is_open else COUNTS))
    neighbours = int(rng.choice([0, 1, 2], p=[0.5, 0.3, 0.2]))
    wanted = MARGIN * slide.length_px * (1 + 0.4 * (count - 1)) * rng.uniform(0.75, 1.25)
    side = min(max(wanted, MIN_FRAME * slide.length_px), MAX_FRAME * slide.length_px)
    lone = slide.lone
    lengths = np.array([slide.masks[index].box.long_side for index in lone], dtype=float)
    alike = rng.normal(0, 0.15)
    parallel = rng.random() < 0.3
    heading = rng.uniform(0, 2 * math.pi)
    values: list[NDArray[np.float32]] = []
    instances: list[NDArray[np.bool_]] = []
    for number in range(count + neighbours):
        index = lone[int(rng.choice(len(lone), p=lengths / lengths.sum()))]
        angle = heading + alike * number if parallel else rng.uniform(0, 2 * math.pi)
        grey, mask = lifted(slide, index, angle, side / CROP_SIDE * math.exp(rng.normal(0, 0.05)), rng)
        if is_open and mask.any():
            grey, mask = opened(grey, mask, rng)
        if mask.sum() < 20:
            return None
        place = _placement(instances, mask, rng, apart=number >= count)
        if place is None:
            continue
        instances.append(shifted(mask, place))
        values.append(shifted(grey, place))
    if not instances:
        return None
    subject = min(count, len(instances))
    shown = instances[int(rng.integers(subject))] if is_open and rng.random() < PIECE_SHARE else None
    outline = np.argwhere(np.any(instances[:subject], axis=0) if shown is None else any_piece(shown, rng))
    centre = (outline.min(axis=0) + outline.max(axis=0)) / 2
    first = np.round(centre - CROP_SIDE / 2 + rng.normal(0, 3, 2)).astype(int)
    first = np.clip(first, 0, CANVAS_SIDE - CROP_SIDE)
    crop = (slice(first[0], first[0] + CROP_SIDE), slice(first[1], first[1] + CROP_SIDE))
    blend = absorbed if slide.absorbing else lit
    return scene_of(blend([grey[crop] for grey in values], rng), np.stack([m[crop] for m in instances]), subject)


def lifted(
    slide: TrainingSlide, index: int, angle: float, zoom: float, rng: Generator
) -> tuple[NDArray[np.float32], NDArray[np.bool_]]:
    """A lone chromosome, turned, alone in the middle of a crop: its grey values and its mask."""
    placed = slide.masks[index]
    window = placed.box.grow(5)
    mask = placed.within(window)
    cloak = np.clip(ndimage.gaussian_filter(ndimage.binary_dilation(mask, iterations=2).astype(np.float32), 1.0), 0, 1)
    grey = np.zeros(mask.shape, dtype=np.float32)
    inside = window.clip((slide.image.shape[0], slide.image.shape[1]))
    grey[inside.shift(-window.x0, -window.y0).slices] = slide.image[inside.slices]
    planes = np.stack([grey * cloak, mask.astype(np.float32)])
    matrix = turned(angle, rng) @ random_stretch(rng) * zoom
    lifted = warp(planes, matrix, (window.height / 2, window.width / 2), CANVAS_SIDE)
    return lifted[0], lifted[1] > 0.5


def _placement(
    placed: list[NDArray[np.bool_]], mask: NDArray[np.bool_], rng: Generator, apart: bool
) -> NDArray[np.int64] | None:
    """How far to move a mask so that it crosses, touches or (apart) stays clear of those already placed."""
    if not placed:
        return np.zeros(2, dtype=int)
    others = np.any(placed, axis=0)
    theirs = np.argwhere(others)
    mine = np.argwhere(mask)
    if theirs.size == 0 or mine.size == 0:
        return None
    start = theirs[int(rng.integers(len(theirs)))] - mine[int(rng.integers(len(mine)))]
    crossing = not apart and rng.random() < 0.5
    if crossing:
        shared = _shared(others, mask, start)
        if 0.02 < shared / len(mine) < 0.45:
            return start
    angle = rng.uniform(0, 2 * math.pi)
    direction = np.array([math.sin(angle), math.cos(angle)])
    limit = int(rng.integers(0, 10)) if not apart else 0
    for distance in range(CROP_SIDE):
        move = np.round(start + direction * distance).astype(int)
        if _shared(others, mask, move) <= limit:
            if not apart:
                return move
            clear = np.round(start + direction * (distance + rng.integers(3, 8))).astype(int)
            return clear
    return None


def _shared(others: NDArray[np.bool_], mask: NDArray[np.bool_], move: NDArray[np.int64]) -> int:
    return int(np.count_nonzero(others & shifted(mask, move)))


def shifted(plane: NDArray[Any], move: NDArray[np.int64]) -> NDArray[Any]:
    """The plane moved by whole pixels (rows, columns), zero where nothing came from."""
    out = np.zeros_like(plane)
    dy, dx = int(move[0]), int(move[1])
    height, width = plane.shape
    if abs(dy) < height and abs(dx) < width:
        out[max(dy, 0) : height + min(dy, 0), max(dx, 0) : width + min(dx, 0)] = plane[
            max(-dy, 0) : height + min(-dy, 0), max(-dx, 0) : width + min(-dx, 0)
        ]
    return out


def absorbed(values: Sequence[NDArray[np.float32]], rng: Generator) -> NDArray[np.float32]:
    """Lay chromosomes over each other in bright field: their absorbance adds up (Beer-Lambert law).

    A normalised value is about the share of the light that is lost, so what two let pass is the product of what each
    lets pass; how near to that share the values lie differs between slides.
    """
    scale = rng.uniform(0.7, 1.3)
    passed: NDArray[Any] = np.ones_like(values[0])
    for value in values:
        passed = passed * (1 - np.clip(scale * value, 0, 0.98))
    return ((1 - passed) / scale).astype(np.float32)


def lit(values: Sequence[NDArray[np.float32]], rng: Generator) -> NDArray[np.float32]:
    """Lay chromosomes over each other in fluorescence: from opaque (the brighter wins) to additive."""
    add = rng.uniform(0, 1)
    out: NDArray[Any] = np.zeros_like(values[0])
    for value in values:
        out = np.maximum(out, value) + add * np.minimum(out, value)
    return out
