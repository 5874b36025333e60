"""Which of the answers that many seeds gave are chromosomes.

Seeds inside one chromosome should all answer with the same mask. So a good set of masks has, for every seed, one that
is like the seed's own answer, and has no more masks than that takes. The set is grown greedily, which is near the best
for such sums (facility location; Nemhauser, Wolsey, Fisher: An analysis of approximations for maximizing submodular
set functions, 1978).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from ..core.box import Box
from ..core.mask import PlacedMask, any_within
from .components import add, reached_parts
from .overlaps import Claim, settle_overlaps

MIN_KNOWN = 0.5
"""Of a piece apart from the one under the best seed, that seed's own answer holds at least this share."""


@dataclass(frozen=True)
class DecodingSettings:
    """Thresholds of the decoding; lengths and areas are relative to the slide's typical chromosome length L."""

    foreground: float = 0.5
    """Probability at which a pixel is chromosome at all."""
    level: float = 0.5
    """Probability at which a pixel belongs to a mask."""
    reach: float = 0.2
    """Probability at which the parts of a mask still hang together."""
    alike: float = 0.6
    """IoU from which two answers are the same."""
    shared: float = 0.5
    """Probability of class "both" from which two masks share a pixel."""
    mask_cost: float = 0.5
    """How many seeds a further mask must serve better."""
    min_likeness: float = 0.5
    """IoU below which a mask is worth nothing to a seed."""
    prefer: float = 0.5
    """Weight of a mask's own support among masks that serve alike."""
    max_covered: float = 0.6
    """A mask is dropped in the end where the others cover more of it without sharing it."""
    max_hidden: float = 0.9
    """A mask is dropped in the end where the others cover more of it, shared or not."""
    min_filled: float = 0.3
    """Box IoU times score from which a mask fills a box where one chromosome is expected."""
    expected_weight: float = 2.0
    """How many seeds a box counts for in which the detector expects one chromosome, for a mask that fills it."""
    unexpected_cost: float = 1.0
    """What a mask costs more, in seeds, that fills no such box."""
    filled: float = 0.5
    """Box IoU with a found mask from which an expected box is filled."""
    min_expected: float = 0.3
    """Expected boxes of a lower score are not asked about again."""
    seeds_in_missed: int = 4
    """Seeds asked in an expected box that no mask fills."""
    spacing: float = 0.22
    """Distance between seeds, in L."""
    min_area: float = 0.04
    """Area of the smallest chromosome, in L squared."""
    max_rounds: int = 2
    """Extra rounds of seeds where something is left."""
    max_seeds: int = 400
    """Seeds asked in one piece of foreground, at most."""
    seeds_by_area: float = 5.0
    """Seeds asked in a picture, at most, for each L squared of it, every round counted. Whole slides take 3; a picture
    of fine lines would take dozens."""
    seeds_always: int = 600
    """So many more may be asked in any picture: one that is cut close around its metaphase takes up to 650 in all."""
    crops_by_area: float = 8.0
    """Crops looked at in an image of L squared, mirrored ones counted too, at most..."""
    crops_always: int = 60
    """...beyond these."""
    batch: int = 32
    """Crops in one forward pass."""


@dataclass(frozen=True)
class ExpectedBox:
    """A box in which the detector expects exactly one chromosome: a second opinion on how many there are, and where."""

    box: Box
    """In the image's pixels."""
    score: float
    """How sure the detector is, 0..1."""


@dataclass(frozen=True, eq=False)
class Separated:
    """One chromosome that the segmenter found."""

    placed: PlacedMask
    """Its mask, in the image's pixels."""
    certainty: float
    """Mean probability over the mask, 0.5..1."""
    support: float
    """Share of the seeds inside the mask that agree, 0..1."""
    seeds: int
    """Seeds that were asked inside the mask."""
    quality: float = 1.0
    """The IoU with a true chromosome that the network expects of the mask, 0..1: mean over the seeds that agree."""
    expected: float = 0.0
    """How well it fills the box that fits it best of those where one chromosome is expected, times that box's score."""


