"""What U-Nets are built of: convolutions with batch normalisation (Ioffe, Szegedy, ICML 2015)."""

from __future__ import annotations

from torch import nn
from torch.nn.utils.fusion import fuse_conv_bn_eval


def convolved(inside: int, outside: int) -> nn.Sequential:
    """A 3 x 3 convolution, normalised and rectified, from `inside` to `outside` channels."""
    return nn.Sequential(
        nn.Conv2d(inside, outside, 3, padding=1, bias=False), nn.BatchNorm2d(outside), nn.ReLU(inplace=True)
    )


def twice(inside: int, outside: int) -> nn.Sequential:
    """Two of them, one after the other."""
    return nn.Sequential(convolved(inside, outside), convolved(outside, outside))


def fuse_normalisations(network: nn.Module) -> None:
    """Fold every batch normalisation into its convolution: the same answers, sooner. No training after it."""
    network.eval()
    for block in [module for module in network.modules() if isinstance(module, nn.Sequential)]:
        for place in range(len(block) - 1):
            convolution, normalised = block[place], block[place + 1]
            if isinstance(convolution, nn.Conv2d) and isinstance(normalised, nn.BatchNorm2d):
                block[place] = fuse_conv_bn_eval(convolution, normalised)
                block[place + 1] = nn.Identity()
