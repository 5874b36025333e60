"""The study's investigations, each with the same short budget: what its choices gain.

python benchmarks/ablation.py PAIRS.h5 RUN --width 8 --images 1024 --epochs 6 --batch 8

A smaller width and a part of the training images keep it short, smaller batches give it more steps for that; figures
compare with each other, not with the study's.
"""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import typer
from karyo_split.study.pair_metrics import iou_of_all, one_hot
from karyo_split.study.pair_split import split_pairs
from karyo_split.study.pairs import PairSet, read_pairs
from karyo_split.study.published_network import PublishedUNet, Recipe, read_argmax, read_channels
from karyo_split.study.published_training import LabelledImages, PublishedTraining, answers, train_published

VARIANTS: dict[str, dict[str, object]] = {
    "the study's: one-hot, squared error, ReLU": {},
    "integer labels in one channel": {"target": "integer"},
    "both single classes merged": {"target": "merged"},
    "the first chromosome by itself": {"target": "first"},
    "the second chromosome by itself": {"target": "second"},
    "class weights": {"class_weights": True},
    "cross-entropy": {"loss": "cross-entropy"},
    "cross-entropy and class weights": {"loss": "cross-entropy", "class_weights": True},
    "Dice loss": {"loss": "dice"},
    "ELU": {"activation": "elu"},
    "leaky ReLU": {"activation": "leaky-relu"},
}


def figures(network: PublishedUNet, test: PairSet) -> dict[str, float]:
    """Pooled IOU on the test part of what the network answers, each channel rounded; argmax for all four classes."""
    recipe = network.recipe
    rounded, likeliest = [], []
    for _, answer in answers(network, test.grey):
        rounded.append(read_channels(answer, recipe).numpy())
        likeliest.append(read_argmax(answer, recipe).numpy())
    names = ("background", "1", "2", "overlap") if recipe.answers_all else recipe.class_names
    found = dict(zip(names, iou_of_all(np.concatenate(rounded), recipe.kept_of(test.labels)), strict=True))
    if recipe.answers_all:
        classes = np.concatenate(likeliest).astype(np.uint8)
        found["overlap, likeliest class"] = iou_of_all(one_hot(classes), test.labels)[3]
    return found


def main(
    data: Path,
    out: Path,
    width: int = 16,
    images: int = 2048,
    epochs: int = 6,
    batch: int = 32,
    threads: int = 2,
    bfloat16: bool = False,
) -> None:
    """Train every variant (finished ones are kept) and print the table."""
    training, test = split_pairs(read_pairs(data))
    some = LabelledImages(training.grey[:images], training.labels[:images])
    columns = ("1", "2", "overlap", "overlap, likeliest class", "one chromosome", "whole 1", "whole 2")
    print(f"| recipe | {' | '.join(columns)} |\n|---|{'---|' * len(columns)}")
    for number, (name, changes) in enumerate(VARIANTS.items()):
        folder = out / f"{number:02d}"
        finished = folder / "figures.json"
        if not finished.exists():
            recipe = Recipe(width=width, **changes)  # type: ignore[arg-type]
            settings = PublishedTraining(epochs=epochs, batch=batch, threads=threads, bfloat16=bfloat16)
            network = train_published(some, recipe, folder, settings, lambda _: {}, lambda _: None, resume=True)
            finished.write_text(json.dumps(figures(network, test)), encoding="utf-8")
        found = json.loads(finished.read_text(encoding="utf-8"))
        print(f"| {name} | " + " | ".join(f"{100 * found[c]:.1f}" if c in found else "" for c in columns) + " |")


if __name__ == "__main__":
    typer.run(main)
