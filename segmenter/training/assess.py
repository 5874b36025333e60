"""How well the network answers on fixed crops that no training sees."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from ...core.errors import UsageError
from ..conditional import ConditionalUNet
from .examples import Example, Scenes, ask

MAX_TRIES = 50
"""Scenes that are drawn for each crop that is wanted, at most."""


@dataclass(frozen=True)
class SegmenterScore:
    """How the averaged weights do on fixed validation crops."""

    seeded_iou: float
    """Mean IoU of the seeded chromosome's mask (classes 1 + 3)."""
    share_half: float
    """Share of those masks with an IoU of 0.5 or more."""
    share_three_quarters: float
    """Share of those masks with an IoU of 0.75 or more."""
    foreground_iou: float
    """Mean IoU of the foreground, which needs no seed."""
    overlap_iou: float
    """IoU of the overlap (class 3), pooled over crops."""
    quality_error: float
    """Mean absolute difference between the IoU that the network expects and the seeded chromosome's."""


def validation_crops(scenes: Scenes, count: int, seeds: int) -> tuple[Tensor, Tensor, Tensor]:
    """Fixed crops, not augmented.

    Parameters
    ----------
    scenes
        Where they come from.
    count
        How many crops.
    seeds
        In each of them.

    Returns
    -------
    tuple[Tensor, Tensor, Tensor]
        Grey (count, 88, 88), seeds (count, seeds, 2) and their classes (count, seeds, 88, 88).

    Raises
    ------
    UsageError
        Where the scenes hold no chromosome that can be asked about.
    """
    examples: list[Example] = []
    number = 0
    while len(examples) < count and number < MAX_TRIES * count:
        rng = np.random.default_rng([7, number])
        number += 1
        scene = scenes.fixed(number, rng)
        if scene is not None and scene.subject:
            examples.append(ask(scene, rng, seeds, augment=False))
    if not examples:
        raise UsageError("the validation slides hold no chromosome that can be asked about: add some that do")
    return (
        torch.stack([e.grey for e in examples]),
        torch.stack([e.seeds for e in examples]),
        torch.stack([e.classes for e in examples]),
    )


def assess(network: ConditionalUNet, crops: tuple[Tensor, Tensor, Tensor]) -> SegmenterScore:
    """Score a network on crops made by `validation_crops`."""
    network.eval()
    device = next(network.parameters()).device
    ious, quality, foreground, both, either = list[Tensor](), list[Tensor](), list[Tensor](), 0, 0
    with torch.inference_mode():
        for grey, seeds, classes in zip(*(part.to(device).split(16) for part in crops), strict=True):
            unseeded, answers = network(batched(grey), seeds)
            second, truth = answers.second.flatten(0, 1), classes.flatten(0, 1)
            found = second.argmax(dim=1)
            ious.append(seeded_ious(second, truth))
            quality.append(answers.quality.flatten().sigmoid())
            foreground.append(_ious(unseeded.argmax(dim=1) > 0, classes[:, 0] > 0))
            both += int(((found == 3) & (truth == 3)).sum())
            either += int(((found == 3) | (truth == 3)).sum())
    every = torch.cat(ious)
    return SegmenterScore(
        seeded_iou=every.mean().item(),
        share_half=(every >= 0.5).float().mean().item(),
        share_three_quarters=(every >= 0.75).float().mean().item(),
        foreground_iou=torch.cat(foreground).mean().item(),
        overlap_iou=both / either if either else 0.0,
        quality_error=(torch.cat(quality) - every).abs().mean().item(),
    )


def seeded_ious(logits: Tensor, classes: Tensor) -> Tensor:
    """IoU of the seeded chromosomes' masks: logits (N, 4, 88, 88) against classes (N, 88, 88), to (N,)."""
    found = logits.argmax(dim=1)
    return _ious((found == 1) | (found == 3), (classes == 1) | (classes == 3))


def batched(grey: Tensor) -> Tensor:
    """Grey crops (N, 88, 88) as the network takes them: (N, 1, 88, 88)."""
    return grey.unsqueeze(1).to(memory_format=torch.channels_last)


def _ious(a: Tensor, b: Tensor) -> Tensor:
    shared = (a & b).sum(dim=(1, 2)).float()
    return shared / (a | b).sum(dim=(1, 2)).clamp(min=1)
