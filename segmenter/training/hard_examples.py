"""Which crops a stretch of the training shows: new ones, and hard ones of the stretch before again.

After Shrivastava, Gupta, Girshick: Training region-based object detectors with online hard example mining,
CVPR 2016; here whole crops are mined. The very worst are not replayed: they are where the truth is wrong.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

WORST_SHARE = 0.02
MAX_TURNS = 4


@dataclass(frozen=True)
class Crop:
    """A training crop."""

    number: int
    """What its scene is drawn from."""
    turn: int = 0
    """How often it was shown before."""


def next_crops(
    shown: Sequence[Crop], losses: Sequence[float], count: int, first_new: int, replayed: float
) -> list[Crop]:
    """The crops of the next stretch, `count` of them, hard ones spread evenly among new ones.

    Parameters
    ----------
    shown, losses
        The crops of the stretch before and what each of them cost, in order.
    first_new
        The number of the first new crop.
    replayed
        Share of the crops that repeat hard ones.
    """
    measured = sorted(zip(losses, shown, strict=False), key=lambda pair: -pair[0])
    worst = round(WORST_SHARE * len(measured))
    hard = [replace(crop, turn=crop.turn + 1) for _, crop in measured[worst:] if crop.turn < MAX_TURNS]
    hard = hard[: min(round(replayed * count), len(measured) // 2)]
    every = count / len(hard) if hard else 0.0
    places = {int(i * every) for i in range(len(hard))}
    queue, number, crops = iter(hard), first_new, []
    for place in range(count):
        if place in places:
            crops.append(next(queue))
        else:
            crops.append(Crop(number))
            number += 1
    return crops
