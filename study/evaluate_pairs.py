"""The study's network, or the segmenter, against the published set of overlapping pairs."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from .. import weights
from ..core.errors import WeightsError
from ..segmenter import Segmenter
from ..segmenter.training.pair_scene import normalised
from .pair_intensities import IntensityAnalysis, analyse
from .pair_metrics import PairScores, one_hot, score_pairs
from .pair_plots import plot_intensities, plot_samples
from .pair_scenes import separate_pair
from .pair_split import Split, split_pairs
from .pairs import PairSet, Variant, read_pairs
from .published_network import PublishedUNet, read_argmax, read_channels
from .published_training import predict

MAX_SAMPLES = 8
REPORT_EVERY = 200
Answer = tuple[NDArray[np.bool_], NDArray[np.uint8]]
"""Which pixels belong to each class, bool (N, 4, 88, 88), and the likeliest class, uint8 (N, 88, 88)."""


@dataclass(frozen=True, eq=False)
class PairsEvaluation:
    """How well a network separates the tested pairs."""

    network: str
    """What it is called."""
    split: Split
    """How pairs were chosen for the test, see `pair_split`."""
    last: float
    """Share of the pairs that was tested where the split is by order."""
    variant: Variant
    """Whose cleaning was followed, see `pairs`."""
    scores: PairScores
    """Its figures on the tested pairs."""
    intensities: IntensityAnalysis
    """What the best single grey threshold does on all pairs of the file."""
    seconds_a_pair: float
    """Seconds that it took for one pair."""
    clipped: int
    """Grey values of the file that lay outside 0..255."""
    test: PairSet
    """The tested pairs."""
    classes: NDArray[np.uint8]
    """Its answers: uint8, shape (N, 88, 88), the likeliest class."""

    def figures(self) -> dict[str, Any]:
        """Gather the figures of network and threshold by name."""
        return asdict(self.scores) | {
            "network": self.network,
            "split": self.split,
            "last": self.last,
            "variant": self.variant,
            "clipped": self.clipped,
            "seconds_a_pair": self.seconds_a_pair,
            "best_threshold": {k: v for k, v in vars(self.intensities).items() if not isinstance(v, np.ndarray)},
        }

    def write_plots(self, folder: Path) -> None:
        """Write samples.png (the first pairs and the worst) and intensities.png.

        Raises
        ------
        OutputError
            Where they cannot be written.
        """
        worst = np.argsort([(c == t).mean() for c, t in zip(self.classes, self.test.labels, strict=True)])
        shown = np.concatenate([np.arange(min(MAX_SAMPLES // 2, len(self.test))), worst[: MAX_SAMPLES // 2]])
        samples = (self.test.grey[shown], self.test.labels[shown], self.classes[shown])
        plot_samples(*samples, folder / "samples.png")
        plot_intensities(self.intensities, folder / "intensities.png")


def evaluate_pairs(
    data: Path,
    folder: Path,
    split: Split = "order",
    last: float = 0.2,
    variant: Variant = "text",
    limit: int | None = None,
    report: Callable[[str], None] = print,
) -> PairsEvaluation:
    """Separate the tested pairs, and look for the best single threshold on all pairs.

    Parameters
    ----------
    data
        HDF5 file of the published layout.
    folder
        Of weights with a "published" or a "segmenter" entry.
    split, last
        Which pairs are tested, see `pair_split`.
    variant
        Whose cleaning, see `pairs`.
    limit
        At most so many pairs are tested; None tests all.
    report
        Called with a line now and then.

    Raises
    ------
    TruthError
        For a file that is no set of pairs.
    UsageError
        For a split that does not fit.
    WeightsError
        For weights that cannot answer.
    """
    name, network = network_of(folder, report)
    pairs = read_pairs(data, variant)
    _, test = split_pairs(pairs, split, last)
    test = test.part(0, limit or len(test))
    since = time.perf_counter()
    channels, classes = network(test)
    seconds = (time.perf_counter() - since) / len(test)
    scores = score_pairs(channels, classes, test.labels)
    return PairsEvaluation(
        name, split, last, variant, scores, analyse(pairs.grey, pairs.labels), seconds, pairs.clipped, test, classes
    )


def network_of(folder: Path, report: Callable[[str], None]) -> tuple[str, Callable[[PairSet], Answer]]:
    """Load the network of a folder of weights.

    Returns
    -------
    name
        What it is called.
    answer
        Separates pairs with it.

    Raises
    ------
    WeightsError
        Where the weights cannot answer the four classes.
    """
    if "published" not in weights.read_manifest(folder):
        segmenter = Segmenter.from_weights(weights.load("segmenter", folder))

        def separated(pairs: PairSet) -> Answer:
            classes = np.zeros(pairs.labels.shape, dtype=np.uint8)
            for number, image in enumerate(normalised(pairs.grey), start=1):
                classes[number - 1] = separate_pair(segmenter, image)
                if number % REPORT_EVERY == 0:
                    report(f"{number} of {len(pairs)} pairs")
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
