"""What is known of one chromosome at one moment of a review."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from ...core.box import Box
from ...core.mask import PlacedMask
from ...datasets.coco import crop_of, rle_of

FOUND, ACCEPTED, EDITED = "found", "accepted", "edited"
DELETED, NOT_A_CHROMOSOME = "deleted", "not_a_chromosome"
GONE = frozenset({DELETED, NOT_A_CHROMOSOME})
"""What has one of these is kept in the log alone: it can be restored."""
STATUSES = frozenset({FOUND, ACCEPTED, EDITED}) | GONE
MAX_NOTE = 2000
"""Letters of a note, at most."""


@dataclass(frozen=True)
class Condition:
    """One chromosome at one moment: two are equal where mask, status and note are."""

    box: Box
    """Around the mask, in slide pixels."""
    counts: str
    """The mask as compressed run lengths of the whole slide, as COCO holds them."""
    status: str = FOUND
    """One of STATUSES. "found": as the networks left it; "accepted": a person looked and left it; "edited": drawn."""
    note: str = ""
    """What a person wrote about it."""

    @classmethod
    def of(cls, placed: PlacedMask, shape: tuple[int, int], status: str = FOUND, note: str = "") -> Condition:
        """The condition of a mask on a slide of (rows, columns). Raises ValueError for a mask that leaves the slide.

        Parameters
        ----------
        placed
            In slide pixels, not empty.
        shape
            (rows, columns) of the slide.
        status
            One of STATUSES.
        note
            What a person wrote about it.
        """
        trimmed = PlacedMask.from_dense(placed.mask, (placed.box.y0, placed.box.x0))
        if trimmed is None or trimmed.box.clip(shape) != trimmed.box:
            raise ValueError("the mask is empty, or leaves the slide")
        return cls(trimmed.box, rle_of(trimmed, shape)["counts"], status, note)

    @property
    def is_there(self) -> bool:
        """True unless it was taken out."""
        return self.status not in GONE

    def placed(self, shape: tuple[int, int]) -> PlacedMask:
        """The mask, on a slide of (rows, columns)."""
        return crop_of({"size": list(shape), "counts": self.counts}, self.box)

    def now(self, **changes: Any) -> Condition:
        """The same with other values of some fields."""
        return replace(self, **changes)


def as_json(condition: Condition | None, shape: tuple[int, int]) -> dict[str, Any] | None:
    """How the log holds a condition; None where there was no such chromosome.

    Parameters
    ----------
    shape
        (rows, columns) of the slide.
    """
    if condition is None:
        return None
    box = condition.box
    return {
        "bbox": [box.x0, box.y0, box.width, box.height],
        "segmentation": {"size": list(shape), "counts": condition.counts},
        "status": condition.status,
        "note": condition.note,
    }


def from_json(value: Any, shape: tuple[int, int]) -> Condition | None:
    """A condition as the log holds it.

    Parameters
    ----------
    value
        What a line of the log says.
    shape
        (rows, columns) of the slide.

    Raises
    ------
    ValueError, KeyError, TypeError
        For what `as_json` would not have written: a mask that is empty, does not fill its box or leaves the slide.
    """
    if value is None:
        return None
    x, y, width, height = value["bbox"]
    if any(type(number) is not int for number in (x, y, width, height)):
        raise ValueError("a box of other than whole numbers")
    box, status, note = Box(x, y, x + width, y + height), value["status"], value["note"]
    if box.is_empty or box.clip(shape) != box or value["segmentation"]["size"] != list(shape):
        raise ValueError("a mask that leaves the slide")
    if status not in STATUSES or not isinstance(note, str) or len(note) > MAX_NOTE:
        raise ValueError(f"an unknown status {status!r:.40}, or a note that is none")
    placed = crop_of(value["segmentation"], box)
    condition = Condition.of(placed, shape, status, note)
    if condition.box != box or condition.counts != value["segmentation"]["counts"]:
        raise ValueError("a mask that does not fill its box")
    return condition
