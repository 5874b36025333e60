"""run.json: what was done, with what, to which file. Written last."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Collection, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from ...core.atomic import write_text
from ..records import SplitRecord
from .output_hashes import hashes_of

RUN_FILE = "run.json"


@dataclass(frozen=True)
class RunFacts:
    """What the result itself cannot know."""

    input_path: Path
    """The slide's file."""
    sha256: str
    """Of that file, hexadecimal."""
    started: str
    """When, ISO 8601 with zone."""
    others: Mapping[str, str] = field(default_factory=dict)
    """SHA-256 of the other files that the slide's pixels lie in, by name."""


def write_run(result: SplitRecord, path: Path, formats: Collection[str], facts: RunFacts | None = None) -> None:
    """Write the record of a run beside the files that it wrote, of which it holds the SHA-256.

    Parameters
    ----------
    result
        What was found on the slide.
    path
        Of the file.
    formats
        That were written.
    facts
        What the result itself cannot know; None where the slide was no file.
    """
    document = {
        "input": {
            "name": facts.input_path.name if facts else result.name,
            "sha256": facts.sha256 if facts else None,
            "others": dict(facts.others) if facts else {},
            "shape": list(result.shape),
            "pixel_size_um": result.pixel_size_um,
        },
        "started": facts.started if facts else None,
        "formats": sorted(formats),
        "outputs": hashes_of(path.parent, formats),
        "settings": dict(result.settings),
        "normalisation": asdict(result.normalisation),
        "typical_length_px": result.length_px,
        "versions": dict(result.versions),
        "weights": dict(result.weights),
        "seconds": dict(result.seconds),
        **_found(result, len(result.boxes)),
        "warnings": list(result.warnings),
    }
    write_text(path, json.dumps(document, indent=2) + "\n", check=json.loads)


def write_reviewed_run(result: SplitRecord, path: Path, formats: Collection[str], original: dict[str, Any]) -> None:
    """Write the record of a run whose result was edited: what the run was stays, what is there now is told anew.

    Parameters
    ----------
    result
        After the review.
    path
        Of the file.
    formats
        That were written.
    original
        What the run.json of the first answer holds.
    """
    boxes = original["counts"]["boxes"]
    document = {**original, "outputs": hashes_of(path.parent, formats), **_found(result, boxes)}
    if result.review is not None:
        document["review"] = asdict(result.review)
    write_text(path, json.dumps(document, indent=2) + "\n", check=json.loads)


def _found(result: SplitRecord, boxes: int) -> dict[str, Any]:
    """What is on the slide, in numbers."""
    flags = Counter(flag for chromosome in result.chromosomes for flag in chromosome.flags)
    return {
        "counts": {
            "boxes": boxes,
            **asdict(result.counts),
            "clusters": len({c.cluster_id for c in result.chromosomes}),
            "overlap_px": sum(c.overlap_px for c in result.chromosomes),
            "flags": dict(sorted(flags.items())),
        },
        "metaphases": [
            {"id": m.id, "chromosomes": m.chromosomes, "quality": round(m.quality, 4), "flags": list(m.flags)}
            for m in result.metaphases
        ],
    }


def add_outputs(path: Path, formats: Collection[str]) -> None:
    """Add the SHA-256 of files that were written later to a run.json; all else in it stays.

    Parameters
    ----------
    path
        Of the run.json, which can be read.
    formats
        That were written.
    """
    document = json.loads(path.read_text(encoding="utf-8"))
    document["outputs"] = {**document.get("outputs", {}), **hashes_of(path.parent, formats)}
    write_text(path, json.dumps(document, indent=2) + "\n", check=json.loads)