@dataclass(frozen=True, eq=False)
class SeedAnswer:
    """What one seed brought: its mask, and the probabilities over the part of its frame inside the image."""

    seed: tuple[int, int]
    """(row, column) in the image."""
    seen: Box
    """The part of the frame inside the image, in the image's pixels."""
    own: NDArray[np.float32]
    """Probability of the seeded chromosome, alone or not; float32, shape (seen.height, seen.width)."""
    both: NDArray[np.float32]
    """Probability of the seeded chromosome and another; float32, the same shape."""
    placed: PlacedMask
    """The mask, in the image's pixels."""
    certainty: float
    """Mean probability over the mask, 0.5..1."""
    parts: tuple[PlacedMask, ...] = ()
    """Further pieces that may belong to the mask; in the image's pixels. See `parts.join_parts`."""
    quality: float = 1.0
    """The IoU that the network expects of the mask, 0..1."""

    @property
    def extent(self) -> Box:
        """The box of the mask and of what may belong to it."""
        box = self.placed.box
        for part in self.parts:
            box = box.enclose(part.box)
        return box

    def is_cut(self, shape: tuple[int, int]) -> bool:
        """True where the mask, or a part of it, reaches a side of what was seen that is not the image's own edge."""
        mask, seen = self.extent, self.seen
        return (
            (mask.x0 == seen.x0 > 0)
            or (mask.y0 == seen.y0 > 0)
            or (mask.x1 == seen.x1 < shape[1])
            or (mask.y1 == seen.y1 < shape[0])
        )


@dataclass(frozen=True, eq=False)
class _Agreed:
    """A mask that several answers agree on, and what they said about it together."""

    separated: Separated
    claim: Claim


def select_masks(
    answers: Sequence[SeedAnswer],
    settings: DecodingSettings,
    length_px: float,
    expected: Sequence[ExpectedBox] = (),
) -> list[Separated]:
    """Find the chromosomes of one piece of foreground.

    Parameters
    ----------
    answers
        Of all seeds in it.
    settings
        Thresholds.
    length_px
        Typical length of the slide's chromosomes, in pixels.
    expected
        Where the detector expects one chromosome each.

    Returns
    -------
    list of Separated
        The best first.
    """
    if not answers:
        return []
    window = answers[0].placed.box
    for answer in answers[1:]:
        window = window.enclose(answer.placed.box)
    planes = _rows_of([answer.placed for answer in answers], window)
    areas = np.diff(planes.indptr).astype(np.float32)
    shared = (planes @ planes.T).toarray()
    like = shared / np.maximum(areas[:, None] + areas[None, :] - shared, 1)  # IoU of each pair
    alike = like >= settings.alike
    at = [(a.seed[0] - window.y0) * window.width + a.seed[1] - window.x0 for a in answers]
    in_window = np.array([_contains(window, a.seed) for a in answers])
    seeds_inside = (planes[:, np.where(in_window, at, 0)].toarray() > 0) & in_window[None, :]
    agreeing = (alike & seeds_inside).sum(axis=1)
    asked = seeds_inside.sum(axis=1)
    support = (agreeing + 0.5) / (asked + 1.0)  # drawn towards one half where few were asked
    certainty = np.array([a.certainty for a in answers])
    found: list[_Agreed] = []
    filled = np.array([_filled(a.placed.box, expected) for a in answers])
    for index in _chosen(like * certainty[None, :], filled, support * certainty, settings):
        members = [answer for answer, same in zip(answers, alike[index], strict=True) if same]
        agreed = _consensus(members, answers[index], float(support[index]), int(asked[index]), settings)
        if agreed.separated.placed.area >= settings.min_area * length_px**2:
            best = max(_filled(agreed.separated.placed.box, expected), default=0.0)
            found.append(replace(agreed, separated=replace(agreed.separated, expected=best)))
    needed = _needed(found, settings)
    masks = settle_overlaps([agreed.claim for agreed in needed], settings.shared)
    return [replace(agreed.separated, placed=placed) for agreed, placed in zip(needed, masks, strict=True)]


