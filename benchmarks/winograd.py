"""The study's recipe one and a half times as fast.

python benchmarks/winograd.py train segmenter --recipe published ...

Runs `karyo-split` with the network's larger 3 x 3 convolutions computed by Winograd's method (winograd.cpp), which
gives the same values but for rounding. It is compiled at the first use: a C++ compiler and ninja are needed, and a
processor with vectors of 256 bits. Without arguments: compares values, gradients and seconds with torch's own.
"""

from __future__ import annotations

import sys
import time
from pathlib import Path
from typing import Any

import torch
from karyo_split.pipeline.cli import main
from karyo_split.study.published_network import PublishedUNet
from torch import Tensor, nn
from torch.utils.cpp_extension import load

native = load(
    "karyo_split_winograd",
    [str(Path(__file__).with_suffix(".cpp"))],
    extra_cflags=["-O3", "-march=native", "-ffast-math"],
)
SPREAD = torch.tensor(
    [[6, 0, 0], [-4, -4, -4], [-4, 4, -4], [1, 2, 4], [1, -2, 4], [0, 0, 24]],
    dtype=torch.float32,
).div(24)
"""G of the method: three weights to six points."""
MIN_SIDE = 44
"""Below it, torch's own convolutions are as fast."""
LANES = 8
torch_s_own = nn.Conv2d._conv_forward


def spread(weight: Tensor) -> Tensor:
    """Weights (outside, inside, 3, 3) as (36, inside, outside)."""
    points = torch.einsum("ya,oiab,xb->yxio", SPREAD, weight, SPREAD)
    return points.reshape(36, weight.shape[1], weight.shape[0]).contiguous()


class Convolution(torch.autograd.Function):
    """A 3 x 3 convolution, stride 1, padding 1: of (N, inside, H, W) by (outside, inside, 3, 3) and (outside,)."""

    @staticmethod
    def forward(ctx: Any, image: Tensor, weight: Tensor, bias: Tensor) -> Tensor:  # type: ignore[override]
        ctx.save_for_backward(image, weight)
        return native.convolve(image, spread(weight)).add_(bias.view(1, -1, 1, 1))

    @staticmethod
    def backward(ctx: Any, error: Tensor) -> tuple[Tensor, Tensor, Tensor]:  # type: ignore[override]
        image, weight = ctx.saved_tensors
        points = native.weigh(image, error).view(6, 6, weight.shape[1], weight.shape[0])
        back = native.convolve(error, spread(weight.flip(2, 3).transpose(0, 1)))
        return back, torch.einsum("ya,yxio,xb->oiab", SPREAD, points, SPREAD), error.sum((0, 2, 3))


def forward(layer: nn.Conv2d, image: Tensor, weight: Tensor, bias: Tensor | None) -> Tensor:
    """nn.Conv2d's own forward, by Winograd's method where it is faster."""
    whole = weight.shape[0] % LANES == 0 and weight.shape[1] % LANES == 0
    if bias is not None and layer.kernel_size == (3, 3) and whole and image.shape[-1] >= MIN_SIDE:
        return Convolution.apply(image, weight, bias)  # type: ignore[no-any-return]
    return torch_s_own(layer, image, weight, bias)


def compare() -> None:
    """Print how far values and gradients differ from torch's own, and the seconds of a batch of 32 images."""
    torch.manual_seed(0)
    network, grey, wanted = PublishedUNet(), torch.rand(4, 1, 88, 88) * 255, torch.rand(4, 4, 88, 88)
    found = {}
    for name, convolve in (("torch", torch_s_own), ("Winograd", forward)):
        nn.Conv2d._conv_forward = convolve  # type: ignore[method-assign,assignment]
        for _ in range(2):
            since = time.perf_counter()
            network.zero_grad()
            answer = network(grey)
            (answer - wanted).square().mean().backward()
            seconds = 8 * (time.perf_counter() - since)
        found[name] = [answer.detach(), *(p.grad.clone() for p in network.parameters())]
        print(f"{name}: {seconds:.2f} s a batch of 32 on {torch.get_num_threads()} threads")
    apart = [float((a - b).abs().max() / a.abs().max()) for a, b in zip(*found.values(), strict=True)]
    print(f"values differ by {apart[0]:.0e} of the largest, gradients by {max(apart[1:]):.0e}")


if __name__ == "__main__":
    if len(sys.argv) == 1:
        compare()
    else:
        nn.Conv2d._conv_forward = forward  # type: ignore[method-assign,assignment]
        main()
