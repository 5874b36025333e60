"""What can be done to chromosomes by hand. Each verb makes an edit of a state and changes nothing itself.

A verb that would leave an empty mask, or one in more pieces than before, raises `Unsure` with a question; `sure` says
yes.
Pixels that chromosomes share stay shared unless the verb is `move`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from ...core.errors import Unsure, UsageError
from ...core.mask import PlacedMask, union
from .condition import ACCEPTED, DELETED, EDITED, FOUND, GONE, MAX_NOTE, NOT_A_CHROMOSOME, Condition
from .edit_log import Edit
from .replay import ReviewState
from .strokes import MAX_POINTS, Points, brushed, cut, pieces

MAX_RADIUS = 500.0


@dataclass(frozen=True, eq=False)
class Desk:
    """What verbs work on."""

    state: ReviewState
    """The chromosomes as they are."""
    shape: tuple[int, int]
    """(rows, columns) of the slide."""
    reviewer: str
    """Who edits."""
    time: str
    """When, ISO 8601 with zone."""

    def condition(self, id: int) -> Condition:
        """Of a chromosome that is there. Raises UsageError for another id."""
        found = self.state.conditions.get(id)
        if found is None or not found.is_there:
            raise UsageError(f"there is no chromosome {id}" + ("" if found is None else f": it is {_told(found)}"))
        return found

    def mask(self, id: int) -> PlacedMask:
        """Of a chromosome that is there, in slide pixels."""
        return self.condition(id).placed(self.shape)

    def edit(self, verb: str, ids: Sequence[int], after: dict[int, Condition]) -> Edit:
        """The edit that gives chromosomes new conditions. Raises UsageError where they all have them already."""
        after = {id: new for id, new in after.items() if self.state.conditions.get(id) != new}
        if not after:
            raise UsageError("nothing would change")
        before = {id: self.state.conditions.get(id) for id in after}
        return Edit(self.time, self.reviewer, verb, tuple(ids), before, dict(after))

    def drawn(self, id: int, placed: PlacedMask | None, sure: bool, allowed: int | None = None) -> Condition:
        """A chromosome with another mask. Raises Unsure where that is empty, or in more pieces than allowed."""
        before = self.condition(id)
        if placed is None:
            if not sure:
                raise Unsure(f"nothing is left of chromosome {id}: delete it?")
            return before.now(status=DELETED)
        count = pieces(placed)
        if count > max(1, pieces(before.placed(self.shape)) if allowed is None else allowed) and not sure:
            raise Unsure(f"chromosome {id} is then in {count} pieces: keep them all?")
        after = Condition.of(placed, self.shape, EDITED, before.note)
        return before if after.counts == before.counts else after


def accept(desk: Desk, ids: Sequence[int]) -> Edit:
    """A person looked at them and leaves them as they are."""
    found = {id: desk.condition(id) for id in _some(ids)}
    return desk.edit("accept", ids, {id: c.now(status=ACCEPTED) for id, c in found.items() if c.status == FOUND})


def delete(desk: Desk, ids: Sequence[int]) -> Edit:
    """Take them out: found twice, or nothing that can be told."""
    return desk.edit("delete", ids, {id: desk.condition(id).now(status=DELETED) for id in _some(ids)})


def not_a_chromosome(desk: Desk, ids: Sequence[int]) -> Edit:
    """Take them out as something else: a nucleus, dirt, text."""
    after = {id: desk.condition(id).now(status=NOT_A_CHROMOSOME) for id in _some(ids)}
    return desk.edit("not_a_chromosome", ids, after)


def restore(desk: Desk, ids: Sequence[int]) -> Edit:
    """Put back what was taken out. Raises UsageError for what was not."""
    after = {}
    for id in _some(ids):
        condition = desk.state.conditions.get(id)
        if condition is None or condition.status not in GONE:
            raise UsageError(f"chromosome {id} was not taken out")
        after[id] = condition.now(status=ACCEPTED)
    return desk.edit("restore", ids, after)


def split(desk: Desk, id: int, line: Points, sure: bool = False) -> Edit:
    """Part a chromosome along a line: the largest part keeps the number, the others get new ones.

    Raises
    ------
    UsageError
        Where the line does not part it.
    Unsure
        Where it parts it into three or more.
    """
    parts = cut(desk.mask(id), _points(line))
    if len(parts) < 2:
        raise UsageError(f"the line does not part chromosome {id}: draw it from one side across to the other")
    if len(parts) > 2 and not sure:
        raise Unsure(f"the line parts chromosome {id} into {len(parts)}: make them all?")
    first = desk.state.next_id
    ids = [id, *range(first, first + len(parts) - 1)]
    notes = [desk.condition(id).note] + [""] * (len(parts) - 1)
    made = [Condition.of(part, desk.shape, EDITED, text) for part, text in zip(parts, notes, strict=True)]
    return desk.edit("split", [id], dict(zip(ids, made, strict=True)))


def join(desk: Desk, ids: Sequence[int], sure: bool = False) -> Edit:
    """Make one chromosome of two or more: the first keeps its number, the others are deleted."""
    if len(set(ids)) < 2:
        raise UsageError("two chromosomes are joined: choose a second one")
    masks = [desk.mask(id) for id in ids]
    after = {ids[0]: desk.drawn(ids[0], union(masks), sure)}
    return desk.edit("join", ids, after | {id: desk.condition(id).now(status=DELETED) for id in ids[1:]})


def add(desk: Desk, id: int, way: Points, radius: float, sure: bool = False) -> Edit:
    """Add what a brush covers; other chromosomes keep theirs."""
    stroke = _stroke(desk, way, radius)
    return desk.edit("add", [id], {id: desk.drawn(id, union([desk.mask(id), stroke]), sure)})


def erase(desk: Desk, id: int, way: Points, radius: float, sure: bool = False) -> Edit:
    """Take off what a brush covers; other chromosomes keep theirs."""
    left = _without(desk.mask(id), _stroke(desk, way, radius))
    return desk.edit("erase", [id], {id: desk.drawn(id, left, sure)})


def move(desk: Desk, giver: int, taker: int, way: Points, radius: float, sure: bool = False) -> Edit:
    """Give what a brush covers of one chromosome to another; the first does not keep it."""
    if giver == taker:
        raise UsageError("pixels move between two chromosomes: choose a second one")
    mask, stroke = desk.mask(giver), _stroke(desk, way, radius)
    given = PlacedMask.from_dense(mask.mask & stroke.within(mask.box), (mask.box.y0, mask.box.x0))
    if given is None:
        raise UsageError(f"the brush did not touch chromosome {giver}")
    taken = desk.drawn(taker, union([desk.mask(taker), given]), sure)
    return desk.edit("move", [giver, taker], {giver: desk.drawn(giver, _without(mask, given), sure), taker: taken})


def redraw(desk: Desk, id: int, placed: PlacedMask, sure: bool = False) -> Edit:
    """Give a chromosome another mask."""
    return desk.edit("redraw", [id], {id: desk.drawn(id, placed, sure, allowed=1)})


def new(desk: Desk, placed: PlacedMask, sure: bool = False) -> Edit:
    """Add a chromosome that was not found."""
    count = pieces(placed)
    if count > 1 and not sure:
        raise Unsure(f"the new chromosome is in {count} pieces: keep them all?")
    id = desk.state.next_id
    return desk.edit("new", [id], {id: Condition.of(placed, desk.shape, EDITED)})


def paint_new(desk: Desk, way: Points, radius: float, sure: bool = False) -> Edit:
    """Add a chromosome that was not found, as a brush draws it."""
    return new(desk, _stroke(desk, way, radius), sure)


def note(desk: Desk, id: int, text: str) -> Edit:
    """Write a line about a chromosome; an empty one takes it away."""
    text = " ".join(text.split())
    if len(text) > MAX_NOTE:
        raise UsageError(f"a note of {len(text)} letters is too long: {MAX_NOTE} is the most")
    return desk.edit("note", [id], {id: desk.condition(id).now(note=text)})


def accept_spread(desk: Desk, ids: Sequence[int]) -> Edit:
    """A person counted a spread: all its chromosomes are named, so that a later change of their number shows."""
    for id in _some(ids):
        desk.condition(id)
    if frozenset(ids) in desk.state.accepted_spreads:
        raise UsageError("this spread was accepted already")
    return Edit(desk.time, desk.reviewer, "accept_spread", tuple(sorted(set(ids))))


def sign(desk: Desk, left: str) -> Edit:
    """A person is done with the slide.

    Parameters
    ----------
    left
        What is not reviewed yet, in words; empty where all is.

    Raises
    ------
    UsageError
        Where something is left, or the slide is signed already.
    """
    if left:
        raise UsageError(f"not signed: {left}")
    if desk.state.signature is not None:
        raise UsageError(f"{desk.state.signature.name} signed already, and nothing was edited since")
    return Edit(desk.time, desk.reviewer, "sign", ())


ON_IDS: dict[str, Callable[[Desk, Sequence[int]], Edit]] = {
    "accept": accept,
    "delete": delete,
    "restore": restore,
    "not_a_chromosome": not_a_chromosome,
    "accept_spread": accept_spread,
}
"""Verbs that need nothing but chromosomes."""


def _some(ids: Sequence[int]) -> Sequence[int]:
    if not ids:
        raise UsageError("no chromosome is chosen")
    return ids


def _points(way: Points) -> Points:
    if not 1 <= len(way) <= MAX_POINTS:
        raise UsageError(f"a line of {len(way)} points: 1 to {MAX_POINTS} are allowed")
    return way


def _stroke(desk: Desk, way: Points, radius: float) -> PlacedMask:
    if not 0.3 <= radius <= MAX_RADIUS:
        raise UsageError(f"a brush of {radius:g} px: 0.3 to {MAX_RADIUS:g} px is allowed")
    stroke = brushed(_points(way), radius, desk.shape)
    if stroke is None:
        raise UsageError("the brush covered no pixel of the slide")
    return stroke


def _without(placed: PlacedMask, taken: PlacedMask) -> PlacedMask | None:
    return PlacedMask.from_dense(placed.mask & ~taken.within(placed.box), (placed.box.y0, placed.box.x0))


def _told(condition: Condition) -> str:
    return condition.status.replace("_", " ")