def _rows_of(masks: Sequence[PlacedMask], window: Box) -> sparse.csr_array:
    """One row for each mask, one column for each pixel of a window that holds them all: float32, 1 inside a mask.

    Sparse, for hundreds of masks of one large piece would fill the memory otherwise.
    """
    columns = []
    for placed in masks:
        y, x = np.nonzero(placed.mask)
        columns.append((y + placed.box.y0 - window.y0) * window.width + x + placed.box.x0 - window.x0)
    ends = np.cumsum([0, *map(len, columns)])
    inside = np.concatenate(columns)
    return sparse.csr_array((np.ones(len(inside), np.float32), inside, ends), shape=(len(masks), window.area))


def _filled(box: Box, expected: Sequence[ExpectedBox]) -> list[float]:
    """How well a mask's box fills each expected one, times how sure that one is."""
    return [box.iou(e.box) * e.score for e in expected]


def _chosen(
    like: NDArray[np.float64], filled: NDArray[np.float64], rank: NDArray[np.float64], settings: DecodingSettings
) -> list[int]:
    """Grow the set of masks.

    like[i, j] is what mask i is worth to seed j, filled[i, k] how well it fills the expected box k; of equal masks the
    better ranked is taken.
    """
    worth = np.where(like >= settings.min_likeness, like, 0.0)
    fills = np.where(filled >= settings.min_filled, filled, 0.0)
    worth = np.concatenate([worth, settings.expected_weight * fills], axis=1)
    unexpected = 1 - fills.max(axis=1) if fills.size else np.zeros(len(like))  # without any box none is missing
    cost = settings.mask_cost + settings.unexpected_cost * unexpected
    served = np.zeros(worth.shape[1])
    chosen: list[int] = []
    while True:
        gains = np.maximum(worth - served[None, :], 0).sum(axis=1) - cost
        best = int(np.argmax(gains + settings.prefer * rank))
        if gains[best] < 0:
            return chosen
        chosen.append(best)
        served = np.maximum(served, worth[best])


def _consensus(
    alike: Sequence[SeedAnswer], best: SeedAnswer, support: float, asked: int, settings: DecodingSettings
) -> _Agreed:
    """Average the probabilities of the answers that agree, each where its frame sees."""
    box = best.placed.box
    for answer in alike:
        box = box.enclose(answer.placed.box)
    own, both, times = (np.zeros((box.height, box.width), dtype=np.float32) for _ in range(3))
    for answer in alike:
        add(own, times, box, answer.seen, answer.own)
        add(both, None, box, answer.seen, answer.both)
    own /= np.maximum(times, 1)
    both /= np.maximum(times, 1)
    quality = float(np.mean([answer.quality for answer in alike]))
    row, column = best.seed
    mask, others = reached_parts(own, (row - box.y0, column - box.x0), settings.level, settings.reach)
    for part in others:
        if np.count_nonzero(part & best.placed.within(box)) > MIN_KNOWN * np.count_nonzero(part):
            mask |= part
    placed = PlacedMask.from_dense(mask, (box.y0, box.x0))
    if placed is None:
        return _Agreed(
            Separated(best.placed, best.certainty, support, asked, quality),
            Claim(best.placed, best.seen, best.own, best.both),
        )
    separated = Separated(placed, float(own[mask].mean()), support, asked, quality)
    return _Agreed(separated, Claim(placed, box, own, both))


def _needed(found: Sequence[_Agreed], settings: DecodingSettings) -> list[_Agreed]:
    """Drop masks that the others explain: the crossing of two chromosomes is none of its own. Weakest first.

    Pixels that a mask itself calls shared explain nothing: a chromosome may lie on another one with most of its
    length, but not with all of it.
    """
    kept = list(found)
    for candidate in sorted(found, key=lambda a: a.separated.support * a.separated.certainty):
        placed = candidate.separated.placed
        others = any_within((other.separated.placed for other in kept if other is not candidate), placed.box)
        below = others & placed.mask
        explained = below & (candidate.claim.both_under() < settings.shared)
        if (
            np.count_nonzero(below) > settings.max_hidden * placed.area
            or np.count_nonzero(explained) > settings.max_covered * placed.area
        ):
            kept.remove(candidate)
    return kept


def _contains(box: Box, seed: tuple[int, int]) -> bool:
    return box.y0 <= seed[0] < box.y1 and box.x0 <= seed[1] < box.x1
