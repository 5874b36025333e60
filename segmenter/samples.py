"""Training crops: real clusters, and clusters composed from lone chromosomes.

A crop and its instances are made first, then a seed is drawn and the crop is altered. Everything is drawn
from the generator that the caller passes, so a crop can be made again from its number alone.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.random import Generator
from numpy.typing import NDArray
from scipy import ndimage
from torch import Tensor

from ..geometry import Box, PlacedMask, union
from .crops import LARGEST_FRAME, MARGIN, SMALLEST_FRAME, frame_side, seed_plane
from .model import CROP_SIDE

EMPTY_SEED_SHARE = 0.12
"""Share of the crops with an empty seed channel: they teach the foreground."""
COMPOSED_SHARE = 0.5
CANVAS_SIDE = 2 * CROP_SIDE
"""Clusters are composed on a larger canvas, so that only the crop's edge cuts a chromosome."""


@dataclass(frozen=True, eq=False)
class TrainingSlide:
    """A slide as the segmenter's training sees it.

    image: float32, shape (rows, columns), normalised.
    masks: the true chromosomes, in slide pixels.
    clusters: indices into `masks`, one tuple per cluster.
    length_px: typical chromosome length: the median long side of the lone ones.
    """

    image: NDArray[np.float32]
    masks: tuple[PlacedMask, ...]
    clusters: tuple[tuple[int, ...], ...]
    length_px: float

    @property
    def lone(self) -> list[int]:
        """Indices of the chromosomes that touch no other."""
        return [members[0] for members in self.clusters if len(members) == 1]


@dataclass(frozen=True, eq=False)
class Scene:
    """A crop before its seed is drawn.

    grey: float32, shape (88, 88). instances: bool, shape (n, 88, 88). subject: how many of the first
    instances belong to the cluster that is asked about; the rest are neighbours.
    """

    grey: NDArray[np.float32]
    instances: NDArray[np.bool_]
    subject: int


@dataclass(frozen=True, eq=False)
class Example:
    """One training crop: inputs float32 (2, 88, 88), classes int64 (88, 88)."""

    inputs: Tensor
    classes: Tensor


def draw_example(slides: Sequence[TrainingSlide], rng: Generator, augment: bool = True) -> Example:
    """Draw one training crop from the slides."""
    while True:
        slide = slides[int(rng.integers(len(slides)))]
        if rng.random() < COMPOSED_SHARE and len(slide.lone) >= 6:
            scene = compose_scene(slide, rng)
        else:
            scene = cut_scene(slide, rng, augment)
        if scene is not None and scene.subject:
            return ask(scene, rng, augment)


def cut_scene(slide: TrainingSlide, rng: Generator, augment: bool = True) -> Scene | None:
    """A crop around a real cluster, through a box as uneven as a detector's."""
    sizes = np.array([len(members) for members in slide.clusters])
    if sizes.size == 0:
        return None
    weights = np.where(sizes == 1, 0.12, np.minimum(sizes, 6.0))
    members = slide.clusters[int(rng.choice(sizes.size, p=weights / weights.sum()))]
    wobble = 0.06 * slide.length_px if augment else 0.0
    outline = union([slide.masks[i] for i in members]).box
    box = Box(*(round(edge + rng.normal(0, wobble)) for edge in _corners(outline)))
    length = slide.length_px * (math.exp(rng.normal(0, 0.1)) if augment else 1.0)
    side = frame_side(box, length)
    centre_y, centre_x = (box.y0 + box.y1) / 2, (box.x0 + box.x1) / 2
    inner = side / MARGIN
    if max(box.width, box.height) > inner * 1.02:
        target = slide.masks[members[int(rng.integers(len(members)))]].box
        centre_y = _between((target.y0 + target.y1) / 2, box.y0, box.y1, inner, rng)
        centre_x = _between((target.x0 + target.x1) / 2, box.x0, box.x1, inner, rng)
    turn = _random_turn(rng) if augment else np.eye(2)
    zoom = side / CROP_SIDE * (math.exp(rng.normal(0, 0.08)) if augment else 1.0)
    reach = math.ceil(side * 0.75) + 2
    window = Box(round(centre_x) - reach, round(centre_y) - reach, round(centre_x) + reach, round(centre_y) + reach)
    near = [i for i in range(len(slide.masks)) if not slide.masks[i].box.intersect(window).is_empty]
    near.sort(key=lambda i: i not in members)
    planes = np.zeros((1 + len(near), window.height, window.width), dtype=np.float32)
    rows, columns = slide.image.shape
    inside = window.clip((rows, columns))
    planes[0][inside.shift(-window.x0, -window.y0).slices] = slide.image[inside.slices]
    for plane, index in zip(planes[1:], near, strict=True):
        plane[:] = slide.masks[index].within(window)
    matrix = turn * zoom
    crop = warp(planes, matrix, (centre_y - window.y0, centre_x - window.x0))
    return _scene(crop[0], crop[1:] > 0.5, sum(i in members for i in near))


