"""What the trainings share: options, weights to begin from, and what is noted of how new ones came to be."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from ... import weights

LICENCE = "AGPL-3.0-or-later"
FINE_TUNING_SHARE = 0.25
"""Learning rate of a fine-tuning, as a share of that of a training from scratch."""


@dataclass(frozen=True, kw_only=True)
class RunOptions:
    """What every training needs.

    out: folder for checkpoints, log and weights. length: epochs or optimiser steps. start: folder of weights to begin
    from, "shipped" for the shipped ones, None for a new network. rate: peak learning rate, None for the usual one.
    bfloat16: multiply in it.
    """

    out: Path
    length: int
    resume: bool = False
    seed: int = 0
    threads: int = 2
    start: str | None = None
    rate: float | None = None
    bfloat16: bool = False

    @property
    def begun(self) -> str:
        """Where the training begins and how fast, as it would be typed; with a space before each option."""
        start = "" if not self.start else f" --start {weights.SHIPPED if self.start == weights.SHIPPED else 'WEIGHTS'}"
        return start + (f" --rate {self.rate:g}" if self.rate else "")

    def rate_from(self, usual: float) -> float:
        """The peak learning rate, where `usual` is that of a training from scratch."""
        return self.rate or (FINE_TUNING_SHARE * usual if self.start else usual)


def report(line: str) -> None:
    """Tell how a training goes."""
    print(line, file=sys.stderr, flush=True)


def loaded_start(name: str, start: str | None) -> weights.LoadedWeights | None:
    """The weights to begin from: of a folder, of "shipped", or None.

    Raises WeightsError where the folder has none of that name.
    """
    if start is None:
        return None
    return weights.load(name, weights.FOLDER if start == weights.SHIPPED else Path(start))


def entry_of(
    network: str, data: str, what: str, command: str, config: dict[str, object], commit: str
) -> weights.WeightsEntry:
    """An entry of a manifest; `weights.save` fills in the hash.

    what: the network's input. command: what repeats the training.
    """
    return weights.WeightsEntry(
        name=network,
        network=network,
        file=f"{network}.safetensors",
        sha256="",
        licence=LICENCE,
        data=data,
        commit=commit,
        input=what,
        command=command,
        config=config,
    )


def commit() -> str:
    """The commit of the checkout that trains, or "unknown" where it is no checkout."""
    here = Path(__file__).parent
    answer = subprocess.run(
        ["git", "-C", str(here), "rev-parse", "--short", "HEAD"], capture_output=True, text=True, check=False
    )
    return answer.stdout.strip() or "unknown"
