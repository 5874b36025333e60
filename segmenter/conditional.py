"""The segmenter's network: a U-Net looks at a crop once, and each seed is answered by a few layers made for it.

`encode` runs a U-Net (Ronneberger, Fischer, Brox, MICCAI 2015, with batch normalisation) over a grey crop. `answer`
then says, for each seed, what every pixel of the crop is:

    0 background    1 only the seeded chromosome    2 only other chromosomes    3 the seeded one and another

so that the mask of the seeded chromosome is 1 + 3. An answer costs little: it is given by two small perceptrons that
run on each pixel by itself, and whose weights are computed from the features under the seed (conditional convolution:
Tian, Shen, Chen, ECCV 2020). The first works at 44 x 44 and knows where a pixel lies relative to the seed. The second
refines it at 88 x 88 and knows where a pixel lies along and across the first answer, and the features pooled over it.
From the same features the network also says how good its answer will be (as Mask Scoring R-CNN does: Huang et al., CVPR
2019).

Positions are linear inputs of a first layer, so a seed's origin and axes fold into that layer's weights and bias: all
seeds of a crop share one matrix product with the crop's features, and no feature is ever copied for a seed.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional

from ..core.errors import WeightsError
from .blocks import UNet, convolved, fuse_normalisations

CROP_SIDE = 88
CLASSES = 4
DENSE_CLASSES = 4
"""What the U-Net says of a pixel without a seed: 0 background, 1 one chromosome, 2 overlap, 3 near a neighbour."""
SHAPE_FIGURES = 8
"""Figures that describe where the first answer lies; see `_Extent`."""
JUDGE = 64
"""Width of the layer between what is known of a first answer and the quality of the second."""


@dataclass(frozen=True)
class ConditionalConfig:
    """The network's shape."""

    channels: tuple[int, int, int, int] = (16, 48, 96, 192)
    """Feature channels of the U-Net at 88, 44, 22 and 11 px a side."""
    features44: int = 32
    """Channels that the first answer sees."""
    features88: int = 16
    """Channels that the second answer sees, beside the U-Net's own dense classes."""
    control: int = 128
    """Channels, at 44 and at 22 px, from which the layers of a seed are computed."""
    hidden: tuple[int, ...] = (16,)
    """Widths of the hidden layers of an answer."""
    generator: int = 256
    """Width of the layer between the features under a seed and the weights that are computed from them."""

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> ConditionalConfig:
        """The shape that a weights file names; lists stand for tuples.

        Raises WeightsError where a value is missing or of the wrong kind.
        """
        try:
            a, b, c, d = (int(v) for v in values["channels"])
            return cls(
                (a, b, c, d),
                int(values["features44"]),
                int(values["features88"]),
                int(values["control"]),
                tuple(int(v) for v in values["hidden"]),
                int(values["generator"]),
            )
        except (KeyError, TypeError, ValueError) as problem:
            raise WeightsError(
                f"the segmenter's config holds {dict(values)}: it needs channels (four numbers), features44, "
                "features88, control, hidden (numbers) and generator"
            ) from problem


@dataclass(frozen=True, eq=False)
class Features:
    """What the U-Net saw in N crops."""

    at88: Tensor
    """(N, features88 + 4, 88 * 88): features and dense logits, for the second answer."""
    at44: Tensor
    """(N, features44, 44 * 44), for the first answer."""
    control44: Tensor
    """(N, control, 44, 44): what a seed's layers are made of."""
    control22: Tensor
    """(N, control, 22, 22): the same, seen more widely."""
    dense: Tensor
    """(N, 4, 88, 88): logits of the dense classes, which need no seed."""

    def crop(self, number: int) -> Features:
        """The features of one crop: views, not copies."""
        at = slice(number, number + 1)
        return Features(self.at88[at], self.at44[at], self.control44[at], self.control22[at], self.dense[at])


@dataclass(frozen=True, eq=False)
class Answers:
    """What K seeds in each of N crops were answered."""

    first: Tensor
    """(N, K, 4, 44, 44): logits of the first answers."""
    second: Tensor
    """(N, K, 4, 88, 88): logits of the second ones."""
    quality: Tensor
    """(N, K): logits of the IoU that the seeded chromosome's mask is expected to have."""