def compose_scene(slide: TrainingSlide, rng: Generator) -> Scene | None:
    """A crop with a cluster of 1 to 6 chromosomes, made from lone ones of a slide, and perhaps neighbours."""
    count = int(rng.choice([1, 2, 3, 4, 5, 6], p=[0.08, 0.34, 0.26, 0.16, 0.1, 0.06]))
    neighbours = int(rng.choice([0, 1, 2], p=[0.5, 0.3, 0.2]))
    wanted = MARGIN * slide.length_px * (1 + 0.4 * (count - 1)) * rng.uniform(0.75, 1.25)
    side = min(max(wanted, SMALLEST_FRAME * slide.length_px), LARGEST_FRAME * slide.length_px)
    lone = slide.lone
    alike = rng.normal(0, 0.15)
    parallel = rng.random() < 0.3
    heading = rng.uniform(0, 2 * math.pi)
    values: list[NDArray[np.float32]] = []
    instances: list[NDArray[np.bool_]] = []
    for number in range(count + neighbours):
        index = lone[int(rng.integers(len(lone)))]
        angle = heading + alike * number if parallel else rng.uniform(0, 2 * math.pi)
        grey, mask = _lifted(slide, index, angle, side / CROP_SIDE * math.exp(rng.normal(0, 0.05)), rng)
        if mask.sum() < 20:
            return None
        place = _placement(instances, mask, rng, apart=number >= count)
        if place is None:
            continue
        instances.append(_shifted(mask, place))
        values.append(_shifted(grey, place))
    if not instances:
        return None
    subject = min(count, len(instances))
    outline = np.argwhere(np.any(instances[:subject], axis=0))
    centre = (outline.min(axis=0) + outline.max(axis=0)) / 2
    first = np.round(centre - CROP_SIDE / 2 + rng.normal(0, 3, 2)).astype(int)
    first = np.clip(first, 0, CANVAS_SIDE - CROP_SIDE)
    crop = (slice(first[0], first[0] + CROP_SIDE), slice(first[1], first[1] + CROP_SIDE))
    return _scene(_blend([grey[crop] for grey in values], rng), np.stack([m[crop] for m in instances]), subject)


def ask(scene: Scene, rng: Generator, augment: bool = True) -> Example:
    """Draw a seed (or none) in a scene, and alter its grey values."""
    covered = scene.instances.sum(axis=0)
    seed = torch.zeros((CROP_SIDE, CROP_SIDE))
    own = np.zeros((CROP_SIDE, CROP_SIDE), dtype=bool)
    if rng.random() >= EMPTY_SEED_SHARE:
        chosen = int(rng.integers(scene.subject))
        own = scene.instances[chosen]
        depth = ndimage.distance_transform_edt(own & (covered == 1))
        if depth.max() > 0:
            weights = np.maximum(depth - 0.5, 0.05) * (depth > 0)
            at = int(rng.choice(weights.size, p=(weights / weights.sum()).ravel()))
            row, column = divmod(at, CROP_SIDE)
            seed = seed_plane(row + rng.uniform(-0.5, 0.5), column + rng.uniform(-0.5, 0.5))
        else:
            own = np.zeros_like(own)
    classes = np.where(own, np.where(covered > 1, 3, 1), np.where(covered > 0, 2, 0))
    grey = alter(scene.grey, rng) if augment else scene.grey
    inputs = torch.stack([torch.from_numpy(np.ascontiguousarray(grey, dtype=np.float32)), seed])
    return Example(inputs, torch.from_numpy(classes.astype(np.int64)))


