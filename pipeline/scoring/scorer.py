"""Gives every mask of a slide its score, and leaves out those that are more likely wrong than right."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from ...core.mask import intersection_area
from ...weights import LoadedWeights
from .candidate import Found
from .features import Confidence, evidence


@dataclass(frozen=True, eq=False)
class Judge:
    """A fitted confidence and its thresholds.

    confidence: the network. calibration: (its answer, share of right masks) pairs, rising.
    review_below: chromosomes with a lower score are flagged. keep_from: masks with a lower score are left out.
    """

    confidence: Confidence
    calibration: tuple[tuple[float, float], ...] = ()
    review_below: float = 1.0
    keep_from: float = 0.0

    @classmethod
    def from_weights(cls, loaded: LoadedWeights) -> Judge:
        """The judge of a weights file.

        Raises WeightsError where the tensors do not fit.
        """
        entry = loaded.entry
        return cls(
            Confidence.from_tensors(loaded.tensors),
            entry.calibration,
            entry.review_below,
            float(entry.config.get("keep_from", 0.0)),
        )

    def scores(self, found: Sequence[Found], shape: tuple[int, int], length_px: float) -> NDArray[np.float64]:
        """Calibrated scores, 0..1, of a slide's masks."""
        return self.calibrated(self.confidence.judged(evidence(found, shape, length_px)))

    def calibrated(self, raw: NDArray[np.float64]) -> NDArray[np.float64]:
        """The share of validation masks with such an answer that were right; the answer itself without pairs."""
        if not self.calibration:
            return raw
        return np.interp(raw, [p[0] for p in self.calibration], [p[1] for p in self.calibration])

    def judged(
        self, found: Sequence[Found], shape: tuple[int, int], length_px: float
    ) -> tuple[list[Found], list[Found]]:
        """(kept, left out) masks of one slide with their scores; what touches one that was left out is unresolved."""
        scored = [
            replace(f, score=float(score)) for f, score in zip(found, self.scores(found, shape, length_px), strict=True)
        ]
        left_out = [f for f in scored if f.score < self.keep_from]
        around = [f.placed.grown() for f in left_out]
        kept = [
            replace(f, unresolved=f.unresolved or any(intersection_area(grown, f.placed) for grown in around))
            for f in scored
            if f.score >= self.keep_from
        ]
        return kept, left_out
