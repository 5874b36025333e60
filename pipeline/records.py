"""What a split slide is: frozen records that the writers, the evaluation and a lab's own code read."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from ..core.box import Box
from ..core.mask import PlacedMask

FLAGS = ("edge", "low_confidence", "crowded", "unresolved", "round")
METAPHASE_FLAGS = ("edge", "count", "stray", "round")


@dataclass(frozen=True)
class PlacedDetection:
    """One of the detector's boxes."""

    box_slide: Box
    """In slide pixels."""
    kind: int
    """`detector.CHROMOSOME` (a lone one), `detector.CLUSTER` (two or more) or `detector.MEMBER` (inside a cluster)."""
    score: float
    """How sure the detector is, 0..1."""


@dataclass(frozen=True, eq=False)
class Chromosome:
    """One chromosome in slide pixels."""

    id: int
    """1, 2, 3, ... in reading order; of those that a person drew, the numbers after these."""
    box_slide: Box
    """Half-open, in slide pixels."""
    mask: NDArray[np.bool_]
    """bool, fills box_slide."""
    score: float
    """0..1, calibrated: the share of masks with that score whose IoU with truth is at least 0.5."""
    cluster_id: int
    """1, 2, 3, ...; chromosomes that touch or overlap share it."""
    area_px: int
    """True pixels of the mask."""
    overlap_px: int
    """Pixels that another chromosome also has."""
    flags: tuple[str, ...] = ()
    """Some of FLAGS. "edge": cut by the edge of the slide, or of the picture in it. "low_confidence": score below the
    review threshold. "crowded": cluster of five or more. "unresolved": its box holds foreground that no chromosome
    explains. "round": its metaphase has that flag."""
    metaphase_id: int = 1
    """1, 2, 3, ...; the spread that it belongs to."""
    review: str = ""
    """"accepted" where a person looked at it and left it, "edited" where a person drew it, else empty."""

    @property
    def needs_review(self) -> bool:
        """True where a person should look at the mask before it is used: every flag is a reason to."""
        return bool(self.flags)

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
    """One metaphase spread."""

    id: int
    """1, 2, 3, ... in reading order."""
    box_slide: Box
    """Around all its chromosomes, half-open."""
    chromosomes: int
    """How many it has."""
    diameter_px: float
    """Of the circle that holds the middles of 90 % of them, in pixels."""
    overlapping: float
    """Share of them that lie on another one, 0..1."""
    low_confidence: float
    """Share of them that carry that flag, 0..1."""
    quality: float
    """Share of them that overlap no other and carry no flag, 0..1."""
    flags: tuple[str, ...] = ()
    """Some of METAPHASE_FLAGS. "edge": the slide's edge cuts a chromosome, so some may be missing. "count": not as many
    chromosomes as were expected. "stray": fewer than five chromosomes, so hardly a spread. "round": so
    many masks are round that they are more likely interphase nuclei."""


@dataclass(frozen=True)
class Counts:
    """What a slide's row in a summary says."""

    metaphases: int = 0
    """Metaphases without stray groups."""
    flagged_metaphases: int = 0
    """Those of them that carry a flag."""
    chromosomes: int = 0
    """All chromosomes."""
    flagged: int = 0
    """Chromosomes that carry a flag."""


@dataclass(frozen=True)
class NormalisationInfo:
    """What was decided about a slide's grey values."""

    polarity: str
    """Chromosomes are "bright" or "dark" on their background."""
    level: float
    """Grey values from background to a typical chromosome edge."""
    background: float
    """Median background level."""


@dataclass(frozen=True)
class Signature:
    """That a person is done with a slide."""

    name: str
    """Of the person."""
    time: str
    """When, ISO 8601 with zone."""
    chromosomes: int
    """How many there were."""
    edits: int
    """How many edits held."""

    def __str__(self) -> str:
        return f"{self.name}, {self.time}"


@dataclass(frozen=True)
class ReviewRecord:
    """What was done to a slide by hand."""

    reviewed_by: tuple[str, ...]
    """Who made edits, in the order of their first ones."""
    edits: Mapping[str, int]
    """How many edits hold, by verb."""
    lines: int
    """How many edits the log has, those that were undone and the undoing itself among them."""
    chain: str
    """The hash in the log's last line."""
    signed: Signature | None
    """Who signed; None where nobody did, or where something was edited since."""


@dataclass(frozen=True, eq=False)
class SplitRecord:
    """A slide and its chromosomes."""

    name: str
    """Of the slide: its file's, without the ending."""
    shape: tuple[int, int]
    """(rows, columns)."""
    pixel_size_um: float | None
    """Micrometres a pixel; None where the file does not say."""
    chromosomes: tuple[Chromosome, ...]
    """In the order of their ids, which is reading order where no person added or took out any."""
    boxes: tuple[PlacedDetection, ...]
    """The detector's, in reading order."""
    length_px: float | None
    """The typical chromosome length that set the scale, in pixels; None where there were no boxes."""
    normalisation: NormalisationInfo
    """What was decided about the slide's grey values."""
    metaphases: tuple[Metaphase, ...] = ()
    """In reading order, stray groups among them."""
    settings: Mapping[str, object] = field(default_factory=dict)
    """What was chosen, and the device that was used."""
    versions: Mapping[str, str] = field(default_factory=dict)
    """Of Python and of what the result depends on, by name."""
    weights: Mapping[str, str] = field(default_factory=dict)
    """SHA-256 of the weights, by name."""
    warnings: tuple[str, ...] = ()
    """What is uncertain about the slide as a whole, a line each."""
    seconds: Mapping[str, float] = field(default_factory=dict)
    """Spent, by stage."""
    review: ReviewRecord | None = None
    """What was done by hand; None where nothing was."""

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
