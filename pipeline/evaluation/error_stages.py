"""Where a chromosome was lost: which stage made each error of a comparison with the truth."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from ...core.box import Box
from ...core.clusters import clusters_of
from ...core.mask import EIGHT_CONNECTED, PlacedMask, any_within, intersection_area, iou, union
from .comparison import SlideComparison
from .slide_scores import matched_pairs

LOSSES = ("no box", "no mask", "joined", "split", "part", "outline")
EXTRAS = ("background", "fragment", "joined", "twice", "outline")
MIN_IN_BOX = 0.9
"""Share of a chromosome that one box must hold."""
MIN_NEARLY_ALL = 0.7
"""Share of a mask that counts as nearly all of it."""
MIN_SHARE = 0.5
MIN_ON_CHROMOSOME = 0.2
"""A mask of which less is chromosome lies on the background."""


@dataclass(frozen=True)
class Diagnosis:
    """Errors of some slides at IoU 0.5, by stage; counts."""

    losses: dict[str, int]
    """True chromosomes without a right mask. "no box": no detector box holds nine tenths of it. "no mask": no mask
    covers a fifth of it. "joined": one mask covers most of it and half of another. "split": two masks or more lie in it
    and cover most of it together. "part": one mask lies in it and covers too little. "outline": the rest."""
    extras: dict[str, int]
    """Wrong masks. "background": less than a fifth is chromosome. "fragment": most lies in one chromosome, of which it
    covers less than half. "joined": half of two chromosomes or more. "twice": its chromosome has a right mask already.
    "outline": the rest."""
    in_boxes: float
    """Share of the true chromosomes that some box holds."""
    empty_boxes: float
    """Boxes a slide that touch no chromosome."""
    matched_iou: float
    """Mean IoU of right masks."""
    band_iou: float
    """The same where pixels within one pixel of the true outline do not count."""
    matched_75: float
    """Share of the right masks with an IoU of 0.75 or more."""
    band_75: float
    """The same where pixels within one pixel of the true outline do not count."""


@dataclass(frozen=True, eq=False)
class SlideErrors:
    """The errors of one slide: (index, kind) of the truth's chromosomes and of the found masks."""

    comparison: SlideComparison
    losses: tuple[tuple[int, str], ...]
    extras: tuple[tuple[int, str], ...]


def diagnose(comparisons: Sequence[SlideComparison]) -> Diagnosis:
    """Sum the errors of some slides up by stage."""
    errors = [errors_of(c) for c in comparisons]
    losses = Counter(kind for e in errors for _, kind in e.losses)
    extras = Counter(kind for e in errors for _, kind in e.extras)
    held = [in_some_box(t, c) for c in comparisons for t in c.truth]
    empty = [sum(not _touched(d.box_slide, c.truth) for d in c.boxes) for c in comparisons]
    pairs = [(c.truth[t], c.found[f]) for c in comparisons for t, f in matched_pairs(c)]
    plain = np.array([iou(t, f) for t, f in pairs])
    banded = np.array([band_iou(t, f) for t, f in pairs])
    return Diagnosis(
        losses={kind: losses[kind] for kind in LOSSES},
        extras={kind: extras[kind] for kind in EXTRAS},
        in_boxes=_mean(held),
        empty_boxes=_mean(empty),
        matched_iou=_mean(plain),
        band_iou=_mean(banded),
        matched_75=_mean(plain >= 0.75),
        band_75=_mean(banded >= 0.75),
    )


def errors_of(comparison: SlideComparison) -> SlideErrors:
    """The errors of one slide at IoU 0.5."""
    truth, found = comparison.truth, comparison.found
    shared = np.array([[intersection_area(t, f) for f in found] for t in truth]).reshape(len(truth), len(found))
    of_truth = shared / np.array([t.area for t in truth]).reshape(-1, 1)
    of_found = shared / np.array([f.area for f in found]).reshape(1, -1)
    pairs = matched_pairs(comparison)
    right_truth, right_found = {t for t, _ in pairs}, {f for _, f in pairs}
    losses = tuple((i, _loss(i, of_truth, of_found, comparison)) for i in range(len(truth)) if i not in right_truth)
    extras = tuple(
        (j, _extra(j, of_truth, of_found, right_truth, comparison)) for j in range(len(found)) if j not in right_found
    )
    return SlideErrors(comparison, losses, extras)


def on_background(comparison: SlideComparison) -> float:
    """Share of the found masks of which less than a fifth is chromosome by the truth."""
    return _mean([_beside(placed, comparison) for placed in comparison.found])


@dataclass(frozen=True, eq=False)
class WorstCluster:
    """A true cluster that was not separated right, with what was found there."""

    name: str
    """Of its slide."""
    box_slide: Box
    """The part of the slide that shows it."""
    lost: int
    """True chromosomes of it without a right mask."""
    truth: tuple[PlacedMask, ...]
    """Its true masks, in slide pixels."""
    found: tuple[PlacedMask, ...]
    """The result's masks there, in slide pixels."""
    wrong_found: frozenset[int]
    """Indices into `found` of wrong masks."""


