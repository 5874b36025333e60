"""Training crops: real clusters, and clusters composed from lone chromosomes.

A crop and its instances are made first, then seeds are drawn and the crop is augmented. Everything is drawn
from the generator that the caller passes, so a crop can be made again from its number alone.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import torch
from numpy.random import Generator
from numpy.typing import NDArray
from scipy import ndimage
from torch import Tensor

from ...core.box import Box, bounding_box
from ...core.mask import union
from ..conditional import CROP_SIDE
from ..crops import MARGIN, frame_side
from .augment import augment_grey
from .open_chromatids import PIECE_SHARE, any_piece
from .scene import Scene, TrainingSlide, random_stretch, random_turn, scene_of, warp

UNSURE = -100
"""Class of pixels that no loss counts."""
LONE_WEIGHT = 0.25
"""How often a lone chromosome is drawn, beside clusters that are drawn as often as they have members (6 at most)."""


@dataclass(frozen=True, eq=False)
class Example:
    """One training crop and K seeds in it."""

    grey: Tensor
    """float32 (88, 88)."""
    seeds: Tensor
    """float32 (K, 2): (row, column) from -1 to 1, the crop's edges."""
    classes: Tensor
    """int64 (K, 88, 88), the answer to each seed."""
    dense: Tensor
    """int64 (88, 88): 0 background, 1 one chromosome, 2 overlap, 3 near another chromosome, -100 not known."""

    def tensors(self) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        """What a batch is stacked from."""
        return self.grey, self.seeds, self.classes, self.dense


class Scenes(Protocol):
    """Where training crops come from."""

    def draw(self, rng: Generator, number: int) -> Scene:
        """A random scene with at least one chromosome that can be asked about.

        number: the crop's; what is made anew in the course of a training follows it.
        """
        ...

    def fixed(self, number: int, rng: Generator) -> Scene | None:
        """The scene of a number as it is, for validation; None where that number has none."""
        ...


def draw_example(scenes: Scenes, rng: Generator, number: int, seeds: int = 8, turn: int = 0) -> Example:
    """Draw the training crop of a number.

    turn: the same scene comes again with other seeds and another look for each value.
    """
    scene = scenes.draw(rng, number)
    drawn = rng if turn == 0 else np.random.default_rng([int(rng.integers(2**31)), turn])
    return ask(scene, drawn, seeds)


def cut_scene(slide: TrainingSlide, rng: Generator, augment: bool = True) -> Scene | None:
    """A crop around a real cluster, through a box as uneven as a detector's."""
    sizes = np.array([len(members) for members in slide.clusters])
    if sizes.size == 0:
        return None
    weights = np.where(sizes == 1, LONE_WEIGHT, np.minimum(sizes, 6.0))
    members = slide.clusters[int(rng.choice(sizes.size, p=weights / weights.sum()))]
    wobble = 0.06 * slide.length_px if augment else 0.0
    outline = union([slide.masks[i] for i in members]).box
    if augment and rng.random() < PIECE_SHARE:
        shown = slide.masks[members[int(rng.integers(len(members)))]]
        piece = any_piece(shown.mask, rng)
        if piece is not shown.mask:
            around = bounding_box(piece)
            assert around is not None
            outline = around.shift(shown.box.x0, shown.box.y0)
    box = Box(*(round(edge + rng.normal(0, wobble)) for edge in outline.edges))
    length = slide.length_px * (math.exp(rng.normal(0, 0.1)) if augment else 1.0)
    side = frame_side(box, length)
    centre_y, centre_x = (box.y0 + box.y1) / 2, (box.x0 + box.x1) / 2
    inner = side / MARGIN
    if box.long_side > inner * 1.02:
        target = slide.masks[members[int(rng.integers(len(members)))]].box
        centre_y = _between((target.y0 + target.y1) / 2, box.y0, box.y1, inner, rng)
        centre_x = _between((target.x0 + target.x1) / 2, box.x0, box.x1, inner, rng)
    turn = random_turn(rng) @ random_stretch(rng) if augment else np.eye(2)
    zoom = side / CROP_SIDE * (math.exp(rng.normal(0, 0.08)) if augment else 1.0)
    reach = math.ceil(side * 0.75) + 2
    window = Box(round(centre_x) - reach, round(centre_y) - reach, round(centre_x) + reach, round(centre_y) + reach)
    near = [i for i in range(len(slide.masks)) if not slide.masks[i].box.intersect(window).is_empty]
    asked = [i for i in members if i not in slide.ambiguous]
    near.sort(key=lambda i: i not in asked)
    planes = np.zeros((1 + len(near), window.height, window.width), dtype=np.float32)
    rows, columns = slide.image.shape
    inside = window.clip((rows, columns))
    planes[0][inside.shift(-window.x0, -window.y0).slices] = slide.image[inside.slices]
    for plane, index in zip(planes[1:], near, strict=True):
        plane[:] = slide.masks[index].within(window)
    matrix = turn * zoom
    crop = warp(planes, matrix, (centre_y - window.y0, centre_x - window.x0))
    instances = crop[1:] > 0.5
    unsure = np.any(instances[[i in slide.ambiguous for i in near]], axis=0)
    return scene_of(crop[0], instances, sum(i in asked for i in near), unsure=unsure)


