"""Compares the boxes of found masks with true boxes, where the truth has no masks.

People draw boxes looser than a mask's own box: where the box of a chromosome of 20 x 80 px has five pixels of air on
every side, its IoU with the mask's own box is 0.6. So the usual air is measured on each slide, one figure for each
side, and added to the found boxes before they are compared; the figures for the boxes as drawn stand beside those.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import linear_sum_assignment
from scipy.sparse.csgraph import connected_components

from ...core.box import Box
from ...datasets.boxed_slide import BoxedSlide
from ..split import Splitter
from .average_precision import average_precision, run_coco

MIN_PAIR_IOU = 0.4
"""Boxes that are as alike as this are pairs enough to measure the usual air."""
MAX_AIR = 0.12
"""More air at a side than this share of a typical true box's long side is no air: there the masks are too small."""
MIN_PAIRS = 5
MIN_LENGTH_RATIO, MAX_LENGTH_RATIO = 0.6, 1.6
"""A slide whose masks are typically shorter or longer than its boxes by more was searched at a wrong scale."""
MAX_CLUSTER_SIZE = 5


@dataclass(frozen=True, eq=False)
class BoxComparison:
    """One slide's true boxes and the boxes of its masks."""

    name: str
    """The slide's name."""
    truth: tuple[Box, ...]
    """True boxes, in slide pixels."""
    found: tuple[Box, ...]
    """Boxes of the found masks, in slide pixels."""
    unflagged: tuple[bool, ...] = ()
    """Which found masks carry no flag; empty where that is not known."""
    scores: tuple[float, ...] = ()
    """How sure each found mask is, 0..1; empty where that is not known."""


@dataclass(frozen=True)
class BoxScores:
    """Figures over a set of slides; shares are 0..1."""

    slides: int
    """Slides compared."""
    true_chromosomes: int
    """True boxes."""
    found_chromosomes: int
    """Found masks."""
    ap50: float | None
    """COCO average precision at box IoU 0.5, the usual air added; None where scores are not known."""
    f1_50: float
    """F1 at box IoU 0.5, pooled over all chromosomes, the usual air added."""
    f1_75: float
    """The same at 0.75."""
    f1_50_as_drawn: float
    """F1 at 0.5 without the air."""
    f1_75_as_drawn: float
    """The same at 0.75."""
    count_error: float
    """Mean absolute difference in chromosomes a slide."""
    exact_counts: float
    """Share of the slides with exactly the true count."""
    wrong_scale: tuple[str, ...]
    """Slides searched at a wrong scale: masks far smaller or larger than the boxes, or next to none found."""
    recall_50: dict[str, float]
    """Recall at 0.5 by size of the cluster of true boxes that overlap, "1" to "4" and "5+"."""
    clusters: dict[str, int]
    """True chromosomes by the same sizes."""
    unflagged_share: float | None
    """Share of the found masks without a flag; None where nothing was found."""
    unflagged_right: float | None
    """Share of them that are right at 0.5; None where there are none."""


def compare_boxes(slide: BoxedSlide, splitter: Splitter) -> BoxComparison:
    """Split a slide and put the boxes of its masks beside the true ones."""
    result = splitter.split(slide.image_path)
    found = tuple(c.box_slide for c in result.chromosomes)
    return BoxComparison(
        slide.name,
        slide.boxes,
        found,
        tuple(not c.flags for c in result.chromosomes),
        tuple(c.score for c in result.chromosomes),
    )


def score_boxes(comparisons: Iterable[BoxComparison]) -> BoxScores:
    """Score a set of slides.

    Raises
    ------
    ValueError
        For an empty set.
    """
    slides = list(comparisons)
    if not slides:
        raise ValueError("no slide to score")
    aired = [with_usual_air(s.truth, s.found) for s in slides]
    pairs_50 = [matched_boxes(s.truth, found, 0.5) for s, found in zip(slides, aired, strict=True)]
    total = sum(len(s.truth) + len(s.found) for s in slides)

    def f1(right: int) -> float:
        return 2 * right / total if total else 1.0

    hits: dict[str, list[bool]] = {}
    for slide, pairs in zip(slides, pairs_50, strict=True):
        matched = {t for t, _ in pairs}
        for index, size in enumerate(_cluster_sizes(slide.truth)):
            hits.setdefault(size, []).append(index in matched)
    unflagged = [
        (j in {f for _, f in pairs})
        for s, pairs in zip(slides, pairs_50, strict=True)
        for j, clear in enumerate(s.unflagged)
        if clear
    ]
    found = sum(len(s.found) for s in slides)
    differences = [abs(len(s.truth) - len(s.found)) for s in slides]
    return BoxScores(
        slides=len(slides),
        true_chromosomes=sum(len(s.truth) for s in slides),
        found_chromosomes=found,
        ap50=_average_precision(slides, aired) if any(s.scores for s in slides) else None,
        f1_50=f1(sum(map(len, pairs_50))),
        f1_75=f1(sum(len(matched_boxes(s.truth, f, 0.75)) for s, f in zip(slides, aired, strict=True))),
        f1_50_as_drawn=f1(sum(len(matched_boxes(s.truth, s.found, 0.5)) for s in slides)),
        f1_75_as_drawn=f1(sum(len(matched_boxes(s.truth, s.found, 0.75)) for s in slides)),
        count_error=float(np.mean(differences)),
        exact_counts=float(np.mean([d == 0 for d in differences])),
        wrong_scale=tuple(s.name for s in slides if _is_wrong_scale(s)),
        recall_50={size: float(np.mean(values)) for size, values in sorted(hits.items())},
        clusters={size: len(values) for size, values in sorted(hits.items())},
        unflagged_share=len(unflagged) / found if found else None,
        unflagged_right=float(np.mean(unflagged)) if unflagged else None,
    )


