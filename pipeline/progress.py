"""Where the splitting of a slide stands, and how long its stages took."""

from __future__ import annotations

import time
from collections.abc import Callable

Progress = Callable[[str, int, int], None]
"""Called with the stage at work ("normalise", "detect", "separate" or "stitch"), how many of its parts are done, and
how many it has."""


class StageClock:
    """Measures seconds by stage, and tells whoever asked for it where the work stands."""

    def __init__(self, progress: Progress | None = None) -> None:
        self.seconds: dict[str, float] = {}
        self._progress = progress
        self._stage = ""
        self._since = 0.0

    def begin(self, stage: str) -> None:
        """End the stage at work, and begin another one."""
        self.end()
        self._stage, self._since = stage, time.perf_counter()
        self.advance(0, 1)

    def advance(self, done: int, total: int) -> None:
        """Tell that so many parts of the stage are done."""
        if self._progress is not None:
            self._progress(self._stage, done, total)

    def end(self) -> None:
        """End the stage at work."""
        if self._stage:
            self.seconds[self._stage] = round(time.perf_counter() - self._since, 4)
        self._stage = ""
