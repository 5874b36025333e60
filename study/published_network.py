"""The network of the published study of overlapping pairs, and how it was trained.

Source: Hu, Karnowski, Fadely, Pommier: Image segmentation to distinguish between overlapping human chromosomes, NIPS
workshop on machine learning for health, 2017. A U-Net of two poolings, 3 x 3 convolutions with ReLU and no batch
normalisation: 1,861,892 parameters at its own width. Its text and its released code leave the output linear; the loss
was the mean squared error against one-hot labels, and each output channel is rounded to read it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional

from ..core.errors import UsageError, WeightsError
from ..weights import LoadedWeights

Loss = Literal["mse", "cross-entropy", "dice"]
Activation = Literal["relu", "elu", "leaky-relu"]
Target = Literal["one-hot", "integer", "merged", "first", "second"]
LOSSES: tuple[Loss, ...] = get_args(Loss)
ACTIVATIONS: tuple[Activation, ...] = get_args(Activation)
TARGETS: tuple[Target, ...] = get_args(Target)
MODULES: dict[str, Callable[[], nn.Module]] = {"relu": nn.ReLU, "elu": nn.ELU, "leaky-relu": nn.LeakyReLU}
CLASS_NAMES: dict[str, tuple[str, ...]] = {
    "merged": ("background", "one chromosome", "overlap"), "first": ("background", "whole 1"),
    "second": ("background", "whole 2"),
}  # fmt: skip
"""What the classes of targets mean that are not the study's four."""
CHANNELS: dict[str, int] = {"one-hot": 4, "integer": 1, "merged": 3, "first": 2, "second": 2}
"""Output channels by target."""
KEPT: dict[str, tuple[int, ...]] = {
    "one-hot": (0, 1, 2, 3), "merged": (0, 1, 1, 2), "first": (0, 1, 0, 1), "second": (0, 0, 1, 1),
}  # fmt: skip
"""What becomes of the labels 0..3: "merged" makes both chromosomes' own parts one class, "first" and "second" ask
for one whole chromosome."""


@dataclass(frozen=True)
class Recipe:
    """The study's recipe; the defaults are its own, the rest its investigations."""

    width: int = 64
    """Channels at full size (64)."""
    target: Target = "one-hot"
    """What the network answers."""
    loss: Loss = "mse"
    """What the training lowers."""
    activation: Activation = "relu"
    """Between the convolutions."""
    class_weights: bool = False
    """Whether each class weighs the inverse of its share of the pixels."""

    def __post_init__(self) -> None:
        for name, value, allowed in (
            ("target", self.target, TARGETS),
            ("loss", self.loss, LOSSES),
            ("activation", self.activation, ACTIVATIONS),
        ):
            if value not in allowed:
                raise UsageError(f"unknown {name} {value!r}: choose one of {', '.join(allowed)}")
        if self.target == "integer" and self.loss != "mse":
            raise UsageError("integer labels are one channel: their loss is mse")
        if self.width < 1:
            raise UsageError(f"the width is 1 or more channels, not {self.width}")
        if self.class_weights and self.target == "integer":
            raise UsageError("integer labels are one channel: there are no classes to weigh")

    @property
    def answers_all(self) -> bool:
        """Whether the network answers all four classes."""
        return self.target in ("one-hot", "integer")

    @property
    def class_names(self) -> tuple[str, ...]:
        """What the classes that the network answers mean; only for targets that are not the study's four classes."""
        return CLASS_NAMES[self.target]

    def kept_of(self, labels: NDArray[np.uint8]) -> NDArray[np.uint8]:
        """The labels 0..3 as the classes that the network answers."""
        return labels if self.answers_all else np.array(KEPT[self.target], dtype=np.uint8)[labels]


