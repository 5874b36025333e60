"""How many of each a slide has: what its row in a summary says."""

from __future__ import annotations

from dataclasses import dataclass

from .result import SplitResult


@dataclass(frozen=True)
class Counts:
    """metaphases: without stray groups. flagged_metaphases: of those. flagged: chromosomes that carry a flag."""

    metaphases: int = 0
    flagged_metaphases: int = 0
    chromosomes: int = 0
    flagged: int = 0

    @classmethod
    def of(cls, result: SplitResult) -> Counts:
        """Those of a result."""
        return cls(
            metaphases=len(result.spreads),
            flagged_metaphases=sum(bool(m.flags) for m in result.spreads),
            chromosomes=len(result.chromosomes),
            flagged=sum(bool(c.flags) for c in result.chromosomes),
        )
