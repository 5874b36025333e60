"""Scores every mask of a slide, and leaves out those that are more likely wrong than right."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from ...core.mask import intersection_area
from ...weights import LoadedWeights
from .candidate import Candidate
from .features import mask_features
from .scoring_network import ScoringNetwork


@dataclass(frozen=True, eq=False)
class Scorer:
    """A fitted scoring network, its calibration and its thresholds."""

    network: ScoringNetwork
    """Probability that a mask is right, not calibrated yet."""
    calibration: tuple[tuple[float, float], ...] = ()
    """(network's answer, share of right masks) pairs, rising; without them the answer is the score."""
    review_below: float = 1.0
    """Chromosomes with a lower score are flagged."""
    keep_from: float = 0.0
    """Masks with a lower score are left out."""

    @classmethod
    def from_weights(cls, loaded: LoadedWeights) -> Scorer:
        """Make the scorer of a weights file.

        Raises
        ------
        WeightsError
            Where the tensors do not fit the network.
        """
        entry = loaded.entry
        network = loaded.fill(ScoringNetwork()).eval()
        return cls(network, entry.calibration, entry.review_below, float(entry.config.get("keep_from", 0.0)))

    def scores(self, candidates: Sequence[Candidate], shape: tuple[int, int], length_px: float) -> NDArray[np.float64]:
        """Score the masks of one slide.

        Parameters
        ----------
        candidates
            All of them.
        shape
            (rows, columns) of the slide.
        length_px
            Typical length of its chromosomes, in pixels.

        Returns
        -------
        ndarray
            float64, shape (len(candidates),): calibrated, 0..1.
        """
        return self.calibrated(self.network.probabilities(mask_features(candidates, shape, length_px)))

    def calibrated(self, raw: NDArray[np.float64]) -> NDArray[np.float64]:
        """Turn the network's answers into the share of validation masks with such an answer that were right."""
        if not self.calibration:
            return raw
        return np.interp(raw, [p[0] for p in self.calibration], [p[1] for p in self.calibration])

    def divide(
        self, candidates: Sequence[Candidate], shape: tuple[int, int], length_px: float
    ) -> tuple[list[Candidate], list[Candidate]]:
        """Score the masks of one slide, and divide them into those to keep and those to leave out.

        Parameters
        ----------
        candidates, shape, length_px
            As for `scores`.

        Returns
        -------
        kept, left_out
            With their scores; what touches a mask that is left out is unresolved.
        """
        scores = self.scores(candidates, shape, length_px)
        scored = [replace(c, score=float(score)) for c, score in zip(candidates, scores, strict=True)]
        left_out = [c for c in scored if c.score < self.keep_from]
        around = [c.placed.grown() for c in left_out]
        kept = [
            replace(c, unresolved=c.unresolved or any(intersection_area(grown, c.placed) for grown in around))
            for c in scored
            if c.score >= self.keep_from
        ]
        return kept, left_out
