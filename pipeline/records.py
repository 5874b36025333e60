"""What a split slide is: frozen records that the writers, the evaluation and a lab's own code read."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from ..core.box import Box
from ..core.mask import PlacedMask

FLAGS = ("edge", "low_confidence", "crowded", "unresolved")
METAPHASE_FLAGS = ("edge", "count", "stray")


@dataclass(frozen=True)
class PlacedDetection:
    """One of the detector's boxes."""

    box_slide: Box
    """In slide pixels."""
    kind: int
    """`detector.CHROMOSOME` (a lone one) or `detector.CLUSTER` (two or more)."""
    score: float
    """How sure the detector is, 0..1."""


@dataclass(frozen=True, eq=False)
class Chromosome:
    """One chromosome in slide pixels.

    id: 1, 2, 3, ... in reading order. box_slide: half-open. mask: bool, fills box_slide.
    score: 0..1, calibrated: the share of masks with that score whose IoU with truth is at least 0.5.
    cluster_id: 1, 2, 3, ...; chromosomes that touch or overlap share it.
    metaphase_id: 1, 2, 3, ...; the spread that it belongs to.
    area_px: true pixels. overlap_px: those that another chromosome also has.
    flags: some of FLAGS. "edge": cut by the slide's edge. "low_confidence": score below the review
    threshold. "crowded": cluster of five or more. "unresolved": its box holds foreground that no
    chromosome explains.
    """

    id: int
    box_slide: Box
    mask: NDArray[np.bool_]
    score: float
    cluster_id: int
    area_px: int
    overlap_px: int
    flags: tuple[str, ...] = ()
    metaphase_id: int = 1

    @property
    def needs_review(self) -> bool:
        """True where a person should look at the mask before it is used."""
        return "low_confidence" in self.flags or "unresolved" in self.flags

    @property
    def middle(self) -> tuple[int, int]:
        """The pixel (row, column) of the mask that is nearest to its centroid, in slide pixels."""
        rows, columns = np.nonzero(self.mask)
        nearest = int(np.argmin((rows - rows.mean()) ** 2 + (columns - columns.mean()) ** 2))
        return int(rows[nearest]) + self.box_slide.y0, int(columns[nearest]) + self.box_slide.x0

    @property
    def placed(self) -> PlacedMask:
        """Mask and place together."""
        return PlacedMask(self.box_slide, self.mask)


@dataclass(frozen=True)
class Metaphase:
    """One metaphase spread.

    id: 1, 2, 3, ... in reading order. box_slide: around all its chromosomes, half-open. chromosomes: how many.
    diameter_px: of the circle that holds the middles of 90 % of them. overlapping, low_confidence: share of them that
    lie on another one, or carry that flag. quality: share of them that overlap no other and carry no flag.
    flags: some of METAPHASE_FLAGS. "edge": the slide's edge cuts a chromosome, so some may be missing. "count": not as
    many chromosomes as were expected. "stray": fewer than five chromosomes, so hardly a spread.
    """

    id: int
    box_slide: Box
    chromosomes: int
    diameter_px: float
    overlapping: float
    low_confidence: float
    quality: float
    flags: tuple[str, ...] = ()


@dataclass(frozen=True)
class Counts:
    """What a slide's row in a summary says.

    metaphases: without stray groups. flagged_metaphases: of those. flagged: chromosomes that carry a flag.
    """

    metaphases: int = 0
    flagged_metaphases: int = 0
    chromosomes: int = 0
    flagged: int = 0


@dataclass(frozen=True)
class NormalisationInfo:
    """What was decided about a slide's grey values.

    polarity: "bright" or "dark". level: grey values from background to a typical chromosome edge.
    background: median background level.
    """

    polarity: str
    level: float
    background: float


@dataclass(frozen=True, eq=False)
class SplitRecord:
    """A slide and its chromosomes.

    shape: (rows, columns). pixel_size_um: micrometres a pixel, or None. length_px: the typical chromosome
    length that set the scale, or None where there were no boxes. seconds: by stage.
    """

    name: str
    shape: tuple[int, int]
    pixel_size_um: float | None
    chromosomes: tuple[Chromosome, ...]
    boxes: tuple[PlacedDetection, ...]
    length_px: float | None
    normalisation: NormalisationInfo
    metaphases: tuple[Metaphase, ...] = ()
    settings: Mapping[str, object] = field(default_factory=dict)
    versions: Mapping[str, str] = field(default_factory=dict)
    weights: Mapping[str, str] = field(default_factory=dict)
    warnings: tuple[str, ...] = ()
    seconds: Mapping[str, float] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self.chromosomes)

    def __repr__(self) -> str:
        (rows, columns), counts = self.shape, self.counts
        found = f"{counts.chromosomes} chromosomes, {counts.flagged} flagged"
        return f"{type(self).__name__}({self.name!r}, {rows} x {columns} px, {found}, {counts.metaphases} metaphases)"

    @property
    def spreads(self) -> tuple[Metaphase, ...]:
        """The metaphases without stray groups."""
        return tuple(m for m in self.metaphases if "stray" not in m.flags)

    @property
    def counts(self) -> Counts:
        """How many of each, and how many of them carry a flag."""
        return Counts(
            metaphases=len(self.spreads),
            flagged_metaphases=sum(bool(m.flags) for m in self.spreads),
            chromosomes=len(self.chromosomes),
            flagged=sum(bool(c.flags) for c in self.chromosomes),
        )
