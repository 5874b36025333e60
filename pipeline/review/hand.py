"""A hand with tools at a slide, for viewers other than the page: what taps, strokes and buttons mean.

It knows no window. A viewer tells it of taps and strokes in slide pixels, and shows what `result` holds after each.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Self

import numpy as np

from ...core.errors import Unsure, UsageError
from ...core.mask import PlacedMask
from ..result import SplitResult
from . import along, verbs
from .condition import GONE
from .edit_log import Edit
from .reviewed_result import reviewed_result
from .session import ReviewSession
from .slide_clicks import SlideClicks
from .strokes import Points
from .verbs import Desk

if TYPE_CHECKING:
    from .clicks import Asker

TOOLS = ("look", "click", "split", "join", "add", "erase", "move")
"""What a tap or a stroke does; "look" only chooses."""
Place = tuple[float, float]
"""(row, column) in slide pixels; (0, 0) is the corner of the first pixel."""


class Hand:
    """One person's tools at one slide. Every edit goes to the session's log, and is told in a line."""

    def __init__(
        self, session: ReviewSession, agree: Callable[[str], bool], asker: Callable[[], Asker] | None = None
    ) -> None:
        """Take up the tools.

        Parameters
        ----------
        session
            Of the slide; closed with the hand.
        agree
            Puts a question to the person.
        asker
            Makes what answers clicks; None takes the shipped weights.
        """
        self.session, self._agree = session, agree
        self.clicks = SlideClicks(session, asker or _shipped)
        self.tool = "look"
        self.radius = 3.0
        self.chosen: int | None = None
        self.proposal: PlacedMask | None = None
        self._yes: list[tuple[int, int]] = []
        self._no: list[tuple[int, int]] = []

    @classmethod
    def open(cls, folder: Path, reviewer: str, agree: Callable[[str], bool], slides: Path | None = None) -> Self:
        """Open a slide's folder, as `ReviewSession.open` does; raises as that does."""
        return cls(ReviewSession.open(folder, reviewer, slides), agree)

    # ---- what is there

    def at(self, place: Place) -> int | None:
        """The chromosome under a place, the smallest of several; None where there is none."""
        under = along.crossed(self.session.desk(), [place])
        present = self.session.state.present
        return min(under, key=lambda id: self.session.mask(present[id]).area, default=None)

    def result(self) -> SplitResult:
        """The slide as it is now."""
        state = self.session.state
        return reviewed_result(self.session.opened.base, state, None)

    def gone(self) -> list[int]:
        """What was taken out and can be restored."""
        return [id for id, condition in self.session.state.conditions.items() if condition.status in GONE]

    def told(self) -> str:
        """In a line: how many chromosomes, what is left to look at, why nothing may be edited."""
        session = self.session
        parts = [f"{len(session.state.present)} chromosomes", str(session.left()) or "all that was flagged is reviewed"]
        if session.read_only:
            parts.append(f"to be looked at only: {'; '.join(session.doubts)}")
        elif session.state.signature is not None:
            parts.append(f"signed by {session.state.signature.name}")
        return "; ".join(parts)

    # ---- taps, strokes

    def tap(self, place: Place, not_this: bool = False) -> str:
        """A click on a place: chooses, asks the network, or joins, by the tool. Raises as `ReviewSession.edit` does.

        Parameters
        ----------
        place
            In slide pixels.
        not_this
            That what is proposed should not hold the place.
        """
        under = self.at(place)
        if self.tool == "click" or (self.tool == "look" and under is None) or (self.proposal is not None and not_this):
            return self._asked(place, not_this)
        if self.tool == "join" and self._is_there and under is not None:
            first = self._needed()
            return self._edit(lambda desk, sure: verbs.join(desk, [first, under], sure))
        if self.tool in ("add", "erase", "move"):
            return self.stroke([place])
        self.drop()
        self.chosen = under
        return "nothing is chosen" if under is None else f"chromosome {under} is chosen"

    def stroke(self, way: Points) -> str:
        """A drawn line: parts, joins or paints, by the tool. Raises as `ReviewSession.edit` does, or UsageError."""
        chosen, radius = self.chosen if self._is_there else None, self.radius
        if self.tool == "split":
            return self._edit(lambda desk, sure: along.split_along(desk, chosen, way, sure))
        if self.tool == "join":
            return self._edit(lambda desk, sure: along.join_along(desk, way, sure))
        if self.tool == "add" and chosen is None:
            return self._edit(lambda desk, sure: verbs.paint_new(desk, way, radius, sure))
        id = self._needed()
        if self.tool == "move":
            return self._edit(lambda desk, sure: along.move_along(desk, id, way, radius, sure))
        if self.tool in ("add", "erase"):
            brush = verbs.add if self.tool == "add" else verbs.erase
            return self._edit(lambda desk, sure: brush(desk, id, way, radius, sure))
        raise UsageError(f"the tool {self.tool} draws nothing: choose split, join, add, erase or move")

    def _asked(self, place: Place, not_this: bool) -> str:
        point = int(np.floor(place[0])), int(np.floor(place[1]))
        if not_this and not self._yes:
            raise UsageError("first click the chromosome that is meant")
        if not self._yes and self.tool == "click" and not self._is_there:
            self.chosen = self.at(place)
        yes, no = (self._yes, [*self._no, point]) if not_this else ([*self._yes, point], self._no)
        found = self.clicks.answer(yes, no)
        if found is None:
            raise UsageError("no chromosome is found there: the brush draws one")
        self._yes, self._no, self.proposal = yes, no, found
        return f"an outline of {found.area} px: take it, or click more"

    # ---- buttons

    def take(self, as_new: bool = False) -> str:
        """Give the chosen chromosome the outline that clicks brought, or make a new one of it."""
        proposal = self.proposal
        if proposal is None:
            raise UsageError("nothing is proposed: click a chromosome first")
        id = self.chosen if self._is_there and self.tool == "click" and not as_new else None
        told = self._edit(
            lambda desk, sure: verbs.new(desk, proposal, sure) if id is None else verbs.redraw(desk, id, proposal, sure)
        )
        self.drop()
        return told

    def drop(self) -> None:
        """Forget what clicks brought."""
        self.proposal, self._yes, self._no = None, [], []

    def act(self, verb: str) -> str:
        """A verb on the chosen chromosome: one of accept, delete, restore and not_a_chromosome.

        Raises
        ------
        UsageError
            For another verb, or with nothing chosen; and as `ReviewSession.edit` does.
        """
        if verb not in ("accept", "delete", "restore", "not_a_chromosome"):
            raise UsageError(f"unknown verb {verb!r}")
        if self.chosen is None:
            raise UsageError("choose a chromosome first")
        ids = [self.chosen]
        return self._edit(lambda desk, _: verbs.ON_IDS[verb](desk, ids))

    def note(self, text: str) -> str:
        """Write a line about the chosen chromosome."""
        id = self._needed()
        return self._edit(lambda desk, _: verbs.note(desk, id, text))

    def accept_spread(self) -> str:
        """Accept the first flagged metaphase with the chromosomes that it has."""
        spread = next((each for each in self.session.spreads() if each.is_open), None)
        if spread is None:
            raise UsageError("no flagged metaphase is left")
        return self._edit(lambda desk, _: verbs.accept_spread(desk, spread.ids))

    def undo(self) -> str:
        """Take back the last edit that holds."""
        return self._done(self.session.undo())

    def redo(self) -> str:
        """Do again what was undone last."""
        return self._done(self.session.redo())

    def sign(self) -> str:
        """Sign the slide, and write its files."""
        told = self._done(self.session.sign())
        self.session.write()
        return told

    def next(self) -> int | None:
        """Choose the next flagged chromosome that nobody looked at; None where none is left."""
        waiting = self.session.left().chromosomes
        later = waiting.index(self.chosen) + 1 if self.chosen in waiting else 0
        self.chosen = waiting[later % len(waiting)] if waiting else None
        return self.chosen

    def close(self) -> None:
        """Write the files, and let others edit."""
        self.session.close()

    @property
    def _is_there(self) -> bool:
        return self.chosen in self.session.state.present

    def _needed(self) -> int:
        if self.chosen is None or not self._is_there:
            raise UsageError("choose a chromosome first")
        return self.chosen

    def _edit(self, make: Callable[[Desk, bool], Edit]) -> str:
        """Make an edit; where it must be asked about, with the person's yes."""
        try:
            edit = self.session.edit(lambda desk: make(desk, False))
        except Unsure as question:
            if not self._agree(str(question)):
                return "left as it was"
            edit = self.session.edit(lambda desk: make(desk, True))
        return self._done(edit)

    def _done(self, edit: Edit) -> str:
        present = self.session.state.present
        if edit.verb in ("split", "join", "new"):
            self.chosen = next((id for id in edit.after if id in present), None)
        elif self.chosen not in self.session.state.conditions:
            self.chosen = None
        named = " ".join(str(id) for id in edit.ids[:4])
        return f"{edit.verb.replace('_', ' ')} {named}".strip() + ": in the log"


def _shipped() -> Asker:
    from .clicks import Asker  # it imports torch

    return Asker()
