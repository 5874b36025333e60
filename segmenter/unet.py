"""The seeded U-Net, told top to bottom.

The four-class U-Net of the published study of overlapping chromosome pairs answers "background, chromosome
1, chromosome 2 or overlap". Which chromosome is 1 is ambiguous there, and three cannot be said. Here the
network gets a second input channel, a small Gaussian at a seed pixel, and its classes mean:

    0 background    1 only the seeded chromosome    2 only other chromosomes    3 the seeded one and another

so the seeded chromosome's mask is 1 + 3. With an empty seed channel every chromosome is "other": that
answer is the foreground.

A crop is asked with many seeds, so the work is shared out between two U-Nets (Ronneberger, Fischer, Brox,
MICCAI 2015, with batch normalisation). The first, wide one looks at the grey values once per crop; the second,
narrow one is asked once per seed, with the grey values, the seed, and at every scale what the first one saw. To carry a
seed along its chromosome it also gets, at every pixel, how alike the embeddings of that pixel and of the seed
are (cosine, after De Brabandere, Neven, Van Gool: Semantic instance segmentation with a discriminative loss, 2017).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional

from ..core.errors import WeightsError
from .blocks import fuse_normalisations, twice
from .conditional import CLASSES, CROP_SIDE

SEED_SIGMA_PX = 2.0
"""Standard deviation of the seed's Gaussian, in crop pixels."""
DENSE_CLASSES = 4
"""What the first network alone learns of a pixel: 0 background, 1 one chromosome, 2 overlap, 3 near a neighbour."""


@dataclass(frozen=True)
class UNetConfig:
    """The network's shape.

    looking: feature channels of the first U-Net at 88, 44, 22 and 11 px a side.
    given: how many of them it hands to the second. asking: feature channels of the second.
    heads, embedding: how many embeddings a pixel has, and their length.
    """

    looking: tuple[int, int, int, int] = (24, 48, 96, 192)
    given: tuple[int, int, int, int] = (16, 24, 48, 96)
    asking: tuple[int, int, int, int] = (16, 32, 64, 128)
    heads: int = 7
    embedding: int = 8

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> UNetConfig:
        """The shape that a weights file names; lists stand for tuples.

        Raises WeightsError where a value is missing or of the wrong kind.
        """
        try:
            looking, given, asking = (_four(values[name]) for name in ("looking", "given", "asking"))
            return cls(looking, given, asking, int(values["heads"]), int(values["embedding"]))
        except (KeyError, TypeError, ValueError) as problem:
            raise WeightsError(
                f"the segmenter's config holds {dict(values)}: it needs looking, given and asking (four numbers each), "
                "heads and embedding"
            ) from problem


def _four(values: Sequence[Any]) -> tuple[int, int, int, int]:
    a, b, c, d = (int(v) for v in values)
    return a, b, c, d


@dataclass(frozen=True, eq=False)
class Features:
    """What the first U-Net saw in N crops: for the second (N, channels, side, side), sides 88, 44, 22 and 11.

    grey: the crops themselves, (N, 1, 88, 88).
    embedding: (N, heads * embedding, 44, 44), each of length 1. dense: logits (N, 4, 88, 88), used in training.
    """

    grey: Tensor
    at88: Tensor
    at44: Tensor
    at22: Tensor
    at11: Tensor
    embedding: Tensor
    dense: Tensor

    def take(self, which: Tensor) -> Features:
        """The features of the crops with these numbers, int64 (M,), for the second network: without `dense`."""
        *given, dense = self._planes()
        return Features(*[*(plane[which] for plane in given), dense[:0]])

    @staticmethod
    def joined(parts: Sequence[Features]) -> Features:
        """The features of several lots of crops, one after the other."""
        return Features(*(torch.cat(planes) for planes in zip(*(p._planes() for p in parts), strict=True)))

    def _planes(self) -> tuple[Tensor, ...]:
        return self.grey, self.at88, self.at44, self.at22, self.at11, self.embedding, self.dense


def seed_planes(seeds: Tensor) -> Tensor:
    """The seed channel of each seed, (row, column) in crop pixels: a Gaussian of height 1; zeros for the empty seed.

    seeds: (M, 2), not a number for the empty seed. Returns (M, 88, 88).
    """
    positions = torch.arange(CROP_SIDE, dtype=torch.float32, device=seeds.device)
    gaussians = torch.exp(-((positions - seeds.unsqueeze(-1)) ** 2) / (2 * SEED_SIGMA_PX**2))  # (M, 2, 88)
    return torch.nan_to_num(gaussians[:, 0, :, None] * gaussians[:, 1, None, :])