class PublishedUNet(nn.Module):
    """(N, 1, 88, 88) float32, grey 0..255, to (N, channels of the target, 88, 88), linear."""

    def __init__(self, recipe: Recipe | None = None) -> None:
        super().__init__()
        self.recipe = recipe or Recipe()
        a, b, c = self.recipe.width, 2 * self.recipe.width, 4 * self.recipe.width
        self.block1 = self._twice(1, a)
        self.block2 = self._twice(a, b)
        self.block3 = self._twice(b, c)
        self.pool = nn.MaxPool2d(2)
        self.grow2 = nn.ConvTranspose2d(c, b, 2, stride=2)
        self.up2 = self._twice(2 * b, b)
        self.grow1 = nn.ConvTranspose2d(b, a, 2, stride=2)
        self.up1 = self._twice(2 * a, a)
        self.answer = nn.Conv2d(a, CHANNELS[self.recipe.target], 1)
        for layer in self.modules():  # as Keras begins: Glorot uniform, biases zero
            if isinstance(layer, (nn.Conv2d, nn.ConvTranspose2d)):
                nn.init.xavier_uniform_(layer.weight)
                if layer.bias is not None:
                    nn.init.zeros_(layer.bias)

    @classmethod
    def from_weights(cls, loaded: LoadedWeights) -> PublishedUNet:
        """Make the network of a weights file, whose config is its recipe.

        Raises
        ------
        WeightsError
            Where the config is no recipe or the tensors do not fit.
        """
        try:
            network = cls(Recipe(**loaded.entry.config))
        except (TypeError, UsageError) as problem:
            raise WeightsError(f"{loaded.entry.file} is not the published network: {problem}") from problem
        return loaded.fill(network).eval()

    def _twice(self, inside: int, outside: int) -> nn.Sequential:
        activation = MODULES[self.recipe.activation]
        return nn.Sequential(
            nn.Conv2d(inside, outside, 3, padding=1),
            activation(),
            nn.Conv2d(outside, outside, 3, padding=1),
            activation(),
        )

    def forward(self, grey: Tensor) -> Tensor:
        at88 = self.block1(grey)  # (N, 64, 88, 88)
        at44 = self.block2(self.pool(at88))  # (N, 128, 44, 44)
        at22 = self.block3(self.pool(at44))  # (N, 256, 22, 22)
        up44 = self.up2(torch.cat([at44, self.grow2(at22)], dim=1))  # (N, 128, 44, 44)
        up88 = self.up1(torch.cat([at88, self.grow1(up44)], dim=1))  # (N, 64, 88, 88)
        return self.answer(up88)


def targets_of(labels: Tensor, target: Target) -> Tensor:
    """What the network should answer: labels int64 (N, 88, 88) to float32 (N, channels, 88, 88)."""
    if target == "integer":
        return labels.unsqueeze(1).float()
    classes = torch.tensor(KEPT[target], device=labels.device)[labels]
    return functional.one_hot(classes, CHANNELS[target]).permute(0, 3, 1, 2).float()


def published_loss(answer: Tensor, wanted: Tensor, recipe: Recipe, weights: Tensor | None = None) -> Tensor:
    """The loss of a batch: both (N, channels, 88, 88).

    Parameters
    ----------
    weights
        Of the channels, where the recipe asks for class weights.
    """
    per_pixel = None if weights is None else (wanted * weights.view(1, -1, 1, 1)).sum(dim=1)
    if recipe.loss == "mse":
        error = (answer - wanted).square().mean(dim=1)
        return error.mean() if per_pixel is None else (error * per_pixel).mean()
    if recipe.loss == "cross-entropy":
        entropy = functional.cross_entropy(answer, wanted.argmax(dim=1), reduction="none")
        return entropy.mean() if per_pixel is None else (entropy * per_pixel).mean()
    probability = answer.softmax(dim=1)
    shared = (probability * wanted).sum(dim=(0, 2, 3))
    dice = (2 * shared + 1) / (probability.sum(dim=(0, 2, 3)) + wanted.sum(dim=(0, 2, 3)) + 1)
    return 1 - (dice if weights is None else dice * weights / weights.mean()).mean()


def read_channels(answer: Tensor, recipe: Recipe) -> Tensor:
    """The study's reading: which pixels belong to each class, each channel rounded by itself.

    Returns
    -------
    Tensor
        bool, (N, classes, 88, 88).
    """
    if recipe.target == "integer":
        return functional.one_hot(read_argmax(answer, recipe), 4).permute(0, 3, 1, 2).bool()
    shares = answer if recipe.loss == "mse" else answer.softmax(dim=1)
    return shares > 0.5


def read_argmax(answer: Tensor, recipe: Recipe) -> Tensor:
    """The likeliest class of each pixel: int64 (N, 88, 88)."""
    if recipe.target == "integer":
        return answer[:, 0].round().clamp(0, 3).long()
    return answer.argmax(dim=1)
