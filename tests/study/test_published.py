from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from karyo_split.core.errors import UsageError
from karyo_split.study.published_network import (
    CHANNELS,
    LOSSES,
    TARGETS,
    PublishedUNet,
    Recipe,
    Target,
    published_loss,
    read_argmax,
    read_channels,
    targets_of,
)
from karyo_split.study.published_training import (
    LabelledImages,
    PublishedTraining,
    answers,
    class_weights,
    loss_of,
    predict,
    train_published,
)

NARROW = Recipe(width=4)
SHORT = PublishedTraining(epochs=2, batch=4, threads=1, checkpoint_every=1)


def images(count: int = 10) -> LabelledImages:
    rng = np.random.default_rng(0)
    labels = np.zeros((count, 88, 88), dtype=np.uint8)
    for image in labels:
        y, x = rng.integers(10, 50, 2)
        image[y : y + 30, x : x + 8] = 1
        image[y + 10 : y + 18, x : x + 30] = 2
        image[y + 10 : y + 18, x : x + 8] = 3
    grey = np.array([0, 90, 110, 200], dtype=np.uint8)[labels]
    return LabelledImages(grey, labels)


def mean_loss(network: PublishedUNet) -> float:
    found = [loss_of(answer, images().labels[part], NARROW) for part, answer in answers(network, images().grey)]
    return sum(found) / len(images().grey)


def no_figures(_: PublishedUNet) -> dict[str, float]:
    return {}


def test_the_network_has_the_published_size() -> None:
    network = PublishedUNet()
    assert sum(p.numel() for p in network.parameters()) == 1_861_892
    assert not any(isinstance(m, torch.nn.BatchNorm2d) for m in network.modules())
    with torch.inference_mode():
        assert network(torch.zeros(1, 1, 88, 88)).shape == (1, 4, 88, 88)


@pytest.mark.parametrize("target", TARGETS)
def test_each_target_has_its_channels(target: Target) -> None:
    recipe = replace(NARROW, target=target)
    labels = torch.from_numpy(images(2).labels.astype(np.int64))
    wanted = targets_of(labels, target)
    assert wanted.shape == PublishedUNet(recipe)(torch.zeros(2, 1, 88, 88)).shape
    if target == "integer":
        assert torch.equal(wanted[:, 0].long(), labels)
    else:
        assert wanted.shape[1] == CHANNELS[target]
        assert (wanted.sum(dim=1) == 1).all()
    if target == "first":
        assert torch.equal(wanted[:, 1] > 0, (labels == 1) | (labels == 3))


@pytest.mark.parametrize("loss", LOSSES)
def test_a_right_answer_costs_less_than_a_wrong_one(loss: str) -> None:
    recipe = replace(NARROW, loss=loss)  # type: ignore[arg-type]
    wanted = targets_of(torch.from_numpy(images(2).labels.astype(np.int64)), "one-hot")
    right = wanted if loss == "mse" else wanted * 20
    assert published_loss(right, wanted, recipe) < 0.01 < published_loss(right.flip(1), wanted, recipe)
    weighted = replace(recipe, class_weights=True)
    weights = class_weights(images().labels, weighted)
    assert published_loss(right.flip(1), wanted, weighted, weights) > 0.01


def test_rare_classes_weigh_more() -> None:
    weights = class_weights(images().labels, NARROW)
    assert weights[3] > weights[1] > weights[0]


def test_channels_are_read_each_on_its_own() -> None:
    answer = torch.tensor([0.2, 0.6, 0.7, 0.4]).view(1, 4, 1, 1)
    assert read_channels(answer, NARROW).flatten().tolist() == [False, True, True, False]
    assert read_argmax(answer, NARROW).item() == 2
    integer = replace(NARROW, target="integer")
    assert read_argmax(torch.full((1, 1, 1, 1), 2.6), integer).item() == 3
    assert read_channels(torch.full((1, 1, 1, 1), 2.6), integer).flatten().tolist() == [False, False, False, True]
    merged = read_channels(torch.tensor([0.1, 0.9, 0.2]).view(1, 3, 1, 1), replace(NARROW, target="merged"))
    assert merged.flatten().tolist() == [False, True, False]
    assert not replace(NARROW, target="merged").answers_all


def test_a_training_learns_and_goes_on_where_it_was_killed(tmp_path: Path) -> None:
    lines: list[str] = []
    whole = train_published(images(), NARROW, tmp_path / "whole", SHORT, no_figures, lines.append)
    assert len(lines) == 2
    first = PublishedUNet(NARROW)
    assert mean_loss(whole) < mean_loss(first)

    def killed(_: PublishedUNet) -> dict[str, float]:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        train_published(images(), NARROW, tmp_path / "killed", SHORT, killed, lines.append)
    again = train_published(images(), NARROW, tmp_path / "killed", SHORT, no_figures, lines.append, resume=True)
    assert "resumed in epoch 1 at step 3" in lines
    for name, tensor in whole.state_dict().items():
        assert torch.allclose(tensor, again.state_dict()[name], atol=1e-5), name
    assert predict(whole, images(3).grey, lambda a: read_argmax(a, NARROW)).shape == (3, 88, 88)


def test_a_training_is_not_overwritten(tmp_path: Path) -> None:
    short = replace(SHORT, epochs=1)
    train_published(images(4), NARROW, tmp_path, short, no_figures, lambda _: None)
    with pytest.raises(UsageError, match="--resume"):
        train_published(images(4), NARROW, tmp_path, short, no_figures, lambda _: None)


@pytest.mark.parametrize(
    "wrong", [{"target": "both"}, {"loss": "hinge"}, {"activation": "sine"}, {"target": "integer", "loss": "dice"}]
)
def test_other_recipes_are_refused(wrong: dict[str, str]) -> None:
    with pytest.raises(UsageError):
        Recipe(**wrong)  # type: ignore[arg-type]
