from __future__ import annotations

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from karyo_split.core.errors import WeightsError
from karyo_split.segmenter.conditional import ConditionalConfig, ConditionalUNet

NARROW = ConditionalConfig((4, 8, 8, 8), 4, 4, 8, (4, 4), 8)


def network_of(config: ConditionalConfig = NARROW, seed: int = 0) -> ConditionalUNet:
    torch.manual_seed(seed)
    return ConditionalUNet(config)


@pytest.mark.parametrize("config", [ConditionalConfig(), NARROW, ConditionalConfig(hidden=(8, 8, 8))])
def test_every_shape_answers_every_seed_at_two_sizes(config: ConditionalConfig) -> None:
    dense, answers = network_of(config).eval()(torch.rand(2, 1, 88, 88), torch.rand(2, 3, 2) * 2 - 1)
    assert dense.shape == (2, 4, 88, 88)
    assert answers.first.shape == (2, 3, 4, 44, 44)
    assert answers.second.shape == (2, 3, 4, 88, 88)
    assert answers.quality.shape == (2, 3)


def test_the_shipped_shape_has_this_many_parameters() -> None:
    assert sum(p.numel() for p in ConditionalUNet().parameters()) == 1_664_029


@settings(max_examples=8, deadline=None)
@given(st.integers(1, 5), st.integers(0, 100))
def test_a_seed_is_answered_alike_alone_and_among_others(count: int, seed: int) -> None:
    network = network_of(seed=seed).eval()
    crops, seeds = torch.rand(3, 1, 88, 88), torch.rand(3, count, 2) * 2 - 1
    with torch.inference_mode():
        features = network.encode(crops)
        together = network.answer(features, seeds)
        alone = network.answer(features.crop(1), seeds[1:2, -1:])
    assert torch.allclose(together.second[1, -1], alone.second[0, 0], atol=1e-4)
    assert torch.allclose(together.quality[1, -1], alone.quality[0, 0], atol=1e-4)


def test_positions_folded_into_weights_are_positions() -> None:
    """The first layer's folded weights give what the plain sum over offsets gives."""
    network = network_of().eval()
    seeds = torch.tensor([[[0.3, -0.5]]])
    with torch.inference_mode():
        features = network.encode(torch.rand(1, 1, 88, 88))
        under = torch.rand(1, 1, 2 * NARROW.control)
        found = network._first(features, under, seeds)[0]
        weights, biases, *rest = network.first.weights_for(under)
        offset = network.positions44[0] - seeds[0, 0][:, None]
        plain = torch.cat([features.at44[0], 2 * offset, offset.square().sum(0, keepdim=True)])
        expected = network.first.run((weights[0, 0] @ plain + biases[0, 0][:, None])[None], [weights, biases, *rest])
    assert torch.allclose(found, expected[0], atol=1e-4)


def test_both_answers_their_quality_and_the_dense_one_are_learned() -> None:
    network = network_of().train()
    dense, answers = network(torch.rand(2, 1, 88, 88), torch.rand(2, 3, 2) - 0.5)
    parts = (dense, answers.first, answers.second, answers.quality)
    sum((part.square().mean() for part in parts), torch.zeros(())).backward()
    still = [name for name, p in network.named_parameters() if p.grad is None or not p.grad.abs().sum()]
    assert still == []


def test_a_fused_network_gives_the_same_answers() -> None:
    network = network_of()
    crops, seeds = torch.rand(4, 1, 88, 88), torch.rand(4, 2, 2) - 0.5
    network.train()(crops, seeds)  # the normalisations are no longer those of a new network
    network.eval()
    with torch.inference_mode():
        before = network(crops, seeds)[1].second.softmax(dim=2)
        after = network.fuse()(crops, seeds)[1].second.softmax(dim=2)
    assert not [m for m in network.modules() if isinstance(m, torch.nn.BatchNorm2d)]
    assert torch.allclose(before, after, atol=1e-4)


def test_the_shape_comes_back_from_a_manifest() -> None:
    values = {
        "channels": [4, 8, 8, 8],
        "features44": 4,
        "features88": 4,
        "control": 8,
        "hidden": [4, 4],
        "generator": 8,
    }
    assert ConditionalConfig.from_dict(values) == NARROW
    with pytest.raises(WeightsError, match="channels"):
        ConditionalConfig.from_dict({**values, "channels": [1, 2]})
    with pytest.raises(WeightsError, match="hidden"):
        ConditionalConfig.from_dict({key: value for key, value in values.items() if key != "hidden"})