def worst_clusters(comparisons: Sequence[SlideComparison], count: int) -> list[WorstCluster]:
    """The true clusters with the most errors, the worst first; masks on the background make clusters of their own.

    Parameters
    ----------
    comparisons
        Of some slides.
    count
        How many at most.
    """
    worst: list[tuple[int, WorstCluster]] = []
    for comparison in comparisons:
        errors = errors_of(comparison)
        lost, wrong = {i for i, _ in errors.losses}, {j for j, _ in errors.extras}
        shown: set[int] = set()
        for members in clusters_of(comparison.truth):
            truth = tuple(comparison.truth[i] for i in members)
            here = union(truth)
            found = [j for j, f in enumerate(comparison.found) if intersection_area(here, f)]
            shown |= set(found)
            mistakes = len(lost & set(members)) + len(wrong & set(found))
            if mistakes:
                masks = tuple(comparison.found[j] for j in found)
                bad = frozenset(k for k, j in enumerate(found) if j in wrong)
                place = here.box.grow(6).clip(comparison.shape)
                cluster = WorstCluster(comparison.name, place, len(lost & set(members)), truth, masks, bad)
                worst.append((mistakes, cluster))
        for j in wrong - shown:
            mask = comparison.found[j]
            place = mask.box.grow(20).clip(comparison.shape)
            worst.append((1, WorstCluster(comparison.name, place, 0, (), (mask,), frozenset({0}))))
    worst.sort(key=lambda pair: -pair[0])
    return [cluster for _, cluster in worst[:count]]


def in_some_box(placed: PlacedMask, comparison: SlideComparison) -> bool:
    """True where one of the comparison's boxes holds nine tenths of a mask."""
    for detection in comparison.boxes:
        shared = placed.box.intersect(detection.box_slide)
        if not shared.is_empty and np.count_nonzero(placed.within(shared)) >= MIN_IN_BOX * placed.area:
            return True
    return False


def band_iou(truth: PlacedMask, found: PlacedMask) -> float:
    """IoU without the pixels within one pixel of the true outline, where a hand-made outline cannot be trusted.

    Parameters
    ----------
    truth, found
        In slide pixels.
    """
    window = truth.box.enclose(found.box).grow(2)
    true, other = truth.within(window), found.within(window)
    band = ndimage.binary_dilation(true, EIGHT_CONNECTED) & ~ndimage.binary_erosion(true, EIGHT_CONNECTED)
    either = np.count_nonzero((true | other) & ~band)
    return float(np.count_nonzero(true & other & ~band) / either) if either else 1.0


def _loss(index: int, of_truth: NDArray[np.float64], of_found: NDArray[np.float64], comparison: SlideComparison) -> str:
    covering, inside = of_truth[index], of_found[index]
    if not in_some_box(comparison.truth[index], comparison) and comparison.boxes:
        return "no box"
    if not covering.size or covering.max() < 0.2:
        return "no mask"
    others = np.delete(of_truth, index, axis=0)
    if others.size and np.any((covering >= MIN_NEARLY_ALL) & (others.max(axis=0) >= MIN_SHARE)):
        return "joined"
    parts = np.flatnonzero(inside >= MIN_NEARLY_ALL)
    window = comparison.truth[index].box
    together = any_within((comparison.found[j] for j in parts), window) & comparison.truth[index].mask
    if parts.size >= 2 and np.count_nonzero(together) >= MIN_NEARLY_ALL * comparison.truth[index].area:
        return "split"
    return "part" if parts.size else "outline"


def _extra(
    index: int,
    of_truth: NDArray[np.float64],
    of_found: NDArray[np.float64],
    right_truth: set[int],
    comparison: SlideComparison,
) -> str:
    if not of_found.shape[0]:
        return "background"
    placed = comparison.found[index]
    if _beside(placed, comparison):
        return "background"
    if np.count_nonzero(of_truth[:, index] >= MIN_SHARE) >= 2:
        return "joined"
    best = int(np.argmax(of_found[:, index]))
    if best in right_truth and iou(placed, comparison.truth[best]) >= MIN_SHARE:
        return "twice"
    if of_found[best, index] >= MIN_NEARLY_ALL and of_truth[best, index] < MIN_SHARE:
        return "fragment"
    return "outline"


def _beside(placed: PlacedMask, comparison: SlideComparison) -> bool:
    on_truth = np.count_nonzero(any_within(comparison.truth, placed.box) & placed.mask)
    return bool(on_truth < MIN_ON_CHROMOSOME * placed.area)


def _touched(box: Box, truth: Sequence[PlacedMask]) -> bool:
    return bool(any_within(truth, box).any())


def _mean(values: Sequence[float] | NDArray[np.float64] | NDArray[np.bool_]) -> float:
    return float(np.mean(np.asarray(values, dtype=float))) if len(values) else 0.0
