"""The seeded U-Net, told top to bottom.

The four-class U-Net of the published study of overlapping chromosome pairs answers "background, chromosome
1, chromosome 2 or overlap". Which chromosome is 1 is ambiguous there, and three cannot be said. Here the
network gets a second input channel, a small Gaussian at a seed pixel, and its classes mean:

    0 background    1 only the seeded chromosome    2 only other chromosomes    3 the seeded one and another

so the seeded chromosome's mask is 1 + 3. With an empty seed channel every chromosome is "other": that
answer is the foreground. Architecture after Ronneberger, Fischer, Brox: U-Net, MICCAI 2015, with batch
normalisation.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn

CROP_SIDE = 88
CLASSES = 4


@dataclass(frozen=True)
class UNetConfig:
    """The network's shape.

    channels: feature channels at 88, 44, 22 and 11 px a side.
    """

    channels: tuple[int, int, int, int] = (16, 32, 64, 128)


def _double_conv(inside: int, outside: int) -> nn.Sequential:
    return nn.Sequential(
        nn.Conv2d(inside, outside, 3, padding=1, bias=False),
        nn.BatchNorm2d(outside),
        nn.ReLU(inplace=True),
        nn.Conv2d(outside, outside, 3, padding=1, bias=False),
        nn.BatchNorm2d(outside),
        nn.ReLU(inplace=True),
    )


class SeededUNet(nn.Module):
    """(N, 2, 88, 88) float32: normalised grey and seed, to (N, 4, 88, 88) logits."""

    def __init__(self, config: UNetConfig | None = None) -> None:
        super().__init__()
        self.config = config or UNetConfig()
        a, b, c, d = self.config.channels
        self.down1 = _double_conv(2, a)
        self.down2 = _double_conv(a, b)
        self.down3 = _double_conv(b, c)
        self.bottom = _double_conv(c, d)
        self.pool = nn.MaxPool2d(2)
        self.grow3 = nn.ConvTranspose2d(d, c, 2, stride=2)
        self.up3 = _double_conv(2 * c, c)
        self.grow2 = nn.ConvTranspose2d(c, b, 2, stride=2)
        self.up2 = _double_conv(2 * b, b)
        self.grow1 = nn.ConvTranspose2d(b, a, 2, stride=2)
        self.up1 = _double_conv(2 * a, a)
        self.classify = nn.Conv2d(a, CLASSES, 1)

    def forward(self, crops: Tensor) -> Tensor:
        at88 = self.down1(crops)  # (N, a, 88, 88)
        at44 = self.down2(self.pool(at88))  # (N, b, 44, 44)
        at22 = self.down3(self.pool(at44))  # (N, c, 22, 22)
        at11 = self.bottom(self.pool(at22))  # (N, d, 11, 11)
        up22 = self.up3(torch.cat([at22, self.grow3(at11)], dim=1))  # (N, c, 22, 22)
        up44 = self.up2(torch.cat([at44, self.grow2(up22)], dim=1))  # (N, b, 44, 44)
        up88 = self.up1(torch.cat([at88, self.grow1(up44)], dim=1))  # (N, a, 88, 88)
        return self.classify(up88)  # (N, 4, 88, 88)
