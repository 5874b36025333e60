"""The tools of viewers other than the page: taps, strokes and buttons on a session, without any window."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from karyo_split.core.errors import FolderInUse, InputError, UsageError
from karyo_split.core.mask import PlacedMask
from karyo_split.pipeline.read_folder import read_result
from karyo_split.pipeline.review.hand import Hand
from karyo_split.pipeline.review.lock import FolderLock
from karyo_split.pipeline.verify_folder import verify_folders

from .made import RODS, make_folder


class Known:
    """Answers with the rod that the first seed lies on."""

    def at(self, yes: list[tuple[int, int]], no: list[tuple[int, int]]) -> PlacedMask | None:
        row, column = yes[0]
        return next((m for m in RODS if m.box.holds(row, column) and m.mask[row - m.box.y0, column - m.box.x0]), None)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return make_folder(tmp_path, expect=7)


@pytest.fixture
def asked() -> list[str]:
    return []


@pytest.fixture
def hand(folder: Path, asked: list[str]) -> Iterator[Hand]:
    def agree(question: str) -> bool:
        asked.append(question)
        return len(asked) > 1

    opened = Hand.open(folder, "Ann", agree)
    opened.clicks.clicked = Known()  # type: ignore[assignment]
    yield opened
    opened.close()


def areas(hand: Hand) -> dict[int, int]:
    return {c.id: c.area_px for c in hand.result().chromosomes}


def test_a_tap_chooses_and_the_smallest_comes_first(hand: Hand) -> None:
    assert hand.tap((25.5, 14.5)) == "chromosome 1 is chosen"
    crossing = hand.at((62.5, 24.5))
    assert crossing in (4, 5)
    hand.chosen = 9 - crossing
    corner = hand.session.state.conditions[9 - crossing].box
    hand.tool = "erase"
    hand.tap((corner.y0, corner.x0))
    assert hand.at((62.5, 24.5)) == 9 - crossing


def test_every_verb_goes_to_the_log_and_is_undone(hand: Hand, folder: Path, asked: list[str]) -> None:
    before = areas(hand)
    hand.tool = "split"
    assert hand.stroke([(25, 36), (25, 52)]) == "split 2: in the log"
    assert len(areas(hand)) == 7 and hand.chosen == 2
    hand.tool = "join"
    hand.stroke([(15, 44), (35, 44)])
    assert len(areas(hand)) == 6
    hand.tool, hand.chosen, hand.radius = "add", 3, 2.0
    hand.stroke([(25, 76), (25, 84)])
    assert areas(hand)[3] > before[3]
    hand.tool = "erase"
    assert hand.stroke([(16, 66), (16, 88)]) == "left as it was" and "pieces" in asked[0]
    hand.stroke([(16, 66), (16, 88)])
    assert len(asked) == 2
    hand.tool, hand.chosen, hand.radius = "move", 1, 3.0
    moved = areas(hand)[2]
    hand.stroke([(20, 44), (20, 14)])
    assert areas(hand)[2] < moved and areas(hand)[1] > before[1]
    hand.tool, hand.chosen = "add", None
    hand.stroke([(110, 100), (110, 130)])
    assert len(areas(hand)) == 7
    for verb in ("accept", "delete", "restore", "not_a_chromosome", "restore"):
        hand.chosen = 6
        hand.act(verb)
    hand.note("bent")
    written = [json.loads(line)["verb"] for line in (folder / "edits.jsonl").read_text().splitlines()[1:]]
    assert written == [
        "split", "join", "add", "erase", "move", "new",
        "accept", "delete", "restore", "not_a_chromosome", "restore", "note",
    ]  # fmt: skip
    for _ in written:
        hand.undo()
    assert areas(hand) == before
    with pytest.raises(UsageError, match="nothing is left to undo"):
        hand.undo()
    hand.redo()
    assert len(areas(hand)) == 7


def test_clicks_propose_and_what_is_proposed_is_taken(hand: Hand) -> None:
    hand.tap((52.5, 24.5))
    hand.act("delete")
    hand.chosen = None
    assert "240 px" in hand.tap((52.5, 24.5))
    assert hand.proposal is not None
    hand.take()
    assert len(areas(hand)) == 6 and hand.chosen is not None and hand.proposal is None
    with pytest.raises(UsageError, match="nothing is proposed"):
        hand.take()
    hand.tool, hand.chosen = "click", None
    hand.tap((25.5, 14.5))
    assert hand.chosen == 1
    with pytest.raises(UsageError, match="nothing would change"):
        hand.take()
    hand.take(as_new=True)
    assert len(areas(hand)) == 7
    hand.chosen = None
    with pytest.raises(UsageError, match="no chromosome"):
        hand.tap((115.5, 5.5))


def test_a_slide_is_finished_and_its_files_are_written(hand: Hand, folder: Path) -> None:
    with pytest.raises(UsageError, match="not signed"):
        hand.sign()
    while hand.next() is not None:
        hand.act("accept")
    hand.accept_spread()
    hand.sign()
    assert "signed by Ann" in hand.told()
    hand.close()
    review = read_result(folder).review
    assert review is not None and review.signed is not None and not next(verify_folders(folder)).changes


def test_the_page_and_the_hand_share_one_lock(hand: Hand, folder: Path) -> None:
    with pytest.raises(FolderInUse, match="Ann"):
        FolderLock(folder, "Bob")
    second = Hand.open(folder, "Bob", lambda _: True)
    second.chosen = 1
    with pytest.raises(InputError, match="under review by Ann"):
        second.act("delete")
    assert "looked at only" in second.told()
    second.close()


@pytest.mark.parametrize(
    "does", [lambda h: h.act("fly"), lambda h: h.act("accept"), lambda h: h.stroke([(1, 1), (2, 2)])]
)
def test_what_cannot_be_is_said(hand: Hand, does: Any) -> None:
    with pytest.raises(UsageError):
        does(hand)
