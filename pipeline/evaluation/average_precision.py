"""COCO's evaluation by pycocotools, for masks and for boxes: one place that knows how it is asked."""

from __future__ import annotations

import contextlib
import io
from collections.abc import Sequence
from typing import Any, Literal

import numpy as np
from pycocotools.coco import COCO
from pycocotools.cocoeval import COCOeval

MAX_DETECTIONS = 500
CATEGORIES = [{"id": 1, "name": "chromosome"}]


def run_coco(
    shapes: Sequence[tuple[int, int]],
    truth: Sequence[dict[str, Any]],
    found: Sequence[dict[str, Any]],
    kind: Literal["segm", "bbox"],
) -> COCOeval:
    """COCOeval over all slides, evaluated and accumulated; its chatter is silenced.

    Parameters
    ----------
    shapes
        (rows, columns) of the slides, whose image ids count from 1.
    truth, found
        COCO annotations, the found ones with a score.
    kind
        Whether masks or boxes are compared.
    """
    images = [{"id": number, "height": rows, "width": columns} for number, (rows, columns) in enumerate(shapes, 1)]
    with contextlib.redirect_stdout(io.StringIO()):
        reference, answers = COCO(), COCO()
        reference.dataset = {"images": images, "annotations": list(truth), "categories": CATEGORIES}
        answers.dataset = {"images": images, "annotations": list(found), "categories": CATEGORIES}
        reference.createIndex()
        answers.createIndex()
        coco = COCOeval(reference, answers, kind)
        coco.params.maxDets = [1, 100, MAX_DETECTIONS]
        coco.params.areaRng = [[0, 1e10]]
        coco.params.areaRngLbl = ["all"]
        coco.evaluate()
        coco.accumulate()
    return coco


def threshold_index(coco: COCOeval, threshold: float) -> int:
    """Where an IoU stands among those of an evaluation."""
    return int(np.argmin(np.abs(coco.params.iouThrs - threshold)))


def average_precision(coco: COCOeval, threshold: float | None) -> float:
    """Average precision at an IoU, or the mean over 0.50 to 0.95 for None; 0..1."""
    precision = coco.eval["precision"][:, :, 0, 0, -1]
    if threshold is not None:
        precision = precision[threshold_index(coco, threshold)]
    valid = precision[precision > -1]
    return float(valid.mean()) if valid.size else 0.0
