"""What the page is told of a slide: chromosomes as outlines, what is left to do, what can be undone."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import astuple
from typing import Any

from ....core.box import Box
from ....core.grid_index import GridIndex
from ....core.mask import PlacedMask, any_within
from ...records import Chromosome
from ...writers.label_anchors import label_anchors
from ...writers.preview import colour_of
from ...writers.report.slide_page import path_of
from ..condition import Condition
from ..replay import ReviewState
from ..session import ReviewSession


class Views:
    """A session as the page sees it; outlines that are known are kept."""

    def __init__(self, session: ReviewSession) -> None:
        self._session = session
        self._paths: dict[Condition, str] = {}

    def whole(self) -> dict[str, Any]:
        """All that the page needs to begin, but the pictures."""
        session, base = self._session, self._session.opened.base
        return {
            "name": base.name,
            "shape": session.shape,
            "length": base.length_px or 0,
            "doubts": list(session.doubts),
            "news": list(session.opened.news),
            "warnings": list(base.warnings),
            "reviewer": session.reviewer,
            "expect": base.settings.get("expect"),
            "chromosomes": self.chromosomes(session.state.conditions),
            **self.progress(),
        }

    def progress(self) -> dict[str, Any]:
        """What is left, and what can be undone."""
        session = self._session
        state, spreads = session.state, session.spreads()
        left, signed = session.left(spreads), state.signature
        return {
            "revision": len(state.edits),
            "count": len(state.present),
            "spreads": [
                {
                    "id": spread.metaphase.id,
                    "count": spread.metaphase.chromosomes,
                    "box": spread.metaphase.box_slide.edges,
                    "flags": list(spread.metaphase.flags),
                    "ids": spread.ids,
                    "open": spread.is_open,
                    "accepted": spread.accepted,
                }
                for spread in spreads
            ],
            "left": {"chromosomes": left.chromosomes, "spreads": left.spreads, "told": str(left)},
            "signed": None if signed is None else {"name": signed.name, "time": signed.time, "edits": signed.edits},
            "undo": state.edits[state.done[-1]].verb if state.done else None,
            "redo": state.edits[state.undone[-1]].verb if state.undone else None,
            "edits": len(state.done),
        }

    def changed(self, before: ReviewState, ids: Iterable[int]) -> dict[str, Any]:
        """What an edit changed: these chromosomes, and those on them, whose shared pixels may differ.

        Parameters
        ----------
        before
            The state before the edit.
        ids
            Chromosomes that the edit changed.
        """
        now = self._session.state
        touched = [c.box for id in ids for c in (before.conditions.get(id), now.conditions.get(id)) if c is not None]
        near = {id for id, c in now.present.items() if any(not c.box.intersect(box).is_empty for box in touched)}
        return {
            "chromosomes": self.chromosomes({*ids, *near} & now.conditions.keys()),
            "removed": sorted(set(ids) - now.conditions.keys()),
            **self.progress(),
        }

    def chromosomes(self, ids: Iterable[int]) -> list[dict[str, Any]]:
        """Some chromosomes, those that were taken out among them."""
        session, conditions = self._session, self._session.state.conditions
        present = session.state.present
        index = GridIndex()
        for id, condition in present.items():
            index.add(id, condition.box)
        wanted = sorted(ids)
        drawn = [Chromosome(id, conditions[id].box, session.mask(conditions[id]).mask, 1, 0, 0, 0) for id in wanted]
        views = []
        for id, anchor in zip(wanted, label_anchors(drawn, session.shape), strict=True):
            condition, first = conditions[id], session.first.get(id)
            placed = session.mask(condition)
            others = [session.mask(present[i]) for i in index.near(condition.box) if i < id]
            shared = placed.mask & any_within(others, placed.box) if condition.is_there else placed.mask & False
            views.append(
                {
                    "id": id,
                    "box": condition.box.edges,
                    "outline": self._path(condition, placed),
                    "shared": path_of(PlacedMask(placed.box, shared)) if shared.any() else "",
                    "colour": "#{:02x}{:02x}{:02x}".format(*colour_of(id)),
                    "anchor": [round(value, 2) for value in astuple(anchor)],
                    "status": condition.status,
                    "note": condition.note,
                    "flags": list(first.flags) if first else [],
                    "score": round(first.score, 4) if first else None,
                    "area": placed.area,
                }
            )
        return views

    def _path(self, condition: Condition, placed: PlacedMask) -> str:
        key = condition.now(status="found", note="")
        if key not in self._paths:
            self._paths[key] = path_of(placed)
        return self._paths[key]


def candidate_view(placed: PlacedMask | None) -> dict[str, Any]:
    """What a click brought; without an outline where that is nothing."""
    if placed is None:
        return {"outline": "", "area": 0, "box": Box(0, 0, 0, 0).edges}
    return {"outline": path_of(placed), "area": placed.area, "box": placed.box.edges}
