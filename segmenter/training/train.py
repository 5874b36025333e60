"""Training of the segmenter's network: resumable, averaged weights, hard crops replayed where asked for.

A crop is drawn from its number alone, and which numbers a stretch between two checkpoints shows is decided from
the losses of the stretch before, which the checkpoint holds. So a training that was killed goes on with the crops
that it would have seen.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from functools import partial
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn
from torch.optim.lr_scheduler import LambdaLR
from torch.optim.swa_utils import AveragedModel
from torch.utils.data import DataLoader, Dataset

from ..conditional import ConditionalConfig, ConditionalUNet
from .assess import assess, batched, seeded_ious, validation_crops
from .checkpoints import checkpoint_in, load_checkpoint, save_checkpoint
from .examples import Scenes, draw_example
from .hard_examples import Crop, next_crops

VALIDATION_CROPS = 192
CLASS_WEIGHTS = (1.0, 1.5, 1.0, 2.5)
DENSE_WEIGHTS = (1.0, 1.0, 2.5, 1.5)
DENSE_SHARE = 0.4
"""Weight of the loss of what the network says without a seed."""
FIRST_SHARE = 0.3
"""Weight of the loss of the first answer, at 44 x 44."""
QUALITY_SHARE = 0.2
"""Weight of the loss of the expected IoU."""


@dataclass(frozen=True)
class SegmenterTraining:
    """Settings of a training."""

    steps: int = 6000
    """Optimiser steps in all."""
    batch: int = 16
    """Crops a step."""
    seeds: int = 8
    """Seeds asked in each crop."""
    rate: float = 2e-3
    """Peak learning rate of AdamW."""
    warmup: int = 100
    """Steps of linear rise."""
    cooldown: float = 0.35
    """Share of the steps, at the end, of linear fall to zero."""
    average: float = 0.999
    """Decay of the exponential moving average of the weights."""
    check_every: int = 250
    """Steps between validations and checkpoints."""
    replayed: float = 0.0
    """Share of the crops that repeat hard ones of the stretch before."""
    seed: int = 0
    """Of all that is random."""
    network: ConditionalConfig = field(default_factory=ConditionalConfig)
    """The shape of a new network."""
    threads: int = 1
    """Threads of torch."""
    device: torch.device = field(default_factory=partial(torch.device, "cpu"))
    """What the network is trained on."""
    workers: int = 0
    """Processes that draw crops beside the training."""
    bfloat16: bool = False
    """Multiply in bfloat16 (weights and losses stay float32): half the time on a processor that has it in hardware,
    slower on one that has not."""


class CropStream(Dataset[tuple[Tensor, ...]]):
    """Training crops by number: the same crop and turn is always the same."""

    def __init__(self, scenes: Scenes, crops: Sequence[Crop], settings: SegmenterTraining) -> None:
        self.scenes, self.crops, self.seed, self.seeds = scenes, crops, settings.seed, settings.seeds

    def __len__(self) -> int:
        return len(self.crops)

    def __getitem__(self, index: int) -> tuple[Tensor, ...]:
        crop = self.crops[index]
        rng = np.random.default_rng([self.seed, crop.number])
        return draw_example(self.scenes, rng, crop.number, self.seeds, crop.turn).tensors()


def fit_segmenter(
    scenes: Scenes,
    validation: Mapping[str, Scenes],
    folder: Path,
    settings: SegmenterTraining,
    report: Callable[[str], None],
    resume: bool = False,
    start: dict[str, Tensor] | None = None,
) -> ConditionalUNet:
    """Train, or go on with a training, and return the network with its averaged weights.

    Writes checkpoint.pt (to resume) and log.jsonl to `folder`.

    Parameters
    ----------
    validation
        By name, such as that of a stain: what the log gives scores for.
    start
        Tensors of a trained network of the same shape to begin from, to fine-tune it.

    Raises
    ------
    UsageError
        Where `folder` already holds a training and `resume` is false.
    """
    torch.set_num_threads(settings.threads)
    torch.manual_seed(settings.seed)
    checkpoint = checkpoint_in(folder, resume)
    state = load_checkpoint(checkpoint, settings.device) if checkpoint.exists() else None
    if state is not None and "config" in state:  # what goes on keeps its shape, whatever it began from
        settings = replace(settings, network=ConditionalConfig.from_dict(state["config"]))
        start = None
    network = ConditionalUNet(settings.network).to(settings.device, memory_format=torch.channels_last)  # type: ignore[call-overload]
    if start is not None:
        network.load_state_dict(start)
    averaged = AveragedModel(network, avg_fn=partial(_moving_average, settings.average), use_buffers=True)
    average: ConditionalUNet = averaged.module  # type: ignore[assignment]
    optimiser = torch.optim.AdamW(network.parameters(), lr=settings.rate, weight_decay=1e-3)
    step, crops = 0, next_crops([], [], settings.check_every * settings.batch, 0, 0.0)
    if state is not None:
        network.load_state_dict(state["network"])
        average.load_state_dict(state["averaged"])
        optimiser.load_state_dict(state["optimiser"])
        step = int(state["step"])
        crops = [Crop(*pair) for pair in state["crops"]]
        report(f"resumed at step {step}")
    averaged.n_averaged.fill_(step + 1)  # not 0: the first average is one of two networks, too
    for group in optimiser.param_groups:
        group["initial_lr"] = settings.rate
    schedule = LambdaLR(optimiser, partial(rate_factor, settings), last_epoch=step - 1)
    fixed = {name: validation_crops(part, VALIDATION_CROPS, settings.seeds) for name, part in validation.items()}
    while step < settings.steps:
        stretch = min(settings.check_every, settings.steps - step)
        stream = CropStream(scenes, crops[: stretch * settings.batch], settings)
        started, losses = time.monotonic(), list[float]()
        for batch in DataLoader(stream, batch_size=settings.batch, num_workers=settings.workers):
            moved = [part.to(settings.device) for part in batch]
            losses.extend(_improve(network, optimiser, settings.bfloat16, *moved))
            schedule.step()
            averaged.update_parameters(network)
            step += 1
        seconds = (time.monotonic() - started) / stretch
        first_new = 1 + max(crop.number for crop in crops)
        crops = next_crops(crops, losses, settings.check_every * settings.batch, first_new, settings.replayed)
        state = {
            "config": asdict(network.config),
            "network": network.state_dict(),
            "averaged": average.state_dict(),
            "optimiser": optimiser.state_dict(),
            "step": step,
            "crops": [(crop.number, crop.turn) for crop in crops],
        }
        save_checkpoint(checkpoint, state)
        line = {
            "step": step,
            "crops": step * settings.batch,
            "loss": round(float(np.mean(losses)), 4),
            "seconds_per_step": round(seconds, 3),
        }
        for name, fixed_crops in fixed.items():
            scores = asdict(assess(average, fixed_crops))
            line |= {f"{name}_{figure}": round(value, 4) for figure, value in scores.items()}
        with (folder / "log.jsonl").open("a", encoding="utf-8") as log:
            log.write(json.dumps(line) + "\n")
        report(" ".join(f"{key} {value}" for key, value in line.items()))
    return average.cpu().eval()


def _improve(
    network: ConditionalUNet,
    optimiser: torch.optim.Optimizer,
    bfloat16: bool,
    grey: Tensor,
    seeds: Tensor,
    classes: Tensor,
    dense: Tensor,
) -> list[float]:
    """One step: grey (N, 88, 88), seeds (N, K, 2), classes (N, K, 88, 88), dense (N, 88, 88). Returns loss a crop."""
    network.train()
    with torch.autocast(grey.device.type, dtype=torch.bfloat16, enabled=bfloat16):
        unseeded, answers = network(batched(grey), seeds)
    classes = classes.flatten(0, 1)
    second = answers.second.float().flatten(0, 1)
    each = separation_loss(second, classes)
    each = each + FIRST_SHARE * separation_loss(answers.first.float().flatten(0, 1), classes[:, ::2, ::2])
    each = each + QUALITY_SHARE * nn.functional.binary_cross_entropy_with_logits(
        answers.quality.float().flatten(), seeded_ious(second.detach(), classes), reduction="none"
    )
    each = each.view(len(grey), -1).mean(dim=1)  # (N,)
    weights = torch.tensor(DENSE_WEIGHTS, device=grey.device)
    loss = each.mean() + DENSE_SHARE * nn.functional.cross_entropy(unseeded.float(), dense, weight=weights)
    optimiser.zero_grad(set_to_none=True)
    loss.backward()
    nn.utils.clip_grad_norm_(network.parameters(), 5.0)
    optimiser.step()
    return [float(v) for v in each.detach()]


def rate_factor(settings: SegmenterTraining, step: int) -> float:
    """Work out the share of the peak learning rate for a step.

    Linear rise, constant, linear fall: the length can still be changed while it is constant.
    """
    fall = max(1, round(settings.steps * settings.cooldown))
    rise = min(1.0, (step + 1) / max(1, settings.warmup))
    return rise * min(1.0, (settings.steps - step) / fall)


def separation_loss(logits: Tensor, classes: Tensor) -> Tensor:
    """Weighted cross-entropy over the four classes plus Dice loss of the seeded chromosome's mask, per seed.

    Parameters
    ----------
    logits
        (N, 4, 88, 88).
    classes
        (N, 88, 88), int64.

    Returns
    -------
    Tensor
        (N,).
    """
    weights = torch.tensor(CLASS_WEIGHTS, device=logits.device)
    weighted = nn.functional.cross_entropy(logits, classes, weight=weights, reduction="none").mean(dim=(1, 2))
    entropy = weighted / weights[classes].mean(dim=(1, 2))
    probability = logits.softmax(dim=1)
    seeded = probability[:, 1] + probability[:, 3]
    truth = ((classes == 1) | (classes == 3)).float()
    asked = truth.sum(dim=(1, 2)) > 0
    shared = (seeded * truth).sum(dim=(1, 2))
    dice = (2 * shared + 1) / (seeded.sum(dim=(1, 2)) + truth.sum(dim=(1, 2)) + 1)
    return entropy + torch.where(asked, 1 - dice, 0.0)


def _moving_average(decay: float, mean: Tensor, current: Tensor, step: Tensor | int) -> Tensor:
    """The exponential moving average of weights, which forgets faster in the first steps; counters are copied."""
    if not mean.dtype.is_floating_point:
        return current
    return mean.lerp(current, 1 - min(decay, int(step) / (int(step) + 9)))