class _UNet(nn.Module):
    """The layers that both U-Nets have: four scales down, three up."""

    def __init__(self, inside: tuple[int, int, int, int], channels: tuple[int, int, int, int]) -> None:
        """inside: channels that enter each scale on the way down. channels: those that each scale has."""
        super().__init__()
        a, b, c, d = channels
        self.down1 = twice(inside[0], a)
        self.down2 = twice(inside[1], b)
        self.down3 = twice(inside[2], c)
        self.bottom = twice(inside[3], d)
        self.pool = nn.MaxPool2d(2)
        self.grow3 = nn.ConvTranspose2d(d, c, 2, stride=2)
        self.up3 = twice(2 * c, c)
        self.grow2 = nn.ConvTranspose2d(c, b, 2, stride=2)
        self.up2 = twice(2 * b, b)
        self.grow1 = nn.ConvTranspose2d(b, a, 2, stride=2)
        self.up1 = twice(2 * a, a)

    def climb(self, at88: Tensor, at44: Tensor, at22: Tensor, at11: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """The way up: features at 22, 44 and 88 px, with as many channels as each scale has."""
        up22 = self.up3(torch.cat([at22, self.grow3(at11)], dim=1))
        up44 = self.up2(torch.cat([at44, self.grow2(up22)], dim=1))
        return up22, up44, self.up1(torch.cat([at88, self.grow1(up44)], dim=1))


class _Looking(_UNet):
    """Grey crops (N, 1, 88, 88) to features."""

    def __init__(self, config: UNetConfig) -> None:
        a, b, c, d = config.looking
        super().__init__((1, a, b, c), config.looking)
        to_a, to_b, to_c, to_d = config.given
        self.give88 = nn.Conv2d(a, to_a, 1)
        self.give44 = nn.Conv2d(b, to_b, 1)
        self.give22 = nn.Conv2d(c, to_c, 1)
        self.give11 = nn.Conv2d(d, to_d, 1)
        self.heads = config.heads
        self.embed = nn.Conv2d(b, config.heads * config.embedding, 1)
        self.dense = nn.Conv2d(a, DENSE_CLASSES, 1)

    def forward(self, grey: Tensor) -> Features:
        at88 = self.down1(grey)  # (N, a, 88, 88)
        at44 = self.down2(self.pool(at88))  # (N, b, 44, 44)
        at22 = self.down3(self.pool(at44))  # (N, c, 22, 22)
        at11 = self.bottom(self.pool(at22))  # (N, d, 11, 11)
        up22, up44, up88 = self.climb(at88, at44, at22, at11)
        return Features(
            grey,
            self.give88(up88),
            self.give44(up44),
            self.give22(up22),
            self.give11(at11),
            functional.normalize(self.embed(up44).unflatten(1, (self.heads, -1)), dim=2).flatten(1, 2),
            self.dense(up88),
        )


class _Asking(_UNet):
    """Features of M crops and a seed in each, (M, 1, 88, 88), to logits (M, 4, 88, 88)."""

    def __init__(self, config: UNetConfig) -> None:
        a, b, c, _ = config.asking
        from_a, from_b, from_c, from_d = config.given
        super().__init__((2 + from_a, a + from_b + config.heads, b + from_c, c + from_d), config.asking)
        self.heads, self.embedding = config.heads, config.embedding
        self.classify = nn.Conv2d(a, CLASSES, 1)

    def forward(self, seen: Features, seeds: Tensor) -> Tensor:
        alike = self._alike(seen.embedding, functional.avg_pool2d(seeds, 2))  # (M, heads, 44, 44)
        at88 = self.down1(torch.cat([seen.grey, seeds, seen.at88], dim=1))  # (M, a, 88, 88)
        at44 = self.down2(torch.cat([self.pool(at88), seen.at44, alike], dim=1))  # (M, b, 44, 44)
        at22 = self.down3(torch.cat([self.pool(at44), seen.at22], dim=1))  # (M, c, 22, 22)
        at11 = self.bottom(torch.cat([self.pool(at22), seen.at11], dim=1))  # (M, d, 11, 11)
        return self.classify(self.climb(at88, at44, at22, at11)[2])

    def _alike(self, embedding: Tensor, seed44: Tensor) -> Tensor:
        """Cosine of the embeddings of each pixel and of the seed, per head; 0 everywhere for an empty seed."""
        split = embedding.unflatten(1, (self.heads, self.embedding))  # (M, heads, e, 44, 44)
        share = (seed44 / (seed44.sum(dim=(2, 3), keepdim=True) + 1e-6)).squeeze(1)  # (M, 44, 44)
        at_seed = functional.normalize(torch.einsum("mheyx,myx->mhe", split, share), dim=2)
        return torch.einsum("mheyx,mhe->mhyx", split, at_seed)


class SeededUNet(nn.Module):
    """Asks one crop with several seeds: `look` once, and `ask` with its features and a plane for each seed."""

    def __init__(self, config: UNetConfig | None = None) -> None:
        super().__init__()
        self.config = config or UNetConfig()
        self.look = _Looking(self.config)
        self.ask = _Asking(self.config)

    def forward(self, grey: Tensor, seeds: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """For training, as `ConditionalUNet` answers; an answer at 44 x 44 is every second pixel of that at 88 x 88.

        grey: (N, 1, 88, 88). seeds: (N, K, 2), (row, column) from -1 to 1, not a number for the empty seed.
        """
        features = self.look(grey)
        which = torch.arange(len(grey), device=grey.device).repeat_interleave(seeds.shape[1])
        planes = seed_planes(((seeds + 1) * (CROP_SIDE / 2) - 0.5).flatten(0, 1))
        answers = self.ask(features.take(which), planes.unsqueeze(1)).unflatten(0, seeds.shape[:2])
        return features.dense, answers[..., ::2, ::2], answers

    def fuse(self) -> SeededUNet:
        """Fold every batch normalisation into its convolution: the same answers, sooner. No training after it."""
        fuse_normalisations(self)
        return self
