"""What follows from a log: the same edits give the same state, whatever the networks and the verbs do by then."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from ...core.errors import InputError, UsageError
from ..records import ReviewRecord, Signature
from .condition import FOUND, Condition
from .edit_log import Edit


@dataclass(frozen=True, eq=False)
class ReviewState:
    """The chromosomes of a slide after some edits."""

    conditions: Mapping[int, Condition]
    """Of each chromosome that ever was, by its id; ids are never used twice."""
    edits: tuple[Edit, ...] = ()
    """All that was done."""
    done: tuple[int, ...] = ()
    """Places in `edits` of those that hold."""
    undone: tuple[int, ...] = ()
    """Places in `edits` of those that were taken back and can be done again, the next one last."""

    @property
    def holding(self) -> list[Edit]:
        """The edits that hold, in order."""
        return [self.edits[place] for place in self.done]

    @property
    def present(self) -> dict[int, Condition]:
        """The chromosomes that are there, by id, in its order."""
        return {id: self.conditions[id] for id in sorted(self.conditions) if self.conditions[id].is_there}

    @property
    def next_id(self) -> int:
        """An id that no chromosome ever had, not even one that was taken back."""
        named = (id for edit in self.edits for id in edit.after)
        return 1 + max((*self.conditions, *named), default=0)

    @property
    def accepted_spreads(self) -> set[frozenset[int]]:
        """The spreads that were looked at, each as the ids of its chromosomes."""
        return {frozenset(edit.ids) for edit in self.holding if edit.verb == "accept_spread"}

    @property
    def signature(self) -> Signature | None:
        """Who signed; None where nobody did, or where something was edited since."""
        last = self.edits[self.done[-1]] if self.done else None
        if last is None or last.verb != "sign":
            return None
        return Signature(last.reviewer, last.time, len(self.present), len(self.done) - 1)

    def record(self, chain: str) -> ReviewRecord | None:
        """What the files of the folder say of the review; None where nothing was done.

        Parameters
        ----------
        chain
            The hash in the last line of the log.
        """
        if not self.edits:
            return None
        verbs = Counter(edit.verb for edit in self.holding)
        people = tuple(dict.fromkeys(edit.reviewer for edit in self.edits))
        return ReviewRecord(people, dict(sorted(verbs.items())), len(self.edits), chain, self.signature)


def after_edit(state: ReviewState, edit: Edit) -> ReviewState:
    """The state after one more edit.

    Raises
    ------
    InputError
        Where it does not begin from this state, as in a log that was put together from two.
    """
    for id, before in edit.before.items():
        if state.conditions.get(id) != before:
            raise InputError(f"an edit ({edit.verb}, {edit.time}) begins from another chromosome {id} than is there")
    conditions = {**state.conditions, **{id: after for id, after in edit.after.items() if after is not None}}
    for id, after in edit.after.items():
        if after is None:
            conditions.pop(id, None)
    place = len(state.edits)
    done: tuple[int, ...] = (*state.done, place)
    undone: tuple[int, ...] = ()
    if edit.verb in ("undo", "redo"):
        source = state.done if edit.verb == "undo" else state.undone
        if not source or edit.of != source[-1]:
            raise InputError(f"an edit ({edit.verb}, {edit.time}) names another edit than the last one")
        if edit.verb == "undo":
            done, undone = state.done[:-1], (*state.undone, source[-1])
        else:
            done, undone = (*state.done, source[-1]), state.undone[:-1]
    return replace(state, conditions=conditions, edits=(*state.edits, edit), done=done, undone=undone)


def replay(base: Mapping[int, Condition], edits: Iterable[Edit]) -> ReviewState:
    """The state after all edits of a log.

    Parameters
    ----------
    base
        The chromosomes that the edits begin from, by id.
    edits
        In the log's order.

    Raises
    ------
    InputError
        Where they do not fit each other or the base.
    """
    state = ReviewState(dict(base))
    for edit in edits:
        state = after_edit(state, edit)
    return state


def take_back(state: ReviewState, reviewer: str, time: str) -> Edit:
    """The edit that undoes the last one that holds. Raises UsageError where none does."""
    if not state.done:
        raise UsageError("nothing is left to undo")
    last = state.edits[state.done[-1]]
    return Edit(time, reviewer, "undo", last.ids, last.after, last.before, state.done[-1])


def do_again(state: ReviewState, reviewer: str, time: str) -> Edit:
    """The edit that does again what was undone last. Raises UsageError where nothing was."""
    if not state.undone:
        raise UsageError("nothing is left to do again")
    last = state.edits[state.undone[-1]]
    return Edit(time, reviewer, "redo", last.ids, last.before, last.after, state.undone[-1])


def is_reviewed(condition: Condition) -> bool:
    """True where a person looked at it."""
    return condition.status != FOUND