def ask(scene: Scene, rng: Generator, seeds: int = 8, augment: bool = True) -> Example:
    """Draw seeds in a scene, and augment its grey values.

    The seeds go round the scene's chromosomes in random order; each lies where its chromosome is alone, the deeper
    the likelier.
    """
    covered = scene.instances.sum(axis=0)
    order = rng.permutation(scene.subject)
    points = np.zeros((seeds, 2))
    classes = np.zeros((seeds, CROP_SIDE, CROP_SIDE), dtype=np.int64)
    for place, index in enumerate(order[:seeds]):
        own = scene.instances[index]
        alone = own & (covered == 1)
        mine = slice(place, None, len(order))
        count = len(points[mine])
        points[mine] = _points_in(alone if alone.any() else own, count, rng) + rng.uniform(-0.5, 0.5, (count, 2))
        classes[mine] = np.where(own, np.where(covered > 1, 3, 1), np.where(covered > 0, 2, 0))
    grey = augment_grey(scene.grey, covered > 0, rng) if augment and scene.augmented else scene.grey
    dense = dense_classes(scene.instances)
    if scene.unsure is not None:
        dense[scene.unsure] = UNSURE
    return Example(
        torch.from_numpy(np.ascontiguousarray(grey, dtype=np.float32)),
        torch.from_numpy(((points + 0.5) * (2 / CROP_SIDE) - 1).astype(np.float32)),
        torch.from_numpy(classes),
        torch.from_numpy(dense),
    )


def dense_classes(instances: NDArray[np.bool_]) -> NDArray[np.int64]:
    """What a pixel is without a seed: 0 background, 1 one chromosome, 2 overlap, 3 near another chromosome."""
    covered = instances.sum(axis=0)
    close = np.zeros(covered.shape, dtype=np.int64)
    for own in instances:
        close += ndimage.binary_dilation(own, structure=np.ones((3, 3), dtype=bool))
    return np.where(covered > 1, 2, np.where(covered == 0, 0, np.where(close > 1, 3, 1))).astype(np.int64)


def _points_in(mask: NDArray[np.bool_], count: int, rng: Generator) -> NDArray[np.int64]:
    """Random pixels (row, column) of a mask that is not empty, the deeper the likelier: (count, 2)."""
    inside = bounding_box(mask)
    assert inside is not None
    depth = ndimage.distance_transform_edt(np.pad(mask[inside.slices], 1))[1:-1, 1:-1]
    weights = (np.maximum(depth - 0.5, 0.05) * (depth > 0)).ravel()
    chosen = rng.choice(weights.size, size=count, p=weights / weights.sum())
    return np.stack(np.divmod(chosen, inside.width), axis=1) + np.array([inside.y0, inside.x0])


def _between(at: float, first: int, end: int, inner: float, rng: Generator) -> float:
    if end - first <= inner:
        return (first + end) / 2
    return min(max(at + rng.normal(0, inner / 6), first + inner / 2), end - inner / 2)
