"""Answers to clicks on the slide of a session, from a network that is loaded when the first one asks."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import TYPE_CHECKING

from ...core.errors import InputError
from ...core.mask import PlacedMask
from .session import ReviewSession

if TYPE_CHECKING:
    from .clicks import Asker, ClickedSlide  # they import torch, which takes seconds: nobody need wait for it

Seeds = list[tuple[int, int]]
"""(row, column) in slide pixels."""


class SlideClicks:
    """What lies under clicks; the last answer is kept, for the edit that takes it."""

    def __init__(self, session: ReviewSession, asker: Callable[[], Asker]) -> None:
        """asker: makes what answers clicks."""
        self.session = session
        self.clicked: ClickedSlide | None = None
        self._asker, self._making = asker, threading.Lock()
        self._last: tuple[tuple[Seeds, Seeds], PlacedMask | None] = (([], []), None)

    def answer(self, yes: Seeds, no: Seeds) -> PlacedMask | None:
        """The chromosome under some seeds and not under others. Raises as `ClickedSlide.at` and `ready` do."""
        if self._last[0] != (yes, no):
            self._last = ((yes, no), self.ready().at(yes, no))
        return self._last[1]

    def ready(self) -> ClickedSlide:
        """What answers clicks, made when it is first asked for. Raises InputError where the slide is not here."""
        with self._making:
            if self.clicked is None:
                if self.session.slide is None:
                    raise InputError("the slide's pixels are not here, so clicks cannot be answered")
                from .clicks import ClickedSlide

                self.clicked = ClickedSlide(self._asker(), self.session.slide, self.session.opened.base)
            return self.clicked
