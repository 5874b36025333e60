"""Training by the study's recipe: Adam at 1e-3, batches of 32, nothing else. Resumable within an epoch."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from ..segmenter.training.checkpoints import checkpoint_in, load_checkpoint, save_checkpoint
from .published_network import PublishedUNet, Recipe, published_loss, targets_of

MAX_PREDICTED_AT_ONCE = 32
MAX_IMPROVED_AT_ONCE = 4
"""Images whose gradients are worked out together: as many as the processor's cache holds. A batch's gradient is the
same however it is added up, and twice as fast so. The Dice loss is one figure of the whole batch and is not divided."""


@dataclass(frozen=True, eq=False)
class LabelledImages:
    """What the study's network learns from."""

    grey: NDArray[np.uint8]
    """uint8, (N, 88, 88)."""
    labels: NDArray[np.uint8]
    """uint8, the same shape, 0..3."""


@dataclass(frozen=True)
class PublishedTraining:
    """Settings of a training; the defaults are the study's."""

    epochs: int = 30
    """Passes over the pairs."""
    batch: int = 32
    """Pairs a step."""
    rate: float = 1e-3
    """Learning rate of Adam."""
    seed: int = 0
    """Of all that is random."""
    device: torch.device = field(default_factory=partial(torch.device, "cpu"))
    """What the network is trained on."""
    threads: int = 2
    """Threads of torch."""
    checkpoint_every: int = 50
    """Steps between checkpoints within an epoch."""
    bfloat16: bool = False
    """Multiply in bfloat16; weights and losses stay float32."""


@dataclass
class _Progress:
    """Where a training stands: whole epochs done, steps done in the next one, and the sum of their losses."""

    epoch: int = 0
    step: int = 0
    loss: float = 0.0
    seconds: float = 0.0


Assess = Callable[[PublishedUNet], dict[str, float]]


def train_published(
    images: LabelledImages,
    recipe: Recipe,
    folder: Path,
    settings: PublishedTraining,
    assess: Assess,
    report: Callable[[str], None],
    resume: bool = False,
    start: Mapping[str, Tensor] | None = None,
) -> PublishedUNet:
    """Train, or go on with a training, and return the network.

    Writes checkpoint.pt (to resume) and log.jsonl, one line an epoch, to `folder`.

    Parameters
    ----------
    assess
        Figures of the network after each epoch, for the log.
    start
        Tensors of a network of the same recipe to begin from; Adam's moments begin anew.

    Raises
    ------
    UsageError
        Where `folder` already holds a training and `resume` is false.
    """
    torch.set_num_threads(settings.threads)
    checkpoint = checkpoint_in(folder, resume)
    torch.manual_seed(settings.seed)
    network = PublishedUNet(recipe).to(settings.device)
    network.to(memory_format=torch.channels_last)
    if start is not None:
        network.load_state_dict(dict(start))
    optimiser = torch.optim.Adam(network.parameters(), lr=settings.rate)
    progress = _Progress()
    if checkpoint.exists():
        state = load_checkpoint(checkpoint, settings.device)
        network.load_state_dict(state["network"])
        optimiser.load_state_dict(state["optimiser"])
        progress = _Progress(**state["progress"])
        report(f"resumed in epoch {progress.epoch + 1} at step {progress.step}")
    weights = class_weights(images.labels, recipe) if recipe.class_weights else None
    while progress.epoch < settings.epochs:
        order = np.random.default_rng([settings.seed, progress.epoch]).permutation(len(images.grey))
        batches = np.array_split(order, np.arange(settings.batch, len(order), settings.batch))
        for members in batches[progress.step :]:
            since = time.monotonic()
            progress.loss += _improve(network, optimiser, images, members, recipe, weights, settings.bfloat16)
            progress.step += 1
            progress.seconds += time.monotonic() - since
            if progress.step % settings.checkpoint_every == 0:
                save_checkpoint(checkpoint, _state(network, optimiser, progress))
        line = {
            "epoch": progress.epoch + 1,
            "loss": round(progress.loss / len(batches), 6),
            "seconds": round(progress.seconds, 1),
            **{name: round(value, 5) for name, value in assess(network).items()},
        }
        progress = _Progress(epoch=progress.epoch + 1)
        save_checkpoint(checkpoint, _state(network, optimiser, progress))
        with (folder / "log.jsonl").open("a", encoding="utf-8") as log:
            log.write(json.dumps(line) + "\n")
        report(" ".join(f"{key} {value}" for key, value in line.items()))
    return network.cpu().eval()


def answers(network: PublishedUNet, grey: NDArray[np.uint8]) -> Iterator[tuple[slice, Tensor]]:
    """What the network answers for images (N, 88, 88), some at a time: which ones, and (n, channels, 88, 88)."""
    network.eval()
    with torch.inference_mode():
        for first in range(0, len(grey), MAX_PREDICTED_AT_ONCE):
            part = slice(first, min(len(grey), first + MAX_PREDICTED_AT_ONCE))
            yield part, network(_as_input(grey[part]).to(device_of(network))).cpu()


def predict(network: PublishedUNet, grey: NDArray[np.uint8], read: Callable[[Tensor], Tensor]) -> NDArray[Any]:
    """What the network answers for images, (N, 88, 88), each batch brought to what is kept of it by `read`."""
    return np.concatenate([read(answer).numpy() for _, answer in answers(network, grey)])


def loss_of(answer: Tensor, labels: NDArray[np.uint8], recipe: Recipe) -> float:
    """The loss of an answer, summed over its images, without class weights."""
    wanted = targets_of(torch.from_numpy(labels.astype(np.int64)), recipe.target)
    return published_loss(answer, wanted, recipe).item() * len(answer)


def class_weights(labels: NDArray[np.uint8], recipe: Recipe) -> Tensor:
    """Weights of the output channels, the inverse of each class's share of the pixels, of mean 1 over pixels."""
    sample = torch.from_numpy(labels[:: max(1, len(labels) // 500)].astype(np.int64))
    shares = targets_of(sample, recipe.target).mean(dim=(0, 2, 3)).clamp(min=1e-6)
    return 1 / (shares * len(shares))


def _improve(
    network: PublishedUNet,
    optimiser: torch.optim.Optimizer,
    images: LabelledImages,
    members: NDArray[np.intp],
    recipe: Recipe,
    weights: Tensor | None,
    bfloat16: bool,
) -> float:
    network.train()
    device = device_of(network)
    optimiser.zero_grad(set_to_none=True)
    at_once = len(members) if recipe.loss == "dice" else MAX_IMPROVED_AT_ONCE
    total = 0.0
    for first in range(0, len(members), at_once):
        some = members[first : first + at_once]
        wanted = targets_of(torch.from_numpy(images.labels[some].astype(np.int64)).to(device), recipe.target)
        with torch.autocast(device.type, dtype=torch.bfloat16, enabled=bfloat16):
            answer = network(_as_input(images.grey[some]).to(device))
        loss = published_loss(answer.float(), wanted, recipe, weights) * (len(some) / len(members))
        loss.backward()
        total += loss.item()
    optimiser.step()
    return total


def device_of(network: PublishedUNet) -> torch.device:
    """Where a network's weights lie."""
    return next(network.parameters()).device


def _as_input(grey: NDArray[np.uint8]) -> Tensor:
    return torch.from_numpy(grey.astype(np.float32)).unsqueeze(1)


def _state(network: PublishedUNet, optimiser: torch.optim.Optimizer, progress: _Progress) -> dict[str, Any]:
    return {"network": network.state_dict(), "optimiser": optimiser.state_dict(), "progress": vars(progress)}