def alter(grey: NDArray[np.float32], rng: Generator) -> NDArray[np.float32]:
    """Another camera and another stain: gain, gamma, light, blur or sharpening, and noise."""
    out: NDArray[Any] = np.clip(grey, 0, None)
    if rng.random() < 0.7:
        out = out ** math.exp(rng.normal(0, 0.25))
    out = out * math.exp(rng.normal(0, 0.25))
    if rng.random() < 0.3:
        slope = rng.normal(0, 0.3, 2)
        ramp = np.linspace(-0.5, 0.5, CROP_SIDE)
        out = out * np.clip(1 + slope[0] * ramp[:, None] + slope[1] * ramp[None, :], 0.3, None)
    choice = rng.random()
    if choice < 0.35:
        out = ndimage.gaussian_filter(out, rng.uniform(0.3, 1.6))
    elif choice < 0.5:
        out = out + rng.uniform(0.2, 1.2) * (out - ndimage.gaussian_filter(out, rng.uniform(0.8, 2.0)))
    if rng.random() < 0.2:
        out = out + rng.uniform(0, 0.25) * ndimage.gaussian_filter(out, rng.uniform(4, 10))
    if rng.random() < 0.6:
        out = out + rng.normal(0, rng.uniform(0, 0.04), out.shape)
    return np.clip(out + rng.normal(0, 0.02), 0, 1.5).astype(np.float32)


def warp(
    planes: NDArray[np.float32],
    matrix: NDArray[np.float64],
    centre: tuple[float, float],
    side: int = CROP_SIDE,
) -> NDArray[np.float32]:
    """Sample planes, shape (n, rows, columns), at a square grid of `side`, bilinear, zero outside.

    matrix: 2 x 2, from grid offsets (row, column) to plane offsets. centre: the position between pixels, as
    (row, column) of `planes`, that the middle of the grid shows.
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


def _corners(box: Box) -> tuple[int, int, int, int]:
    return box.x0, box.y0, box.x1, box.y1


def _between(at: float, first: int, end: int, inner: float, rng: Generator) -> float:
    if end - first <= inner:
        return (first + end) / 2
    return min(max(at + rng.normal(0, inner / 6), first + inner / 2), end - inner / 2)


def _random_turn(rng: Generator) -> NDArray[np.float64]:
    angle = rng.uniform(0, 2 * math.pi)
    cosine, sine = math.cos(angle), math.sin(angle)
    mirror = 1.0 if rng.random() < 0.5 else -1.0
    return np.array([[cosine, -sine * mirror], [sine, cosine * mirror]])


def _scene(grey: NDArray[np.float32], instances: NDArray[np.bool_], subject: int) -> Scene | None:
    """Drop the instances of which too little is in view."""
    seen = instances.sum(axis=(1, 2)) >= 12
    if not seen[:subject].any():
        return None
    return Scene(grey, instances[seen], int(seen[:subject].sum()))


def _lifted(
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
    cosine, sine = math.cos(angle), math.sin(angle)
    mirror = 1.0 if rng.random() < 0.5 else -1.0
    matrix = np.array([[cosine, -sine * mirror], [sine, cosine * mirror]]) * zoom
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
    return int(np.count_nonzero(others & _shifted(mask, move)))


def _shifted(plane: NDArray[Any], move: NDArray[np.int64]) -> NDArray[Any]:
    """The plane moved by whole pixels (rows, columns), zero where nothing came from."""
    out = np.zeros_like(plane)
    dy, dx = int(move[0]), int(move[1])
    height, width = plane.shape
    if abs(dy) < height and abs(dx) < width:
        out[max(dy, 0) : height + min(dy, 0), max(dx, 0) : width + min(dx, 0)] = plane[
            max(-dy, 0) : height + min(-dy, 0), max(-dx, 0) : width + min(-dx, 0)
        ]
    return out


def _blend(values: Sequence[NDArray[np.float32]], rng: Generator) -> NDArray[np.float32]:
    """Lay chromosomes over each other: from opaque (the brighter wins) to additive."""
    add = rng.uniform(0, 1)
    out: NDArray[Any] = np.zeros_like(values[0])
    for value in values:
        out = np.maximum(out, value) + add * np.minimum(out, value)
    return out
