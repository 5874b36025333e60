"""chromosomes.json: COCO instances with compressed run-length masks of the whole slide."""

from __future__ import annotations

import json
from pathlib import Path

from ...core.atomic import write_text
from ...datasets.coco import instances
from ..records import SplitRecord
from .run_file import RunFacts


def write_coco(result: SplitRecord, path: Path, facts: RunFacts | None = None) -> None:
    """Write one image and one annotation per chromosome, its id the chromosome's own.

    Parameters
    ----------
    result
        What was found on the slide.
    path
        Of the file.
    facts
        What the result itself cannot know; None where the slide was no file.
    """
    name = facts.input_path.name if facts else result.name
    document = instances(name, result.shape, [c.placed for c in result.chromosomes])
    for annotation, chromosome in zip(document["annotations"], result.chromosomes, strict=True):
        annotation |= {
            "id": chromosome.id,
            "score": round(chromosome.score, 4),
            "cluster_id": chromosome.cluster_id,
            "metaphase_id": chromosome.metaphase_id,
            "overlap_area": chromosome.overlap_px,
            "flags": list(chromosome.flags),
        }
        if chromosome.review:
            annotation["review"] = chromosome.review
    write_text(path, json.dumps(document), check=json.loads)
