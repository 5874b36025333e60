"""What a chromosome is called in the files of other programs."""

from __future__ import annotations

import uuid

from ..records import Chromosome, SplitRecord

NAMESPACE = uuid.UUID("6f0c6a5e-3c5c-5a0e-9d0f-2f6d9a1f5b11")


def name_of(chromosome: Chromosome) -> str:
    """Its metaphase and its id, such as m01_c012: they sort as they were numbered."""
    return f"m{chromosome.metaphase_id:02d}_c{chromosome.id:03d}"


def uuid_of(chromosome: Chromosome, result: SplitRecord) -> str:
    """The same for the same chromosome of the same slide, whenever it is written."""
    box = chromosome.box_slide
    return str(uuid.uuid5(NAMESPACE, f"{result.name} {result.shape} {chromosome.id} {box.x0} {box.y0}"))
