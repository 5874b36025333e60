"""The shipped weights, their manifest and their checks.

A weights file is a safetensors file, so loading it cannot run code. manifest.json says for each network
which file it is, its SHA-256, and what is known about how it came to be.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from ..core.errors import WeightsError
from ..core.json_file import read_json

if TYPE_CHECKING:
    from torch import Tensor, nn

Network = TypeVar("Network", bound="nn.Module")

FOLDER = Path(__file__).parent
MANIFEST = "manifest.json"
KINDS: dict[str, type | tuple[type, ...]] = {
    "str": str,
    "float": (int, float),
    "Mapping[str, Any]": dict,
    "Mapping[str, float]": dict,
}
"""What the fields of an entry hold, as JSON is read."""
SHIPPED = "shipped"
"""What stands for `FOLDER` where a user names a folder of weights."""


@dataclass(frozen=True)
class WeightsEntry:
    """One weights file of a manifest."""

    name: str
    """Its name in the manifest."""
    network: str
    """What it is of: "detector", "segmenter", "confidence" or "published"."""
    file: str
    """Its file's name; it lies beside the manifest."""
    sha256: str
    """Of the file, hexadecimal."""
    licence: str
    """How it may be used."""
    data: str
    """What it learned from."""
    commit: str
    """Of the checkout that trained it."""
    input: str
    """What the network is given."""
    command: str
    """What repeats the training."""
    config: Mapping[str, Any]
    """What the network's constructor needs."""
    calibration: tuple[tuple[float, float], ...] = ()
    """(raw, calibrated) score pairs, rising; empty for all but the confidence."""
    review_below: float = 0.5
    """Calibrated score under which a chromosome is flagged."""
    scores: Mapping[str, float] = field(default_factory=dict)
    """Measured figures by name, with the split they were measured on in the name."""


@dataclass(frozen=True)
class LoadedWeights:
    """A checked weights file."""

    entry: WeightsEntry
    """What the manifest says of it."""
    tensors: Mapping[str, Tensor]
    """Its tensors by name, on the CPU."""

    def fill(self, network: Network) -> Network:
        """Put the tensors into a network, which is returned: the one way in which every network is loaded.

        Raises
        ------
        WeightsError
            Where they do not fit the network.
        """
        try:
            network.load_state_dict(dict(self.tensors))
        except RuntimeError as problem:
            raise WeightsError(
                f"the weights of {self.entry.file} do not fit the {self.entry.network}: {str(problem)[:200]}"
            ) from problem
        return network


def read_manifest(folder: Path = FOLDER) -> dict[str, WeightsEntry]:
    """The entries of a folder's manifest by name.

    Raises
    ------
    WeightsError
        Where there is none or it cannot be read.
    """
    path = folder / MANIFEST
    try:
        return {name: _entry(name, dict(told)) for name, told in read_json(path).items()}
    except FileNotFoundError:
        raise WeightsError(f"no {MANIFEST} in {folder}: name a folder that holds weights and their manifest") from None
    except (OSError, ValueError, TypeError, AttributeError) as problem:
        raise WeightsError(f"{path} is not a manifest: {problem}") from problem


def _entry(name: str, told: dict[str, Any]) -> WeightsEntry:
    """An entry as the manifest has it. Raises ValueError or TypeError for values that are no entry's."""
    pairs = tuple((float(raw), float(score)) for raw, score in told.get("calibration", ()))
    entry = WeightsEntry(name=name, **{**told, "calibration": pairs})
    for each in fields(entry):
        kind = KINDS.get(str(each.type), object)
        if not isinstance(getattr(entry, each.name), kind):
            raise ValueError(f"{each.name} of {name[:40]!r} is no {each.type}")
    if entry.file != Path(entry.file).name or "\0" in entry.file:
        raise ValueError(f"{name[:40]!r} names a file that does not lie beside it: {entry.file[:80]!r}")
    return entry


def entry_named(name: str, folder: Path = FOLDER) -> WeightsEntry:
    """One entry by name.

    Parameters
    ----------
    name
        In the manifest.
    folder
        That holds the manifest.

    Raises
    ------
    WeightsError
        For a name that the manifest does not have.
    """
    entries = read_manifest(folder)
    if name not in entries:
        raise WeightsError(f"no weights named {name!r} in {folder}: there are {', '.join(sorted(entries))}")
    return entries[name]


def verify(entry: WeightsEntry, folder: Path = FOLDER) -> Path:
    """The path of a weights file whose hash is right.

    Parameters
    ----------
    entry
        Of the file.
    folder
        That holds it.

    Raises
    ------
    WeightsError
        Where it is missing or was altered.
    """
    path = folder / entry.file
    if not os.path.isfile(path):  # noqa: PTH113 - it raises nothing, whatever the name
        raise WeightsError(f"the weights file {path} is missing: install karyo-split again, or name another --weights")
    found = sha256_of(path)
    if found != entry.sha256:
        raise WeightsError(
            f"the weights file {path} was altered: its SHA-256 is {found[:12]}..., the manifest says "
            f"{entry.sha256[:12]}...: install karyo-split again"
        )
    return path


def load(name: str, folder: Path = FOLDER) -> LoadedWeights:
    """Check and load weights by name, onto the CPU.

    Parameters
    ----------
    name
        In the manifest.
    folder
        That holds it.

    Raises
    ------
    WeightsError
        Where they are missing, altered or unreadable.
    """
    from safetensors.torch import load_file

    entry = entry_named(name, folder)
    path = verify(entry, folder)
    try:
        return LoadedWeights(entry, load_file(path))
    except Exception as problem:
        raise WeightsError(f"{path} is not a safetensors file: {problem}") from problem


def save(entry: WeightsEntry, tensors: Mapping[str, Tensor], folder: Path) -> WeightsEntry:
    """Write a weights file and its entry into a folder's manifest; returns the entry with its hash.

    Other entries of the manifest stay. Both files are written beside their final names and then moved.

    Parameters
    ----------
    entry
        What the manifest shall say; its hash is filled in.
    tensors
        By name.
    folder
        Made where it is missing.
    """
    from safetensors.torch import save_file

    folder.mkdir(parents=True, exist_ok=True)
    path = folder / entry.file
    part = path.with_suffix(".part")
    save_file({name: tensor.contiguous() for name, tensor in tensors.items()}, part)
    part.replace(path)
    fields = asdict(entry) | {"sha256": sha256_of(path)}
    entries = read_manifest(folder) if (folder / MANIFEST).exists() else {}
    entries[entry.name] = WeightsEntry(**fields)
    write_manifest(entries, folder)
    return entries[entry.name]


def write_manifest(entries: Mapping[str, WeightsEntry], folder: Path) -> None:
    """Replace a folder's manifest.

    Parameters
    ----------
    entries
        By name.
    folder
        That holds the manifest.
    """
    rows = {name: {k: v for k, v in asdict(entry).items() if k != "name"} for name, entry in sorted(entries.items())}
    part = folder / (MANIFEST + ".part")
    part.write_text(json.dumps(rows, indent=2) + "\n", encoding="utf-8")
    part.replace(folder / MANIFEST)


def sha256_of(path: Path) -> str:
    """SHA-256 of a file, hexadecimal, read in pieces."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
