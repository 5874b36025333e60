"""What the trainings share: weights to begin from, and what is noted of how new ones came to be."""

from __future__ import annotations

import subprocess
from pathlib import Path

from ... import weights

LICENCE = "AGPL-3.0-or-later"
FINE_TUNING_SHARE = 0.25
"""Learning rate of a fine-tuning, as a share of that of a training from scratch."""


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
