"""Joins masks of sister chromatids, on slides where every chromosome is two chromatids apart.

The segmenter sees a crop, in which two chromatids look like two chromosomes; the detector sees them among all others
of the spread. One box of one chromosome that two masks fill together proves little. But where many of a slide's boxes
are so, its chromosomes are open: of 25 M-FISH and G-band validation slides none would have more than 7 % of its
chromosomes joined, the Giemsa slides with open chromatids have 30 and 45 %.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import combinations

import numpy as np

from ..core.box import Box
from ..core.grid_index import GridIndex
from ..core.mask import union
from ..detector import CHROMOSOME, CLUSTER, MEMBER
from .records import PlacedDetection
from .scoring.candidate import Candidate

MIN_JOINED = 0.2
"""Share of a slide's chromosomes that strict conditions must join; else none is joined."""
MIN_ALIKE = 0.5
"""Area of the smaller mask, over that of the larger: chromatids are of one size."""


@dataclass(frozen=True)
class _Conditions:
    """What makes two masks one."""

    kinds: tuple[int, ...]
    """Boxes that join."""
    score: float
    """Their least score."""
    inside: float
    """Share of each mask that lies in the box."""
    filled: float
    """IoU of the box and the box around both masks."""


STRICT = _Conditions((CHROMOSOME,), 0.3, 0.9, 0.7)
"""Tells slides with open chromatids from others."""
LOOSE = _Conditions((CHROMOSOME, MEMBER), 0.1, 0.8, 0.6)
"""Joins what there is on such a slide."""


def join_chromatids(candidates: Sequence[Candidate], boxes: Sequence[PlacedDetection]) -> list[Candidate]:
    """Join the two masks in each box of one chromosome, on a slide that is full of such.

    Parameters
    ----------
    candidates
        The masks of a slide, in slide pixels.
    boxes
        All of the detector's boxes, members of clusters among them.

    Returns
    -------
    list of Candidate
        Joined ones last, and those alone unresolved, for a sister may be missing; all as they were where the slide has
        too few pairs.
    """
    found = len(_pairs(candidates, boxes, STRICT))
    if found == 0 or found < MIN_JOINED * (len(candidates) - found):
        return list(candidates)
    pairs = _pairs(candidates, boxes, LOOSE)
    taken = {number for pair in pairs for number in (pair.a, pair.b)}
    alone = [replace(c, unresolved=True) for number, c in enumerate(candidates) if number not in taken]
    return alone + [_joined(candidates[pair.a], candidates[pair.b], pair.box) for pair in pairs]


@dataclass(frozen=True)
class _Pair:
    """Two masks, by their numbers, and the box that they fill."""

    a: int
    b: int
    box: PlacedDetection


def _pairs(candidates: Sequence[Candidate], boxes: Sequence[PlacedDetection], conditions: _Conditions) -> list[_Pair]:
    """The masks that are one with another; the surest box first."""
    masks = GridIndex.of(candidate.placed.box for candidate in candidates)
    single = [d for d in boxes if d.kind != CLUSTER]
    singles = GridIndex.of(d.box_slide for d in single)
    taken: set[int] = set()
    pairs: list[_Pair] = []
    for box in sorted(single, key=lambda d: (-d.score, d.box_slide)):
        if box.kind not in conditions.kinds or box.score < conditions.score:
            continue
        near = [i for i in sorted(masks.near(box.box_slide)) if i not in taken]
        inside = [i for i in near if _lies_in(candidates[i], box.box_slide, conditions.inside)]
        for a, b in combinations(inside, 2):
            rivals = singles.near(candidates[a].placed.box) | singles.near(candidates[b].placed.box)
            others = [single[i] for i in rivals if single[i] is not box]
            if _are_one(candidates[a], candidates[b], box, others, conditions.filled):
                taken |= {a, b}
                pairs.append(_Pair(a, b, box))
                break
    return pairs


def _lies_in(candidate: Candidate, box: Box, share: float) -> bool:
    placed = candidate.placed
    return int(np.count_nonzero(placed.within(box))) >= share * placed.area


def _are_one(
    a: Candidate, b: Candidate, box: PlacedDetection, others: Sequence[PlacedDetection], filled: float
) -> bool:
    """True where two masks fill a box together, better than either fills one of the others."""
    small, large = sorted((a.placed.area, b.placed.area))
    together = a.placed.box.enclose(b.placed.box).iou(box.box_slide)
    if small < MIN_ALIKE * large or together < filled:
        return False
    apart = (c.placed.box.iou(d.box_slide) * d.score for c in (a, b) for d in others)
    return together * box.score > max(apart, default=0.0)


def _joined(a: Candidate, b: Candidate, box: PlacedDetection) -> Candidate:
    """One mask of both: as sure as the less sure one."""
    placed = union([a.placed, b.placed])
    weights = np.array([a.placed.area, b.placed.area], dtype=float)
    return replace(
        a,
        placed=placed,
        score=min(a.score, b.score),
        certainty=min(a.certainty, b.certainty),
        support=min(a.support, b.support),
        seeds=a.seeds + b.seeds,
        quality=min(a.quality, b.quality),
        brightness=float(np.average([a.brightness, b.brightness], weights=weights)),
        contrast=float(np.average([a.contrast, b.contrast], weights=weights)),
        box_score=max(a.box_score, b.box_score),
        unresolved=a.unresolved or b.unresolved,
        expected=placed.box.iou(box.box_slide) * box.score,
    )
