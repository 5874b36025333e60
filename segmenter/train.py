"""Training of the seeded U-Net: resumable, one crop stream, averaged weights.

The crop of step s, place i is drawn from the seed (seed, s, i) alone, so a training that was killed goes on with
the crops that it would have seen.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.utils.data import DataLoader, Dataset

from ..errors import UsageError
from .model import SeededUNet, UNetConfig
from .samples import TrainingSlide, ask, cut_scene, draw_example

VALIDATION_CROPS = 384
CLASS_WEIGHTS = (1.0, 1.5, 1.0, 2.5)


@dataclass(frozen=True)
class SegmenterTraining:
    """Settings of a training.

    steps: optimiser steps in all. batch: crops a step. rate: peak learning rate of AdamW.
    warmup: steps of linear rise. cooldown: share of the steps, at the end, of linear fall to zero.
    average: decay of the exponential moving average of the weights. check_every: steps between
    validations and checkpoints. threads: of torch. workers: processes that draw crops beside the training.
    """

    steps: int = 6000
    batch: int = 32
    rate: float = 2e-3
    warmup: int = 100
    cooldown: float = 0.35
    average: float = 0.998
    check_every: int = 250
    seed: int = 0
    channels: tuple[int, int, int, int] = (16, 32, 64, 128)
    threads: int = 1
    workers: int = 0


@dataclass(frozen=True)
class SegmenterScore:
    """How the averaged weights do on fixed validation crops.

    seeded_iou: mean IoU of the seeded chromosome's mask (classes 1 + 3). share_half: share of them at 0.5
    or more. foreground_iou: mean IoU of the foreground with an empty seed. overlap_iou: pooled over crops, class 3.
    """

    seeded_iou: float
    share_half: float
    foreground_iou: float
    overlap_iou: float


class CropStream(Dataset[tuple[Tensor, Tensor]]):
    """Training crops by number: crop n is always the same."""

    def __init__(self, slides: Sequence[TrainingSlide], seed: int, first: int, end: int) -> None:
        self.slides, self.seed, self.first, self.end = slides, seed, first, end

    def __len__(self) -> int:
        return self.end - self.first

    def __getitem__(self, index: int) -> tuple[Tensor, Tensor]:
        if not 0 <= index < len(self):
            raise IndexError(index)
        example = draw_example(self.slides, np.random.default_rng([self.seed, self.first + index]))
        return example.inputs, example.classes


def train_segmenter(
    slides: Sequence[TrainingSlide],
    validation: Sequence[TrainingSlide],
    folder: Path,
    settings: SegmenterTraining,
    report: Callable[[str], None],
    resume: bool = False,
) -> SeededUNet:
    """Train, or go on with a training, and return the network with its averaged weights.

    Writes checkpoint.pt (to resume) and log.jsonl to `folder`.

    Raises UsageError where `folder` already holds a training and `resume` is false, or the other way round.
    """
    torch.set_num_threads(settings.threads)
    torch.manual_seed(settings.seed)
    folder.mkdir(parents=True, exist_ok=True)
    checkpoint = folder / "checkpoint.pt"
    if checkpoint.exists() and not resume:
        raise UsageError(f"{folder} already holds a training: give --resume to go on, or another folder")
    network = SeededUNet(UNetConfig(settings.channels)).to(memory_format=torch.channels_last)
    averaged = SeededUNet(UNetConfig(settings.channels)).to(memory_format=torch.channels_last)
    averaged.load_state_dict(network.state_dict())
    optimiser = torch.optim.AdamW(network.parameters(), lr=settings.rate, weight_decay=1e-3)
    step = 0
    if resume and checkpoint.exists():
        state = torch.load(checkpoint, weights_only=True)
        network.load_state_dict(state["network"])
        averaged.load_state_dict(state["averaged"])
        optimiser.load_state_dict(state["optimiser"])
        step = int(state["step"])
        report(f"resumed at step {step}")
    fixed = validation_crops(validation, VALIDATION_CROPS) if validation else None
    stream = CropStream(slides, settings.seed, step * settings.batch, settings.steps * settings.batch)
    started, since = time.monotonic(), step
    for inputs, classes in _batches(stream, settings):
        for group in optimiser.param_groups:
            group["lr"] = learning_rate(step, settings)
        network.train()
        loss = separation_loss(network(inputs.to(memory_format=torch.channels_last)), classes)
        optimiser.zero_grad(set_to_none=True)
        loss.backward()
        nn.utils.clip_grad_norm_(network.parameters(), 5.0)
        optimiser.step()
        _average(averaged, network, min(settings.average, (step + 1) / (step + 10)))
        step += 1
        if step % settings.check_every == 0 or step == settings.steps:
            seconds = (time.monotonic() - started) / (step - since)
            score = assess(averaged, fixed) if fixed is not None else None
            _save(checkpoint, network, averaged, optimiser, step)
            line = {
                "step": step,
                "crops": step * settings.batch,
                "loss": round(loss.item(), 4),
                "seconds_per_step": round(seconds, 3),
                **({k: round(v, 4) for k, v in asdict(score).items()} if score else {}),
            }
            with (folder / "log.jsonl").open("a", encoding="utf-8") as log:
                log.write(json.dumps(line) + "\n")
            report(" ".join(f"{key} {value}" for key, value in line.items()))
            started, since = time.monotonic(), step
    averaged.eval()
    return averaged


def learning_rate(step: int, settings: SegmenterTraining) -> float:
    """Linear rise, constant, linear fall: the length can still be changed while it is constant."""
    fall = max(1, round(settings.steps * settings.cooldown))
    rise = min(1.0, (step + 1) / max(1, settings.warmup))
    return settings.rate * rise * min(1.0, (settings.steps - step) / fall)


def separation_loss(logits: Tensor, classes: Tensor) -> Tensor:
    """Weighted cross-entropy over the four classes plus Dice loss of the seeded chromosome's mask.

    logits: (N, 4, 88, 88). classes: (N, 88, 88), int64.
    """
    weights = torch.tensor(CLASS_WEIGHTS, device=logits.device)
    entropy = nn.functional.cross_entropy(logits, classes, weight=weights)
    probability = logits.softmax(dim=1)
    seeded = probability[:, 1] + probability[:, 3]
    truth = ((classes == 1) | (classes == 3)).float()
    asked = truth.sum(dim=(1, 2)) > 0
    if not asked.any():
        return entropy
    shared = (seeded * truth).sum(dim=(1, 2))
    dice = (2 * shared + 1) / (seeded.sum(dim=(1, 2)) + truth.sum(dim=(1, 2)) + 1)
    return entropy + (1 - dice[asked]).mean()


def validation_crops(slides: Sequence[TrainingSlide], count: int) -> tuple[Tensor, Tensor]:
    """Fixed crops around real clusters, unaltered: inputs (count, 2, 88, 88) and classes (count, 88, 88)."""
    inputs: list[Tensor] = []
    classes: list[Tensor] = []
    number = 0
    while len(inputs) < count:
        rng = np.random.default_rng([7, number])
        number += 1
        scene = cut_scene(slides[number % len(slides)], rng, augment=False)
        if scene is not None:
            example = ask(scene, rng, augment=False)
            inputs.append(example.inputs)
            classes.append(example.classes)
    return torch.stack(inputs), torch.stack(classes)


def assess(network: SeededUNet, crops: tuple[Tensor, Tensor]) -> SegmenterScore:
    """Score a network on crops made by `validation_crops`."""
    network.eval()
    predicted = []
    with torch.inference_mode():
        for part in crops[0].split(32):
            predicted.append(network(part.to(memory_format=torch.channels_last)).argmax(dim=1))
    found, truth = torch.cat(predicted), crops[1]
    own, own_truth = (found == 1) | (found == 3), (truth == 1) | (truth == 3)
    seeded = own_truth.any(dim=(1, 2))
    ious = _ious(own[seeded], own_truth[seeded])
    empty = ~seeded
    both = ((found == 3) & (truth == 3)).sum().item()
    either = ((found == 3) | (truth == 3)).sum().item()
    return SegmenterScore(
        seeded_iou=ious.mean().item(),
        share_half=(ious >= 0.5).float().mean().item(),
        foreground_iou=_ious(found[empty] > 0, truth[empty] > 0).mean().item(),
        overlap_iou=both / either if either else 0.0,
    )


def _ious(a: Tensor, b: Tensor) -> Tensor:
    shared = (a & b).sum(dim=(1, 2)).float()
    return shared / (a | b).sum(dim=(1, 2)).clamp(min=1)


def _batches(stream: CropStream, settings: SegmenterTraining) -> Iterator[tuple[Tensor, Tensor]]:
    if len(stream) > 0:
        yield from DataLoader(
            stream, batch_size=settings.batch, shuffle=False, drop_last=True, num_workers=settings.workers
        )


def _average(averaged: SeededUNet, network: SeededUNet, decay: float) -> None:
    with torch.no_grad():
        for mean, current in zip(averaged.state_dict().values(), network.state_dict().values(), strict=True):
            if mean.dtype.is_floating_point:
                mean.lerp_(current, 1 - decay)
            else:
                mean.copy_(current)


def _save(path: Path, network: SeededUNet, averaged: SeededUNet, optimiser: Any, step: int) -> None:
    """Write a checkpoint beside its final name, then move it there."""
    part = path.with_suffix(".part")
    torch.save(
        {
            "network": network.state_dict(),
            "averaged": averaged.state_dict(),
            "optimiser": optimiser.state_dict(),
            "step": step,
        },
        part,
    )
    part.replace(path)
