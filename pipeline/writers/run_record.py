"""Reads run.json again: what a finished folder was made from, and whether the same run would make it anew."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import asdict, dataclass, fields
from importlib.metadata import version
from pathlib import Path
from typing import Any

from ... import weights
from ...core.json_file import read_json
from ..records import Counts, ReviewRecord, Signature
from ..settings import SplitSettings
from .run_file import RUN_FILE

NOT_COMPARED = frozenset({"device", "device_used", "threads", "weights_folder", "review_below", "max_pixels"})
"""Settings that say where a result was worked out, or that follow from the weights, whose hashes are compared."""


@dataclass(frozen=True)
class RunRecord:
    """A finished run."""

    sha256: str | None
    """Of the slide's file, hexadecimal; None where the slide was no file."""
    others: Mapping[str, str]
    """SHA-256 of the other files that the slide's pixels lie in, by name."""
    settings: Mapping[str, Any]
    """As they were written."""
    formats: frozenset[str]
    """That were written."""
    version: str
    """Of karyo-split."""
    weights: Mapping[str, str]
    """SHA-256 of the weights, by name."""
    counts: Counts
    """What was found."""
    warnings: tuple[str, ...] = ()
    """What is uncertain about the slide as a whole."""
    review: ReviewRecord | None = None
    """What was done by hand; None where nothing was."""

    def repeats(
        self, sha256: str, others: Mapping[str, str], settings: SplitSettings, formats: Collection[str]
    ) -> bool:
        """True where a run on such a file with such settings would make the same folder.

        Parameters
        ----------
        sha256
            Of the slide's file.
        others
            Of the other files that its pixels lie in, by name.
        settings
            What the user chose.
        formats
            That are asked for.

        Raises
        ------
        WeightsError
            Where the weights' manifest cannot be read.
        """
        folder = Path(settings.weights_folder) if settings.weights_folder else weights.FOLDER
        hashes = {name: entry.sha256 for name, entry in weights.read_manifest(folder).items()}
        return (
            self.sha256 == sha256
            and self.others == others
            and self.version == version("karyo-split")
            and _what(self.settings) == _what(asdict(settings))
            and self.formats >= set(formats)
            and all(hashes.get(name) == own for name, own in self.weights.items())
        )


def read_run(folder: Path) -> RunRecord | None:
    """The record of a finished folder; None where it has none, or one that another version wrote differently."""
    try:
        document = read_document(folder / RUN_FILE)
        return RunRecord(
            sha256=document["input"]["sha256"],
            others=dict(document["input"].get("others", {})),
            settings=dict(document["settings"]),
            formats=frozenset(document["formats"]),
            version=document["versions"]["karyo-split"],
            weights=dict(document["weights"]),
            counts=Counts(**{field.name: int(document["counts"][field.name]) for field in fields(Counts)}),
            warnings=tuple(map(str, document.get("warnings", ()))),
            review=review_of(document),
        )
    except (OSError, ValueError, KeyError, TypeError, AttributeError, OverflowError):
        return None


def review_of(document: Mapping[str, Any]) -> ReviewRecord | None:
    """What a run.json says of a review; None where it says nothing.

    Raises
    ------
    ValueError, KeyError, TypeError, AttributeError
        For what is not as karyo-split writes it.
    """
    told = document.get("review")
    if told is None:
        return None
    signed = told["signed"]
    return ReviewRecord(
        reviewed_by=tuple(map(str, told["reviewed_by"])),
        edits={str(verb): int(count) for verb, count in told["edits"].items()},
        lines=int(told["lines"]),
        chain=str(told["chain"]),
        signed=None
        if signed is None
        else Signature(str(signed["name"]), str(signed["time"]), int(signed["chromosomes"]), int(signed["edits"])),
    )


def is_run_file(path: Path) -> bool:
    """True for a run.json of ours: other programs write files of this name too."""
    try:
        return "karyo-split" in read_document(path)["versions"]
    except (OSError, ValueError, KeyError, TypeError):
        return False


def read_document(path: Path) -> dict[str, Any]:
    """A JSON file that holds an object. Raises OSError where it cannot be read, ValueError where it holds none."""
    document = read_json(path)
    if not isinstance(document, dict):
        raise ValueError("it holds no object")
    return document


def part_of(document: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    """An object in a run.json, which may hold anything; empty where it holds no object there."""
    part = document.get(name)
    return part if isinstance(part, dict) else {}


def _what(settings: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in settings.items() if name not in NOT_COMPARED}
