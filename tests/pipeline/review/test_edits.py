"""Verbs, their log and its replay, without files of results, server or networks."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from karyo_split.core.box import Box
from karyo_split.core.errors import InputError, Unsure, UsageError
from karyo_split.core.mask import PlacedMask, intersection_area, iou, union
from karyo_split.pipeline.review import along, verbs
from karyo_split.pipeline.review.condition import Condition, as_json, from_json
from karyo_split.pipeline.review.edit_log import Edit, EditLog, Log, read_log
from karyo_split.pipeline.review.replay import ReviewState, after_edit, do_again, replay, take_back
from karyo_split.pipeline.review.strokes import brushed, cut, pieces
from karyo_split.pipeline.review.verbs import Desk

from ...strategies import placed_masks, rod

SHAPE = (120, 160)
BASE = {
    1: Condition.of(rod(10, 10, 30, 8), SHAPE),
    2: Condition.of(rod(10, 40, 30, 8), SHAPE),
    3: Condition.of(rod(60, 10, 8, 30), SHAPE),
    4: Condition.of(rod(50, 20, 30, 8), SHAPE),
}


def desk(state: ReviewState | None = None) -> Desk:
    return Desk(state or ReviewState(dict(BASE)), SHAPE, "Ann", "2026-01-01T00:00:00+00:00")


def masks(state: ReviewState) -> dict[int, PlacedMask]:
    return {id: condition.placed(SHAPE) for id, condition in state.present.items()}


@given(placed_masks(low=0, high=60))
def test_a_condition_is_read_as_it_was_written(placed: PlacedMask) -> None:
    condition = Condition.of(placed, SHAPE, "edited", "a note")
    assert from_json(as_json(condition, SHAPE), SHAPE) == condition
    assert iou(condition.placed(SHAPE), placed) == 1


def test_conditions_that_nobody_wrote_are_refused() -> None:
    good = as_json(BASE[1], SHAPE)
    assert good is not None
    for change in (
        {"bbox": [10, 10, 8, 31]},
        {"bbox": [10, 10, 8]},
        {"bbox": [10.0, 10, 8, 30]},
        {"bbox": [155, 10, 8, 30]},
        {"status": "fine"},
        {"note": "x" * 3000},
        {"segmentation": {"size": [120, 160], "counts": "\x7f"}},
        {"segmentation": {"size": [9, 9], "counts": BASE[1].counts}},
    ):
        with pytest.raises((ValueError, KeyError, TypeError)):
            from_json(good | change, SHAPE)


def test_a_cut_parts_a_mask_and_loses_no_pixel() -> None:
    parts = cut(rod(10, 10, 30, 8), [(20, 5), (21, 25)])
    assert len(parts) == 2 and sum(part.area for part in parts) == 240
    assert intersection_area(*parts) == 0 and union(parts).area == 240
    assert len(cut(rod(10, 10, 30, 8), [(50, 5), (50, 25)])) == 1
    assert len(cut(rod(10, 10, 30, 8), [(20, 5), (20, 14)])) == 1, "a line that ends inside parts nothing"


@given(st.lists(st.tuples(st.floats(0, 119), st.floats(0, 159)), min_size=1, max_size=6), st.floats(0.8, 12))
def test_a_brush_covers_what_lies_under_it(points: list[tuple[float, float]], radius: float) -> None:
    stroke = brushed(points, radius, SHAPE)
    assert stroke is not None
    for row, column in points:
        assert stroke.within(Box(int(column), int(row), int(column) + 1, int(row) + 1)).all()
    rows, columns = np.nonzero(stroke.mask)
    distances = np.hypot(
        rows[:, None] + stroke.box.y0 + 0.5 - np.array(points)[:, 0],
        columns[:, None] + stroke.box.x0 + 0.5 - np.array(points)[:, 1],
    )
    longest = max((np.hypot(a[0] - b[0], a[1] - b[1]) for a in points for b in points), default=0)
    assert distances.min(axis=1).max() <= radius + longest
    assert pieces(stroke) == 1


def test_each_verb_does_what_it_says() -> None:
    state = ReviewState(dict(BASE))

    def do(edit: object) -> dict[int, PlacedMask]:
        nonlocal state
        state = after_edit(state, edit)  # type: ignore[arg-type]
        return masks(state)

    assert do(verbs.accept(desk(state), [1, 2])).keys() == {1, 2, 3, 4}
    assert state.conditions[1].status == "accepted"
    assert do(verbs.delete(desk(state), [1])).keys() == {2, 3, 4}
    assert do(verbs.restore(desk(state), [1])).keys() == {1, 2, 3, 4}
    assert do(verbs.not_a_chromosome(desk(state), [2])).keys() == {1, 3, 4}
    parted = do(verbs.split(desk(state), 1, [(25, 5), (25, 25)]))
    assert parted.keys() == {1, 3, 4, 5} and parted[1].area + parted[5].area == 240
    joined = do(verbs.join(desk(state), [5, 1]))
    assert joined.keys() == {3, 4, 5} and joined[5].area == 240
    shared = intersection_area(joined[3], joined[4])
    wider = do(verbs.add(desk(state), 3, [(64, 10), (64, 50)], 3))
    assert wider[3].area > 240 and wider[4].area == 240 and intersection_area(wider[3], wider[4]) >= shared
    thinner = do(verbs.erase(desk(state), 3, [(64, 45), (64, 60)], 4))
    assert thinner[3].area < wider[3].area and thinner[4].area == 240
    moved = do(verbs.move(desk(state), 4, 3, [(78, 24), (79, 24)], 2.5, sure=True))
    assert moved[4].area < 240 and intersection_area(moved[3], rod(76, 20, 6, 8)) > 0
    drawn = do(verbs.redraw(desk(state), 4, rod(100, 100, 9, 9)))
    assert iou(drawn[4], rod(100, 100, 9, 9)) == 1
    added = do(verbs.new(desk(state), rod(5, 120, 9, 9)))
    assert added[6].area == 81
    assert do(verbs.paint_new(desk(state), [(100, 20), (100, 40)], 3))[7].area > 100
    do(verbs.note(desk(state), 6, "  a ring?\n "))
    assert state.conditions[6].note == "a ring?"


def test_new_numbers_are_never_used_twice() -> None:
    state = after_edit(ReviewState(dict(BASE)), verbs.new(desk(), rod(5, 120, 9, 9)))
    state = after_edit(state, take_back(state, "Ann", "t"))
    assert 5 not in state.conditions
    assert verbs.new(desk(state), rod(5, 120, 9, 9)).ids == (6,)


def test_what_would_be_odd_is_asked_about() -> None:
    with pytest.raises(Unsure, match="nothing is left of chromosome 1"):
        verbs.erase(desk(), 1, [(25, 14)], 60)
    gone = verbs.erase(desk(), 1, [(25, 14)], 60, sure=True)
    assert gone.after[1] == BASE[1].now(status="deleted")
    with pytest.raises(Unsure, match="2 pieces"):
        verbs.erase(desk(), 1, [(25, 0), (25, 30)], 3)
    assert verbs.erase(desk(), 1, [(25, 0), (25, 30)], 3, sure=True).after[1]
    with pytest.raises(Unsure, match="2 pieces"):
        verbs.join(desk(), [1, 2])
    with pytest.raises(Unsure, match="into 3"):
        verbs.split(desk(), 1, [(20, 5), (20, 25), (30, 25), (30, 5)])


@pytest.mark.parametrize(
    "wrong",
    [
        lambda: verbs.accept(desk(), []),
        lambda: verbs.accept(desk(), [9]),
        lambda: verbs.delete(desk(after_edit(desk().state, verbs.delete(desk(), [1]))), [1]),
        lambda: verbs.restore(desk(), [1]),
        lambda: verbs.split(desk(), 1, [(50, 5), (50, 25)]),
        lambda: verbs.join(desk(), [1, 1]),
        lambda: verbs.move(desk(), 1, 1, [(20, 12)], 2),
        lambda: verbs.move(desk(), 1, 2, [(100, 100)], 2),
        lambda: verbs.add(desk(), 1, [(20, 12)], 0),
        lambda: verbs.add(desk(), 1, [], 2),
        lambda: verbs.add(desk(), 1, [(-90, -90)], 2),
        lambda: verbs.add(desk(), 1, [(20, 12)], 2),
        lambda: verbs.note(desk(), 1, "x" * 3000),
        lambda: verbs.sign(desk(), "2 flagged chromosomes not reviewed"),
        lambda: take_back(desk().state, "Ann", "t"),
        lambda: do_again(desk().state, "Ann", "t"),
    ],
)
def test_what_cannot_be_done_is_said(wrong) -> None:  # type: ignore[no-untyped-def]
    with pytest.raises(UsageError):
        wrong()


def choices(here: Desk, id: int, other: int, way: list[tuple[float, float]]) -> list[Callable[[], Edit]]:
    """What a person may do next; undoing more often than the rest."""
    return [
        lambda: verbs.accept(here, [id]),
        lambda: verbs.delete(here, [id]),
        lambda: verbs.restore(here, [id]),
        lambda: verbs.add(here, id, way, 4, sure=True),
        lambda: verbs.erase(here, id, way, 4, sure=True),
        lambda: verbs.split(here, id, way, sure=True),
        lambda: verbs.join(here, [id, other], sure=True),
        lambda: verbs.move(here, id, other, way, 9, sure=True),
        lambda: verbs.paint_new(here, way, 4),
        lambda: take_back(here.state, "Bob", "t"),
        lambda: take_back(here.state, "Bob", "t"),
        lambda: do_again(here.state, "Bob", "t"),
    ]


@st.composite
def histories(draw: st.DrawFn) -> list[ReviewState]:
    """The states after each of some edits, undone and done again ones among them."""
    states = [ReviewState(dict(BASE))]
    for _ in range(draw(st.integers(1, 12))):
        state = states[-1]
        id = draw(st.sampled_from(sorted(state.conditions)))
        other = draw(st.sampled_from(sorted(state.conditions)))
        way = [(draw(st.floats(0, 119)), draw(st.floats(0, 159))) for _ in range(2)]
        try:
            edit = draw(st.sampled_from(choices(desk(state), id, other, way)))()
        except UsageError:
            continue
        states.append(after_edit(state, edit))
    return states


@settings(max_examples=40)
@given(histories())
def test_undo_leads_back_through_every_state_and_redo_forth(states: list[ReviewState]) -> None:
    last = states[-1]
    state, seen = last, [last.conditions]
    while state.done:
        state = after_edit(state, take_back(state, "Ann", "t"))
        seen.append(state.conditions)
    assert state.conditions == BASE
    for before in reversed(seen[:-1]):
        state = after_edit(state, do_again(state, "Ann", "t"))
        assert state.conditions == before


@settings(max_examples=30)
@given(states=histories())
def test_the_log_gives_the_same_state(states: list[ReviewState], tmp_path_factory: pytest.TempPathFactory) -> None:
    path = tmp_path_factory.mktemp("log") / "edits.jsonl"
    log = EditLog(path, Log("answer", SHAPE))
    for edit in states[-1].edits:
        log.append(edit)
    read = read_log(path)
    if not states[-1].edits:
        assert read is None
        return
    assert read is not None and read == log.log and not read.torn
    again = replay(BASE, read.edits)
    assert (again.conditions, again.done, again.undone) == (
        states[-1].conditions,
        states[-1].done,
        states[-1].undone,
    )


@pytest.fixture
def written(tmp_path: Path) -> Path:
    """A log of three edits."""
    state, log = ReviewState(dict(BASE)), EditLog(tmp_path / "edits.jsonl", Log("answer", SHAPE))
    for verb in (verbs.accept, verbs.delete, verbs.restore):
        edit = verb(desk(state), [1])
        state = after_edit(state, edit)
        log.append(edit)
    return tmp_path / "edits.jsonl"


def test_a_line_that_was_cut_off_is_left_out_wherever_it_was_cut(written: Path) -> None:
    whole = written.read_bytes()
    lines = whole.splitlines(keepends=True)
    for length in range(len(whole) - len(lines[-1]), len(whole)):
        written.write_bytes(whole[:length])
        log = read_log(written)
        assert log is not None and len(log.edits) == 2
        assert log.torn == (length > len(whole) - len(lines[-1]))
    written.write_bytes(lines[0][:9])
    assert read_log(written) is None
    written.write_bytes(whole[:-5])
    log = read_log(written)
    assert log is not None
    EditLog(written, log).append(verbs.accept(desk(), [2]))
    again = read_log(written)
    assert (
        again is not None and not again.torn and [edit.verb for edit in again.edits] == ["accept", "delete", "accept"]
    )


def test_a_log_that_was_changed_is_refused(written: Path) -> None:
    lines = written.read_text().splitlines(keepends=True)
    for changed in (
        [lines[0], *lines[2:]],
        [lines[0], lines[2], lines[1], lines[3]],
        [*lines, lines[3]],
        [lines[0], lines[1].replace("Ann", "Bob"), *lines[2:]],
        [lines[0].replace("answer", "another"), *lines[1:]],
        [*lines, "\n"],
        [*lines, "[" * 100_000 + "\n"],
        ["{}\n"],
        ["[]\n"],
        ["\x00\x01\n"],
    ):
        written.write_text("".join(changed))
        with pytest.raises(InputError, match=r"not as karyo-split wrote it, from line \d"):
            read_log(written)
    written.write_bytes(b"\xff\xfe\n")
    with pytest.raises(InputError, match="from line 1"):
        read_log(written)


def test_edits_that_begin_from_something_else_are_refused(written: Path) -> None:
    log = read_log(written)
    assert log is not None
    with pytest.raises(InputError, match="begins from another chromosome 1"):
        replay({**BASE, 1: BASE[2]}, log.edits)
    with pytest.raises(InputError, match="another edit than the last"):
        state = replay(BASE, log.edits)
        undo = take_back(state, "Ann", "t")
        after_edit(after_edit(state, undo), Edit("t", "Ann", "undo", (), of=2))


def test_a_signature_holds_until_the_next_edit() -> None:
    state = after_edit(ReviewState(dict(BASE)), verbs.accept(desk(), [1]))
    signed = after_edit(state, verbs.sign(desk(state), ""))
    assert signed.signature is not None
    assert (signed.signature.name, signed.signature.chromosomes, signed.signature.edits) == ("Ann", 4, 1)
    with pytest.raises(UsageError, match="signed already"):
        verbs.sign(desk(signed), "")
    later = after_edit(signed, verbs.accept(desk(signed), [2]))
    assert later.signature is None
    assert after_edit(later, take_back(later, "Ann", "t")).signature == signed.signature


def test_a_line_says_whom_it_means() -> None:
    assert along.crossed(desk(), [(20, 0), (20, 60)]) == pytest.approx({1: 8, 2: 8}, abs=0.5)
    assert list(along.crossed(desk(), [(20, 60), (20, 0)])) == [2, 1]
    assert along.crossed(desk(), [(20, 14)]).keys() == {1} and not along.crossed(desk(), [(0, 0), (2, 150)])
    assert along.split_along(desk(), None, [(25, 5), (25, 25)]).ids == (1,)
    assert along.split_along(desk(), 2, [(25, 5), (25, 55)]).ids == (2,)
    assert along.split_along(desk(), 3, [(25, 5), (25, 25)]).ids == (1,), "the line does not meet the chosen one"
    assert along.join_along(desk(), [(20, 44), (20, 14)], sure=True).ids == (2, 1)
    moved = along.move_along(desk(), 1, [(12, 44), (12, 14)], 3.0, sure=True)
    assert moved.ids == (2, 1)
    for refused in (
        lambda: along.split_along(desk(), None, [(0, 0), (0, 9)]),
        lambda: along.join_along(desk(), [(20, 14), (20, 30)]),
        lambda: along.move_along(desk(), 1, [(20, 14), (20, 30)], 3.0),
    ):
        with pytest.raises(UsageError):
            refused()
