from __future__ import annotations

import math

import torch
from karyo_split.segmenter import SeededUNet, UNetConfig
from karyo_split.segmenter.unet import seed_planes

NARROW = UNetConfig((4, 8, 8, 8), (4, 4, 8, 8), (4, 4, 8, 8), 2, 4)


def test_a_seed_peaks_at_its_pixel_and_the_empty_one_nowhere() -> None:
    planes = seed_planes(torch.tensor([[30.0, 60.0], [math.nan, math.nan]]))
    assert planes[0, 30, 60] == 1
    assert torch.argmax(planes[0]) == 30 * 88 + 60
    assert not planes[1].any()


def test_every_seed_has_four_classes_at_two_sizes() -> None:
    dense, first, second = SeededUNet().eval()(torch.zeros(2, 1, 88, 88), torch.zeros(2, 3, 2))
    assert (dense.shape, first.shape, second.shape) == ((2, 4, 88, 88), (2, 3, 4, 44, 44), (2, 3, 4, 88, 88))
    assert sum(p.numel() for p in SeededUNet().parameters()) == 1_743_944


def test_a_fused_network_gives_the_same_answers() -> None:
    torch.manual_seed(0)
    network = SeededUNet(NARROW)
    crops, seeds = torch.rand(4, 1, 88, 88), torch.rand(4, 2, 2) - 0.5
    network.train()(crops, seeds)  # the normalisations are no longer those of a new network
    network.eval()
    with torch.inference_mode():
        before = network(crops, seeds)[2].softmax(dim=2)
        after = network.fuse()(crops, seeds)[2].softmax(dim=2)
    assert not [m for m in network.modules() if isinstance(m, torch.nn.BatchNorm2d)]
    assert torch.allclose(before, after, atol=1e-5)
