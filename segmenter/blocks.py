"""A U-Net of convolutions with batch normalisation (Ioffe, Szegedy, ICML 2015)."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn.utils.fusion import fuse_conv_bn_eval


def convolved(inside: int, outside: int) -> nn.Sequential:
    """A 3 x 3 convolution, normalised and rectified, from `inside` to `outside` channels."""
    return nn.Sequential(
        nn.Conv2d(inside, outside, 3, padding=1, bias=False), nn.BatchNorm2d(outside), nn.ReLU(inplace=True)
    )


def twice(inside: int, outside: int) -> nn.Sequential:
    """Two of them, one after the other."""
    return nn.Sequential(convolved(inside, outside), convolved(outside, outside))


class UNet(nn.Module):
    """Grey crops (N, 1, 88, 88) to features at 88, 44 and 22 px (Ronneberger, Fischer, Brox, MICCAI 2015)."""

    def __init__(self, channels: tuple[int, int, int, int]) -> None:
        super().__init__()
        a, b, c, d = channels
        self.down1 = twice(1, a)
        self.down2 = twice(a, b)
        self.down3 = twice(b, c)
        self.bottom = twice(c, d)
        self.pool = nn.MaxPool2d(2)
        self.grow3 = nn.ConvTranspose2d(d, c, 2, stride=2)
        self.up3 = twice(2 * c, c)
        self.grow2 = nn.ConvTranspose2d(c, b, 2, stride=2)
        self.up2 = twice(2 * b, b)
        self.grow1 = nn.ConvTranspose2d(b, a, 2, stride=2)
        self.up1 = twice(2 * a, a)

    def forward(self, grey: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        at88 = self.down1(grey)  # (N, a, 88, 88)
        at44 = self.down2(self.pool(at88))  # (N, b, 44, 44)
        at22 = self.down3(self.pool(at44))  # (N, c, 22, 22)
        at11 = self.bottom(self.pool(at22))  # (N, d, 11, 11)
        up22 = self.up3(torch.cat([at22, self.grow3(at11)], dim=1))
        up44 = self.up2(torch.cat([at44, self.grow2(up22)], dim=1))
        return self.up1(torch.cat([at88, self.grow1(up44)], dim=1)), up44, up22


def fuse_normalisations(network: nn.Module) -> None:
    """Fold every batch normalisation into its convolution: the same answers, sooner. No training after it."""
    network.eval()
    for block in [module for module in network.modules() if isinstance(module, nn.Sequential)]:
        for place in range(len(block) - 1):
            convolution, normalised = block[place], block[place + 1]
            if isinstance(convolution, nn.Conv2d) and isinstance(normalised, nn.BatchNorm2d):
                block[place] = fuse_conv_bn_eval(convolution, normalised)
                block[place + 1] = nn.Identity()
