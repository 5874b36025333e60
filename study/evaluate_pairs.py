"""`karyo-split evaluate pairs`: either network against the published set of overlapping pairs."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from rich.console import Console
from rich.table import Table

from .. import weights
from ..core.atomic import write_text
from ..core.errors import WeightsError
from ..segmenter import Segmenter
from .pair_intensities import IntensityAnalysis, analyse
from .pair_metrics import CLASS_NAMES, PairScores, one_hot, score_pairs
from .pair_plots import plot_intensities, plot_samples
from .pair_scenes import normalised, separate_pair
from .pair_split import split_pairs
from .pairs import PairSet, read_pairs
from .published_network import PublishedUNet, read_argmax, read_channels
from .published_training import predict

SAMPLES = 8
EVERY = 200
Answer = tuple[NDArray[np.bool_], NDArray[np.uint8]]
"""Which pixels belong to each class, bool (N, 4, 88, 88), and the likeliest class, uint8 (N, 88, 88)."""


@dataclass(frozen=True)
class PairsEvaluation:
    """What a user may choose.

    data: HDF5 file. split, last: which pairs are tested, see `datasets.pair_split`. weights: folder of weights with a
    "published" or a "segmenter" entry, None for the shipped segmenter. out: JSON file. plots: folder for samples.png
    and intensities.png. limit: at most so many pairs.
    """

    data: Path
    split: str = "order"
    last: float = 0.2
    variant: str = "text"
    weights: Path | None = None
    out: Path | None = None
    plots: Path | None = None
    limit: int | None = None
    threads: int | None = None


def evaluate_pairs(options: PairsEvaluation) -> None:
    """Print the figures of a network on the tested pairs, and those of the best single threshold on all pairs.

    Raises TruthError for a file that is no set of pairs, WeightsError for weights that cannot answer.
    """
    if options.threads is not None:
        torch.set_num_threads(options.threads)
    name, network = network_of(options.weights or weights.FOLDER)
    pairs = read_pairs(options.data, options.variant)  # type: ignore[arg-type]
    _, test = split_pairs(pairs, options.split, options.last)  # type: ignore[arg-type]
    test = test.part(0, options.limit or len(test))
    since = time.perf_counter()
    channels, classes = network(test)
    seconds = (time.perf_counter() - since) / len(test)
    scores = score_pairs(channels, classes, test.labels)
    intensities = analyse(pairs.grey, pairs.labels)
    _print(scores, intensities, name, options, seconds, pairs.clipped)
    if options.out is not None:
        figures = asdict(scores) | {
            "network": name,
            "split": options.split,
            "last": options.last,
            "variant": options.variant,
            "clipped": pairs.clipped,
            "seconds_a_pair": seconds,
            "best_threshold": {k: v for k, v in vars(intensities).items() if not isinstance(v, np.ndarray)},
        }
        write_text(options.out, json.dumps(figures, indent=2) + "\n", check=json.loads)
    if options.plots is not None:
        worst = np.argsort([(c == t).mean() for c, t in zip(classes, test.labels, strict=True)])
        shown = np.concatenate([np.arange(min(SAMPLES // 2, len(test))), worst[: SAMPLES // 2]])
        plot_samples(test.grey[shown], test.labels[shown], classes[shown], options.plots / "samples.png")
        plot_intensities(intensities, options.plots / "intensities.png")


def network_of(folder: Path) -> tuple[str, Callable[[PairSet], Answer]]:
    """What a folder's weights are called, and the function that answers pairs with them.

    Raises WeightsError where they cannot answer the four classes.
    """
    if "published" not in weights.read_manifest(folder):
        segmenter = Segmenter.from_weights(weights.load("segmenter", folder))

        def separated(pairs: PairSet) -> Answer:
            classes = np.zeros(pairs.labels.shape, dtype=np.uint8)
            for number, image in enumerate(normalised(pairs.grey)):
                classes[number] = separate_pair(segmenter, image)
                if (number + 1) % EVERY == 0:
                    print(f"{number + 1} of {len(pairs)} pairs", file=sys.stderr)
            return one_hot(classes), classes

        return "seeded segmenter", separated
    network = PublishedUNet.from_weights(weights.load("published", folder))
    recipe = network.recipe
    if not recipe.answers_all:
        raise WeightsError(
            f"a network of target {recipe.target!r} does not answer four classes: train one of target one-hot"
        )

    def answered(pairs: PairSet) -> Answer:
        def both(answer: torch.Tensor) -> torch.Tensor:
            return torch.cat([read_channels(answer, recipe).byte(), read_argmax(answer, recipe).byte()[:, None]], dim=1)

        read = predict(network, pairs.grey, both)
        return read[:, :4].astype(bool), read[:, 4]

    return "published network", answered


def _print(
    scores: PairScores, best: IntensityAnalysis, name: str, options: PairsEvaluation, seconds: float, clipped: int
) -> None:
    table = Table(
        "class", "IOU", "Dice", "IOU", "Dice", title=f"{name}: {scores.pairs} pairs, split by {options.split}"
    )
    table.add_row("", "study's", "reading", "better", "order")
    for each in CLASS_NAMES:
        row = [scores.channels.iou, scores.channels.dice, scores.classes.iou, scores.classes.dice]
        table.add_row(each, *(f"{100 * figures[each]:.1f}" for figures in row))
    console = Console(width=80)
    console.print(table)
    low, high = scores.interval
    console.print(
        f"whole chromosomes, mean IOU: {100 * scores.whole:.2f}\n"
        f"whole chromosomes and overlap, mean IOU: {100 * scores.mean:.2f} (95 % of bootstraps {100 * low:.2f} to "
        f"{100 * high:.2f})\n"
        f"one grey threshold for the overlap, all pairs: IOU {100 * best.iou:.1f} from {best.threshold}, "
        f"{100 * best.accuracy:.1f} % of pixels right; calling none an overlap {100 * best.commonest:.1f} %\n"
        f"{seconds:.3f} seconds a pair; {clipped} grey values lay outside 0..255 and were clipped"
    )
