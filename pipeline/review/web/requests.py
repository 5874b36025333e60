"""What the page asks for, read with care: it may come from anywhere."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

from ....core.errors import UsageError
from ....core.mask import PlacedMask
from .. import along, verbs
from ..edit_log import Edit
from ..strokes import MAX_POINTS, MAX_SEEDS
from ..verbs import Desk

MAX_IDS = 100_000
Answer = Callable[[list[tuple[int, int]], list[tuple[int, int]]], PlacedMask | None]
"""The chromosome under some seeds and not under others."""


def edit_of(asked: dict[str, Any], answer: Answer) -> Callable[[Desk], Edit]:
    """The edit that the page asks for.

    Parameters
    ----------
    asked
        What the page sent.
    answer
        Answers clicks.

    Raises
    ------
    UsageError
        For what the page would not send.
    """
    verb, sure = asked.get("verb"), asked.get("sure") is True
    if isinstance(verb, str) and verb in verbs.ON_IDS:
        ids = _ids(asked)
        return lambda desk: verbs.ON_IDS[verb](desk, ids)
    if verb == "join" and "way" not in asked:
        ids = _ids(asked)
        return lambda desk: verbs.join(desk, ids, sure)
    if verb == "join":
        line = _points(asked, "way")
        return lambda desk: along.join_along(desk, line, sure)
    if verb == "split":
        chosen, line = _id(asked) if _ids(asked) else None, _points(asked, "way")
        return lambda desk: along.split_along(desk, chosen, line, sure)
    if verb in ("add", "erase"):
        brush = verbs.add if verb == "add" else verbs.erase
        id, way, radius = _id(asked), _points(asked, "way"), _number(asked.get("radius"))
        return lambda desk: brush(desk, id, way, radius, sure)
    if verb == "paint_new":
        way, radius = _points(asked, "way"), _number(asked.get("radius"))
        return lambda desk: verbs.paint_new(desk, way, radius, sure)
    if verb == "move":
        id, way, radius = _id(asked), _points(asked, "way"), _number(asked.get("radius"))
        return lambda desk: along.move_along(desk, id, way, radius, sure)
    if verb in ("redraw", "new"):
        placed = answer(seeds(asked, "yes"), seeds(asked, "no"))
        if placed is None:
            raise UsageError("there is no chromosome under these clicks")
        if verb == "new":
            return lambda desk: verbs.new(desk, placed, sure)
        id = _id(asked)
        return lambda desk: verbs.redraw(desk, id, placed, sure)
    if verb == "note":
        id, text = _id(asked), asked.get("text")
        if not isinstance(text, str):
            raise UsageError("a note is text")
        return lambda desk: verbs.note(desk, id, text)
    raise UsageError(f"unknown verb {verb!r:.40}")


def revision_of(asked: dict[str, Any]) -> int:
    """How many edits the page had seen. Raises UsageError where it does not say."""
    if type(asked.get("revision")) is not int:
        raise UsageError("the page does not say which edits it has seen")
    return asked["revision"]


def seeds(asked: dict[str, Any], name: str) -> list[tuple[int, int]]:
    """Seeds (row, column) in slide pixels. Raises UsageError for anything else."""
    points = _points(asked, name, least=0)
    if len(points) > MAX_SEEDS:
        raise UsageError(f"{len(points)} clicks are too many: {MAX_SEEDS} is the most")
    return [(math.floor(row), math.floor(column)) for row, column in points]


def _points(asked: dict[str, Any], name: str, least: int = 1) -> list[tuple[float, float]]:
    points = asked.get(name, [])
    if not isinstance(points, list) or not least <= len(points) <= MAX_POINTS:
        raise UsageError(f"{name!r} is a list of {least} to {MAX_POINTS} points")
    if any(not isinstance(point, list) or len(point) != 2 for point in points):
        raise UsageError(f"{name!r} is a list of points (row, column)")
    return [(_number(row), _number(column)) for row, column in points]


def _number(value: object) -> float:
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not abs(value) < 1e7:
        raise UsageError(f"{value!r:.40} is not a number that fits a slide")
    return float(value)


def _ids(asked: dict[str, Any]) -> list[int]:
    ids = asked.get("ids")
    if not isinstance(ids, list) or len(ids) > MAX_IDS or any(type(id) is not int for id in ids):
        raise UsageError("'ids' is a list of chromosomes' numbers")
    return ids


def _id(asked: dict[str, Any]) -> int:
    ids = _ids(asked)
    if len(ids) != 1:
        raise UsageError("one chromosome is chosen for that")
    return ids[0]