class _SeedLayers(nn.Module):
    """Computes the weights of a perceptron for every seed, and runs it."""

    def __init__(self, known: int, generator: int, inputs: int, hidden: tuple[int, ...]) -> None:
        """known: figures that are known of a seed. inputs: what the perceptron sees of a pixel."""
        super().__init__()
        self.inputs, self.hidden = inputs, hidden
        widths = (inputs, *hidden, CLASSES)
        self.sizes = [size for a, b in pairwise(widths) for size in (a * b, b)]
        last = nn.Linear(generator, sum(self.sizes))
        nn.init.normal_(last.weight, std=0.03)
        nn.init.normal_(last.bias, std=0.2)
        self.generate = nn.Sequential(nn.Linear(known, generator), nn.ReLU(), last)

    def weights_for(self, known: Tensor) -> list[Tensor]:
        """Weights and biases by layer for what is known of K seeds in N crops, (N, K, known)."""
        parts = self.generate(known).split(self.sizes, dim=-1)
        widths = (self.inputs, *self.hidden, CLASSES)
        return [
            part if place % 2 else part.unflatten(-1, (widths[place // 2 + 1], widths[place // 2]))
            for place, part in enumerate(parts)
        ]

    @staticmethod
    def run(first: Tensor, layers: list[Tensor]) -> Tensor:
        """What follows the first layer: (N * K, hidden, pixels) before its ReLU, to logits (N * K, 4, pixels)."""
        values = first
        for weight, bias in zip(layers[2::2], layers[3::2], strict=True):
            values = torch.baddbmm(bias.flatten(0, 1).unsqueeze(-1), weight.flatten(0, 1), functional.relu(values))
        return values


@dataclass(frozen=True, eq=False)
class _Extent:
    """Where the first answers lie: centre, axes and extent, each (N, K, 1), in half crop sides."""

    own: Tensor
    """(N, K, 44 * 44): squared probability of the seeded chromosome."""
    area: Tensor
    centre_y: Tensor
    centre_x: Tensor
    cosine: Tensor
    sine: Tensor
    along: Tensor
    across: Tensor

    @classmethod
    def of(cls, own: Tensor, y: Tensor, x: Tensor) -> _Extent:
        """own: (N, K, pixels); y, x: (1, 1, pixels). The axes are those of the second moments."""
        area = own.sum(dim=2, keepdim=True) + 0.25
        centre_y, centre_x = (own * y).sum(2, keepdim=True) / area, (own * x).sum(2, keepdim=True) / area
        dy, dx = y - centre_y, x - centre_x
        yy, xx, yx = ((own * v).sum(2, keepdim=True) / area for v in (dy * dy, dx * dx, dy * dx))
        angle = 0.5 * torch.atan2(2 * yx, yy - xx + 1e-6)
        cosine, sine = torch.cos(angle), torch.sin(angle)
        along = (cosine**2 * yy + 2 * cosine * sine * yx + sine**2 * xx).clamp(min=1e-3).sqrt()
        across = (sine**2 * yy - 2 * cosine * sine * yx + cosine**2 * xx).clamp(min=1e-3).sqrt()
        return cls(own, area, centre_y, centre_x, cosine, sine, along, across)

    def figures(self) -> Tensor:
        """The extent as inputs of the second perceptron's weights: (N, K, 8)."""
        double = self.cosine**2 - self.sine**2, 2 * self.cosine * self.sine
        centre = self.centre_y, self.centre_x
        return torch.cat([self.along, self.across, self.across / self.along, *centre, self.area / 500, *double], dim=2)

    def pooled(self, features: Tensor) -> Tensor:
        """The mean of (N, C, side, side) features over the first answers: (N, K, C)."""
        side = features.shape[-1]
        own = self.own if side == 44 else functional.avg_pool2d(self.own.unflatten(2, (44, 44)), 44 // side).flatten(2)
        summed = torch.bmm(own.to(features.dtype), features.flatten(2).transpose(1, 2))
        return summed / (own.sum(dim=2, keepdim=True) + 0.1)


class ConditionalUNet(nn.Module):
    """Grey crops (N, 1, 88, 88), float32, normalised, and K seeds in each, to what each pixel is to each seed."""

    def __init__(self, config: ConditionalConfig | None = None) -> None:
        super().__init__()
        self.config = config or ConditionalConfig()
        own = self.config
        a, b, c, _ = own.channels
        self.unet = UNet(own.channels)
        self.dense = nn.Conv2d(a, DENSE_CLASSES, 1)
        self.to88 = nn.Conv2d(a, own.features88, 1)
        self.to44 = nn.Conv2d(b, own.features44, 1)
        self.control44 = convolved(b, own.control)
        self.control22 = nn.Conv2d(c, own.control, 1)
        self.first = _SeedLayers(2 * own.control, own.generator, own.features44 + 3, own.hidden)
        known = 4 * own.control + SHAPE_FIGURES
        self.second = _SeedLayers(known, own.generator, own.features88 + DENSE_CLASSES + 2 + CLASSES, own.hidden)
        self.quality = nn.Sequential(nn.Linear(known, JUDGE), nn.ReLU(), nn.Linear(JUDGE, 1))
        for side in (88, 44):
            positions = (torch.arange(side) + 0.5) / (side / 2) - 1
            y, x = torch.meshgrid(positions, positions, indexing="ij")
            self.register_buffer(f"positions{side}", torch.stack([y.flatten(), x.flatten()])[None], persistent=False)
        self.positions88: Tensor
        self.positions44: Tensor

    def forward(self, grey: Tensor, seeds: Tensor) -> tuple[Tensor, Answers]:
        """For training: dense logits (N, 4, 88, 88), and the answers to the seeds."""
        features = self.encode(grey)
        return features.dense, self.answer(features, seeds)

    def encode(self, grey: Tensor) -> Features:
        """What can be said of N crops, (N, 1, 88, 88), before any seed is known."""
        at88, at44, at22 = self.unet(grey)
        dense = self.dense(at88)
        return Features(
            torch.cat([self.to88(at88), dense], dim=1).flatten(2),
            self.to44(at44).flatten(2),
            self.control44(at44),
            self.control22(at22),
            dense,
        )

    def answer(self, features: Features, seeds: Tensor) -> Answers:
        """Answer K seeds in each of N crops.

        seeds: float32 (N, K, 2), (row, column) from -1 to 1, the crop's edges.
        """
        n, k, _ = seeds.shape
        at = seeds.flip(-1).unsqueeze(2)  # grid_sample counts (x, y)
        controls = (features.control44, features.control22)
        under = torch.cat(
            [functional.grid_sample(c.float(), at, align_corners=False).squeeze(-1) for c in controls], dim=1
        ).transpose(1, 2)  # (N, K, 2 * control)
        first = self._first(features, under, seeds)  # (N * K, 4, 44 * 44)

        with torch.no_grad():
            probability = first.float().softmax(dim=1)
            own = (probability[:, 1] + probability[:, 3]).view(n, k, -1) ** 2
            extent = _Extent.of(own, *self.positions44[0].unsqueeze(1).unsqueeze(1))
        pooled = [extent.pooled(c) for c in controls]
        known = torch.cat([under, *pooled, extent.figures()], dim=2)
        large = functional.interpolate(first.unflatten(2, (44, 44)), scale_factor=2.0, mode="bilinear").flatten(2)
        second = self._second(features, known, extent, large)
        return Answers(
            first.view(n, k, CLASSES, 44, 44),
            second.view(n, k, CLASSES, CROP_SIDE, CROP_SIDE),
            self.quality(known).squeeze(2),
        )

    def _first(self, features: Features, under: Tensor, seeds: Tensor) -> Tensor:
        """The first layer sees features and, of a pixel's offset d = 2 (position - seed), dy, dx and |d|^2 / 4."""
        layers = self.first.weights_for(under)
        weight, bias = layers[:2]  # (N, K, hidden, inputs), (N, K, hidden)
        sy, sx = seeds[..., :1], seeds[..., 1:]
        wy, wx, wr = weight[..., -3], weight[..., -2], weight[..., -1]
        bias = bias - 2 * wy * sy - 2 * wx * sx + wr * (sy**2 + sx**2)
        on_position = torch.stack([2 * wy - 2 * wr * sy, 2 * wx - 2 * wr * sx, wr, bias], dim=-1)
        y, x = self.positions44[:, :1], self.positions44[:, 1:]
        positions = torch.cat([y, x, y**2 + x**2, torch.ones_like(y)], dim=1)
        hidden = _on_pixels(features.at44, weight[..., :-3], positions, on_position)
        return self.first.run(hidden, layers)

    def _second(self, features: Features, known: Tensor, extent: _Extent, before: Tensor) -> Tensor:
        """The first layer sees features, a pixel's place along and across the first answer, and that answer."""
        layers = self.second.weights_for(known)
        weight, bias = layers[:2]
        shared = features.at88.shape[1]
        along, across = weight[..., shared] / (2 * extent.along), weight[..., shared + 1] / (2 * extent.along)
        wy, wx = along * extent.cosine - across * extent.sine, along * extent.sine + across * extent.cosine
        on_position = torch.stack([wy, wx, bias - wy * extent.centre_y - wx * extent.centre_x], dim=-1)
        positions = torch.cat([self.positions88, torch.ones_like(self.positions88[:, :1])], dim=1)
        hidden = _on_pixels(features.at88, weight[..., :shared], positions, on_position)
        on_before = weight[..., shared + 2 :].flatten(0, 1).to(hidden.dtype)
        hidden = torch.baddbmm(hidden, on_before, before.to(hidden.dtype))
        return self.second.run(hidden, layers) + before

    def fuse(self) -> ConditionalUNet:
        """Fold every batch normalisation into its convolution: the same answers, sooner. No training after it."""
        fuse_normalisations(self)
        return self


def _on_pixels(features: Tensor, on_features: Tensor, positions: Tensor, on_positions: Tensor) -> Tensor:
    """A first layer on every pixel: (N, F, pixels) and (1, P, pixels), with weights (N, K, hidden, F or P).

    Returns (N * K, hidden, pixels).
    """
    n, k, hidden, _ = on_features.shape
    shared = torch.cat([features, positions.expand(n, -1, -1).to(features.dtype)], dim=1)
    weights = torch.cat([on_features, on_positions.to(on_features.dtype)], dim=-1)
    return torch.bmm(weights.flatten(1, 2), shared).view(n * k, hidden, -1)
