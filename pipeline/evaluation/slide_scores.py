"""Compares found chromosomes with true ones. pycocotools decides what is right (COCO definition, masks)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from pycocotools.cocoeval import COCOeval

from ...core.clusters import clusters_of
from ...core.mask import count_masks
from ...datasets.coco import instances
from .average_precision import average_precision, run_coco, threshold_index
from .comparison import SlideComparison

MAX_CLUSTER_SIZE = 5
"""Clusters of so many chromosomes or more are counted together."""


@dataclass(frozen=True)
class SlideScores:
    """Figures over a set of slides; shares are 0..1."""

    slides: int
    """How many there are."""
    true_chromosomes: int
    """On all slides together."""
    found_chromosomes: int
    """On all slides together."""
    ap: float
    """COCO average precision, mean over IoU 0.5 to 0.95, at most 500 detections a slide."""
    ap50: float
    """The same at IoU 0.5."""
    ap75: float
    """The same at IoU 0.75."""
    f1_50: float
    """F1 at IoU 0.5, pooled over all chromosomes."""
    f1_75: float
    """F1 at IoU 0.75, pooled over all chromosomes."""
    count_error: float
    """Mean absolute difference in chromosomes a slide."""
    overlap_iou: float
    """IoU of the pixels that lie in two masks or more, pooled over slides."""
    recall_50: dict[str, float]
    """Recall at IoU 0.5 by size of the true cluster, "1" to "4" and "5+"."""
    recall_75: dict[str, float]
    """Recall at IoU 0.75 by the same sizes."""
    clusters: dict[str, int]
    """True chromosomes by the same sizes."""


def score_slides(comparisons: Iterable[SlideComparison]) -> SlideScores:
    """Score a set of slides.

    Raises
    ------
    ValueError
        For an empty set.
    """
    slides = list(comparisons)
    if not slides:
        raise ValueError("no slide to score")
    coco = _run_coco(slides)
    size_of, sizes = _cluster_sizes(slides)
    recall_50, f1_50 = _recall_and_f1(coco, 0.5, slides, size_of)
    recall_75, f1_75 = _recall_and_f1(coco, 0.75, slides, size_of)
    return SlideScores(
        slides=len(slides),
        true_chromosomes=sum(len(s.truth) for s in slides),
        found_chromosomes=sum(len(s.found) for s in slides),
        ap=average_precision(coco, None),
        ap50=average_precision(coco, 0.5),
        ap75=average_precision(coco, 0.75),
        f1_50=f1_50,
        f1_75=f1_75,
        count_error=float(np.mean([abs(len(s.truth) - len(s.found)) for s in slides])),
        overlap_iou=_overlap_iou(slides),
        recall_50=recall_50,
        recall_75=recall_75,
        clusters=sizes,
    )


def matched_pairs(comparison: SlideComparison, threshold: float = 0.5) -> list[tuple[int, int]]:
    """(index of a true mask, index of the found mask that is right) by COCO's matching at an IoU.

    Parameters
    ----------
    comparison
        Of one slide.
    threshold
        IoU from which a mask is right.
    """
    coco = _run_coco([comparison])
    answer = coco.evalImgs[0]
    if answer is None:
        return []
    matched = np.asarray(answer["gtMatches"])[threshold_index(coco, threshold)]
    pairs = zip(answer["gtIds"], matched, strict=True)
    return [(int(true) - 1, int(found) - 1) for true, found in pairs if found > 0]


def matches(comparison: SlideComparison, threshold: float = 0.5) -> NDArray[np.bool_]:
    """Which found masks are right by COCO's matching at an IoU: bool, one per found mask, in their order.

    Parameters
    ----------
    comparison
        Of one slide.
    threshold
        IoU from which a mask is right.
    """
    right = np.zeros(len(comparison.found), dtype=bool)
    right[[found for _, found in matched_pairs(comparison, threshold)]] = True
    return right


def _run_coco(slides: Sequence[SlideComparison]) -> COCOeval:
    """COCO's evaluation of masks over all slides."""
    truth: list[dict[str, object]] = []
    found: list[dict[str, object]] = []
    for image_id, slide in enumerate(slides, start=1):
        for annotation in instances(slide.name, slide.shape, slide.truth)["annotations"]:
            truth.append(annotation | {"id": len(truth) + 1, "image_id": image_id})
        for annotation, score in zip(
            instances(slide.name, slide.shape, slide.found)["annotations"], slide.scores, strict=True
        ):
            found.append(annotation | {"id": len(found) + 1, "image_id": image_id, "score": score})
    return run_coco([slide.shape for slide in slides], truth, found, "segm")


def _recall_and_f1(
    coco: COCOeval, threshold: float, slides: Sequence[SlideComparison], size_of: Sequence[str]
) -> tuple[dict[str, float], float]:
    row = threshold_index(coco, threshold)
    hits: dict[str, list[bool]] = {}
    for answer in coco.evalImgs:
        if answer is None:
            continue
        for annotation, match in zip(answer["gtIds"], np.asarray(answer["gtMatches"])[row], strict=True):
            hits.setdefault(size_of[int(annotation) - 1], []).append(bool(match > 0))
    right = sum(sum(values) for values in hits.values())
    total = sum(len(s.truth) + len(s.found) for s in slides)
    recall = {size: float(np.mean(values)) for size, values in sorted(hits.items())}
    return recall, 2 * right / total if total else 1.0


def _cluster_sizes(slides: Sequence[SlideComparison]) -> tuple[list[str], dict[str, int]]:
    """The size of each true chromosome's cluster, in the order of the coco's numbers, and their counts."""
    size_of: list[str] = []
    for slide in slides:
        sizes = ["1"] * len(slide.truth)
        for members in clusters_of(slide.truth):
            for index in members:
                sizes[index] = str(len(members)) if len(members) < MAX_CLUSTER_SIZE else f"{MAX_CLUSTER_SIZE}+"
        size_of.extend(sizes)
    return size_of, {size: size_of.count(size) for size in sorted(set(size_of))}


def _overlap_iou(slides: Sequence[SlideComparison]) -> float:
    shared = either = 0
    for slide in slides:
        truth = count_masks(slide.truth, slide.shape) > 1
        found = count_masks(slide.found, slide.shape) > 1
        shared += int(np.count_nonzero(truth & found))
        either += int(np.count_nonzero(truth | found))
    return shared / either if either else 1.0
