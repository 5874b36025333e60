"""What the trainings share: weights to begin from, and what is noted of how new ones came to be."""

from __future__ import annotations

import subprocess
from dataclasses import dataclass
from pathlib import Path

from ... import weights

LICENCE = "AGPL-3.0-or-later"
FINE_TUNING_SHARE = 0.25
"""Learning rate of a fine-tuning, as a share of that of a training from scratch."""


@dataclass(frozen=True)
class Beginning:
    """Where a training begins, and how fast."""

    folder: str | None = None
    """Folder of weights to begin from, "shipped" for the shipped ones; None for a new network."""
    rate: float | None = None
    """Peak learning rate; None for the usual one."""

    def load(self, name: str) -> weights.LoadedWeights | None:
        """Load the weights of a name to begin from; None for a new network.

        Raises
        ------
        WeightsError
            Where the folder has none of that name.
        """
        if self.folder is None:
            return None
        return weights.load(name, weights.FOLDER if self.folder == weights.SHIPPED else Path(self.folder))

    def rate_from(self, usual: float) -> float:
        """Choose the peak learning rate, where `usual` is that of a training from scratch."""
        return self.rate or (FINE_TUNING_SHARE * usual if self.folder else usual)

    def __str__(self) -> str:
        """As it would be typed; with a space before each option, empty where there is none."""
        start = f" --start {weights.SHIPPED if self.folder == weights.SHIPPED else 'WEIGHTS'}" if self.folder else ""
        return start + (f" --rate {self.rate:g}" if self.rate else "")


def entry_of(network: str, data: str, what: str, command: str, config: dict[str, object]) -> weights.WeightsEntry:
    """Describe new weights for a manifest; `weights.save` fills in the hash.

    Parameters
    ----------
    network
        Name of the weights, their network and their file.
    data
        What the network learned from.
    what
        The network's input.
    command
        What repeats the training.
    config
        What the network's constructor needs.
    """
    return weights.WeightsEntry(
        name=network,
        network=network,
        file=f"{network}.safetensors",
        sha256="",
        licence=LICENCE,
        data=data,
        commit=commit(),
        input=what,
        command=command,
        config=config,
    )


def commit() -> str:
    """Look up the commit of the checkout that trains; "unknown" where it is no checkout."""
    here = Path(__file__).parent
    answer = subprocess.run(
        ["git", "-C", str(here), "rev-parse", "--short", "HEAD"], capture_output=True, text=True, check=False
    )
    return answer.stdout.strip() or "unknown"