def _average_precision(slides: Sequence[BoxComparison], aired: Sequence[Sequence[Box]]) -> float:
    """At box IoU 0.5, of the found boxes with the usual air."""
    truth: list[dict[str, Any]] = []
    found: list[dict[str, Any]] = []
    for image_id, (slide, boxes) in enumerate(zip(slides, aired, strict=True), start=1):
        truth += [_annotation(len(truth) + n, image_id, box) for n, box in enumerate(slide.truth, start=1)]
        scored = zip(boxes, slide.scores, strict=True)
        found += [_annotation(len(found) + n, image_id, b) | {"score": s} for n, (b, s) in enumerate(scored, start=1)]
    everywhere = [(max((b.y1 for b in s.truth), default=1), max((b.x1 for b in s.truth), default=1)) for s in slides]
    return average_precision(run_coco(everywhere, truth, found, "bbox"), 0.5)


def _annotation(number: int, image_id: int, box: Box) -> dict[str, Any]:
    x0, y0, x1, y1 = box.edges
    corner = [x0, y0, x1 - x0, y1 - y0]
    return {"id": number, "image_id": image_id, "category_id": 1, "iscrowd": 0, "area": box.area, "bbox": corner}


def matched_boxes(truth: Sequence[Box], found: Sequence[Box], threshold: float) -> list[tuple[int, int]]:
    """Pair true and found boxes one to one, as many as reach an IoU, the most alike first among equals.

    Returns
    -------
    list of (int, int)
        (index in `truth`, index in `found`).
    """
    alike = _ious(truth, found)
    if not alike.size:
        return []
    rows, columns = linear_sum_assignment(-((alike >= threshold) + 1e-3 * alike))
    return [(int(i), int(j)) for i, j in zip(rows, columns, strict=True) if alike[i, j] >= threshold]


def usual_air(truth: Sequence[Box], found: Sequence[Box]) -> tuple[int, int, int, int]:
    """How much looser true boxes are than found ones: pixels at the left, top, right and bottom.

    The median over pairs that are alike, within what people draw; 0 with fewer than five pairs.
    """
    pairs = matched_boxes(truth, found, MIN_PAIR_IOU)
    if len(pairs) < MIN_PAIRS:
        return 0, 0, 0, 0
    gaps = np.array([np.array(truth[i].edges) - np.array(found[j].edges) for i, j in pairs])
    limit = MAX_AIR * float(np.median([box.long_side for box in truth]))
    left, top, right, bottom = np.round(np.clip(np.median(gaps, axis=0) * [-1, -1, 1, 1], -limit, limit)).astype(int)
    return int(left), int(top), int(right), int(bottom)


def with_usual_air(truth: Sequence[Box], found: Sequence[Box]) -> list[Box]:
    """The found boxes, each with the usual air of the true ones around it."""
    left, top, right, bottom = usual_air(truth, found)
    return [Box(b.x0 - left, b.y0 - top, b.x1 + right, b.y1 + bottom) for b in found]


def _ious(a: Sequence[Box], b: Sequence[Box]) -> NDArray[np.float64]:
    return np.array([[one.iou(other) for other in b] for one in a]).reshape(len(a), len(b))


def _cluster_sizes(boxes: Sequence[Box]) -> list[str]:
    """For each box how many boxes it hangs together with: those that share a tenth of the smaller one."""
    shared = [[_share_of_smaller(a, b) > 0.1 for b in boxes] for a in boxes]
    _, labels = connected_components(np.array(shared).reshape(len(boxes), len(boxes)), directed=False)
    counts = np.bincount(labels, minlength=1)
    return [str(counts[n]) if counts[n] < MAX_CLUSTER_SIZE else f"{MAX_CLUSTER_SIZE}+" for n in labels]


def _share_of_smaller(a: Box, b: Box) -> float:
    smaller = min(a.area, b.area)
    return max(0, a.intersect(b).width) * max(0, a.intersect(b).height) / smaller if smaller else 0.0


def _is_wrong_scale(slide: BoxComparison) -> bool:
    """True where the masks' typical long side is far from the boxes', or fewer than a third as many were found."""
    if not slide.truth:
        return False
    if len(slide.found) < len(slide.truth) / 3:
        return True
    true_length = np.median([b.long_side for b in slide.truth])
    found_length = np.median([b.long_side for b in slide.found])
    return not MIN_LENGTH_RATIO <= found_length / true_length <= MAX_LENGTH_RATIO
