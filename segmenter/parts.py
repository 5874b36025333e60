"""Chromosomes that are seen in two pieces: sister chromatids with a gap between them.

An answer is the piece under its seed. What else the network counts to the seeded chromosome is a further part of it
where the seeds in that part, asked for themselves, answer with the first piece too. One answer alone proves nothing:
it may have taken a neighbour that looks alike.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from ..core.mask import PlacedMask, intersection_area, union
from .selection import SeedAnswer

MIN_AGREEING = 0.5
"""Share of the seeds in a part that must answer with the first piece, and of that piece that they must cover."""


def join_parts(answers: Sequence[SeedAnswer]) -> list[SeedAnswer]:
    """The answers with those of their further parts that the seeds there confirm; none has open parts after it.

    Parameters
    ----------
    answers
        Of all seeds that may have a say, in any order.

    Returns
    -------
    list of SeedAnswer
        In the same order.
    """
    joined = []
    for answer in answers:
        confirmed = [part for part in answer.parts if _is_confirmed(part, answer, answers)]
        placed = union([answer.placed, *confirmed]) if confirmed else answer.placed
        joined.append(replace(answer, placed=placed, parts=()) if answer.parts else answer)
    return joined


def _is_confirmed(part: PlacedMask, answer: SeedAnswer, answers: Sequence[SeedAnswer]) -> bool:
    voters = [other for other in answers if other is not answer and _holds(part, other.seed)]
    if not voters:
        return False
    needed = MIN_AGREEING * answer.placed.area
    agreeing = sum(
        sum(intersection_area(piece, answer.placed) for piece in (voter.placed, *voter.parts)) >= needed
        for voter in voters
    )
    return agreeing >= MIN_AGREEING * len(voters)


def _holds(placed: PlacedMask, seed: tuple[int, int]) -> bool:
    row, column = seed
    return placed.box.holds(row, column) and bool(placed.mask[row - placed.box.y0, column - placed.box.x0])
