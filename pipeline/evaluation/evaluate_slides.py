"""Splits slides whose chromosomes are known, and works out how well that went."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from ...datasets import AnnotatedSlide
from ..scoring.calibration import Reliability, calibration_error, reliability
from ..split import Splitter
from .comparison import SlideComparison, compare
from .error_stages import Diagnosis, diagnose
from .slide_scores import SlideScores, matches, score_slides
from .trimming import normalised_image, trimmed


@dataclass(frozen=True, eq=False)
class SlideEvaluation:
    """How well the slides of a set were split."""

    comparisons: tuple[SlideComparison, ...]
    """Truth and result of each slide."""
    scores: SlideScores
    """COCO's figures over all slides."""
    trimmed: SlideScores
    """The same with truth and masks both trimmed, see `trimming`."""
    diagnosis: Diagnosis
    """Errors by the stage that made them."""
    calibration_error: float
    """Expected calibration error of the scores, 0..1."""
    reliability: tuple[Reliability, ...]
    """Bins of the reliability diagram."""
    unflagged_share: float
    """Share of the masks whose score says that they need no review, 0..1."""
    unflagged_right: float
    """Share of those that are right, 0..1."""
    seconds_a_slide: float
    """Median seconds that a slide took."""

    def figures(self) -> dict[str, Any]:
        """Gather all figures by name, as the JSON file of an evaluation holds them."""
        return asdict(self.scores) | {
            "trimmed": asdict(self.trimmed),
            "errors": asdict(self.diagnosis),
            "calibration_error": self.calibration_error,
            "reliability": [asdict(b) for b in self.reliability],
            "unflagged_share": self.unflagged_share,
            "unflagged_right": self.unflagged_right,
            "seconds_a_slide": self.seconds_a_slide,
        }


def evaluate_slides(
    slides: Iterable[AnnotatedSlide], splitter: Splitter, report: Callable[[str], None]
) -> SlideEvaluation:
    """Split slides with truth, and compare.

    Parameters
    ----------
    slides
        At least one.
    splitter
        Splits them.
    report
        Called with one line after each slide.

    Raises
    ------
    InputError
        For a slide that cannot be used.
    """
    comparisons, without_rims, seconds = [], [], []
    for slide in slides:
        since = time.perf_counter()
        comparison = compare(slide, splitter)
        seconds.append(time.perf_counter() - since)
        comparisons.append(comparison)
        without_rims.append(trimmed(comparison, normalised_image(slide, splitter.settings.polarity)))
        report(f"{slide.name}: {len(comparison.found)} found, {len(slide.chromosomes)} true")
    scores = score_slides(comparisons)
    right = np.concatenate([matches(c) for c in comparisons])
    every_score = np.concatenate([np.array(c.scores) for c in comparisons])
    unflagged = every_score >= splitter.review_below
    return SlideEvaluation(
        comparisons=tuple(comparisons),
        scores=scores,
        trimmed=score_slides(without_rims),
        diagnosis=diagnose(comparisons),
        calibration_error=calibration_error(every_score, right),
        reliability=tuple(reliability(every_score, right)),
        unflagged_share=float(unflagged.mean()) if unflagged.size else 0.0,
        unflagged_right=float(right[unflagged].mean()) if unflagged.any() else 1.0,
        seconds_a_slide=float(np.median(seconds)),
    )
