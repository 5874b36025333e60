"""Mouse and keyboard at the review page, moved by a script that knows the truth.

It mends as a person would who sees what is wrong: what covers two chromosomes is parted by a line along their border,
pieces of one are joined by a line, what is missing or drawn wrong is clicked, what is nothing is deleted, and what
none of these brings right is painted. Before a line is drawn or an outline taken the script looks whether it is right,
as a person does on the screen. Each click, stroke and key is a gesture.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from browser import until
from karyo_split.core.box import Box
from karyo_split.core.mask import PlacedMask, intersection_area, union
from karyo_split.pipeline.review.edit_log import EDITS_FILE, read_log
from karyo_split.pipeline.review.replay import replay
from karyo_split.pipeline.review.reviewed_folder import open_folder
from karyo_split.pipeline.review.strokes import brushed, cut
from review_lines import Point, borders, deepest, holds, middle, on_mask, refinement
from review_truth import RIGHT, Truth
from scipy.optimize import linear_sum_assignment

MAX_ROUNDS = 3
MAX_CLICKS = 2
GOOD = 0.65
"""IoU with which a person would not change the brush first."""
Found = dict[int, PlacedMask]


@dataclass
class Work:
    """What a reviewer did on one slide."""

    wrong: int = 0
    """True chromosomes that no mask matched, and masks that matched none; one drawn wrong is counted once."""
    gestures: int = 0
    """Clicks, lines and keys."""
    kinds: Counter[str] = field(default_factory=Counter)
    """The same, by kind or key."""
    seconds: float = 0.0
    """Between a gesture and what the page made of it, all together."""
    before: float = 0.0
    """F1 at IoU 0.5."""
    after: float = 0.0
    """The same at the end."""


class Reviewer:
    """At the page of one slide."""

    def __init__(self, page: Any, folder: Path, truth: Truth, paint_alone: bool = False) -> None:
        """page: with the slide open. folder: of its results. paint_alone: nothing but brush and delete."""
        self.page, self.folder, self.truth, self.paint_alone = page, folder, truth, paint_alone
        self.work, self._opened = Work(), open_folder(folder, truth.path)
        self._known: tuple[int, Found] = (-1, {})
        self._timed = False

    def review(self) -> Work:
        """Mend what is wrong, three rounds at most."""
        missing, extra = self.errors(self.found())
        self.work.wrong, self.work.before = self._wrong(missing, extra), self.f1()
        for _ in range(MAX_ROUNDS):
            missing, extra = self.errors(self.found())
            if not missing and not extra:
                break
            # One tool after the other, as its key is pressed once.
            for mend in [self._paint] if self.paint_alone else [self._part, self._join, self._ask, self._paint]:
                for index in missing:
                    if index in self.errors(self.found())[0]:
                        mend(index)
            for id in self.errors(self.found())[1]:
                self.delete(id)
        self.work.after = self.f1()
        return self.work

    # ---- what is there, and what is wrong with it

    def found(self) -> Found:
        """The masks as they are now, by id."""
        path = self.folder / EDITS_FILE
        size = path.stat().st_size if path.exists() else 0
        if self._known[0] != size:
            log = read_log(path)
            state = replay(self._opened.conditions, log.edits if log else ())
            self._known = size, {id: condition.placed(self.truth.shape) for id, condition in state.present.items()}
        return self._known[1]

    def errors(self, found: Found) -> tuple[list[int], list[int]]:
        """Indices of true chromosomes that no mask matches, and ids of masks that match none."""
        ids = list(found)
        pairs = self.truth.pairs(list(found.values()))
        true, right = {t for t, _ in pairs}, {ids[f] for _, f in pairs}
        return [i for i in range(len(self.truth.targets)) if i not in true], [id for id in ids if id not in right]

    def f1(self) -> float:
        """Of the masks as they are now."""
        found = self.found()
        return 2 * len(self.truth.pairs(list(found.values()))) / max(1, len(found) + len(self.truth.targets))

    def _wrong(self, missing: Sequence[int], extra: Sequence[int]) -> int:
        targets, found = [self.truth.targets[i] for i in missing], self.found()
        shared = np.array([[intersection_area(found[id], target) for id in extra] for target in targets])
        if not shared.size:
            return len(missing) + len(extra)
        drawn_wrong = int((shared[linear_sum_assignment(-shared)] > 0).sum())
        return len(missing) + len(extra) - drawn_wrong

    def _count(self, found: Found) -> int:
        return sum(map(len, self.errors(found)))

    # ---- gestures

    @contextmanager
    def _clock(self) -> Iterator[None]:
        if self._timed:  # what lies within another gesture is timed with it
            yield
            return
        self._timed, since = True, time.monotonic()
        try:
            yield
        finally:
            self._timed = False
            self.work.seconds += time.monotonic() - since

    def _count_as(self, kind: str) -> None:
        self.work.gestures += 1
        self.work.kinds[kind] += 1

    def key(self, name: str) -> None:
        """Press a key."""
        self._count_as(name)
        with self._clock():
            self.page.keyboard.press(name)

    def _on_screen(self, points: Sequence[Point]) -> list[Point]:
        x, y, scale, left, top = self.page.evaluate(
            "(({x, y, scale}, {left, top}) => [x, y, scale, left, top])(viewer.state, canvas.getBoundingClientRect())"
        )
        return [((column - x) * scale + left, (row - y) * scale + top) for row, column in points]

    def click(self, place: Point, alt: bool = False) -> None:
        """Click a point (row, column) of the slide."""
        self._count_as("click")
        (at,) = self._on_screen([place])
        with self._clock():
            if alt:
                self.page.keyboard.down("Alt")
            self.page.mouse.click(*at)
            if alt:
                self.page.keyboard.up("Alt")

    def drag(self, way: Sequence[Point]) -> None:
        """Draw a line through points (row, column) of the slide."""
        self._count_as("line")
        places = self._on_screen(way)
        with self._clock():
            self.page.mouse.move(*places[0])
            self.page.mouse.down()
            for place in places[1:]:
                self.page.mouse.move(*place, steps=3)
            self.page.mouse.up()

    def edited(self, do: Callable[[], None]) -> bool:
        """Do something and wait for its edit, or its refusal; a question gets a yes."""
        revision = self.page.evaluate("slide.revision")
        self.page.evaluate("say('')")
        with self._clock():
            do()
            done = f"slide.revision > {revision} || at('hint').classList.contains('wrong')"
            until(self.page, f"{done} || at('question').open")
            if self.page.evaluate("at('question').open"):
                self._count_as("yes")
                self.page.click("#yes")
                until(self.page, done)
        return bool(self.page.evaluate(f"slide.revision > {revision}"))

    def choose(self, id: int) -> None:
        """Choose a mask by a click on a pixel that only it has, or in the list at the right."""
        if self.page.evaluate("chosen") == id:
            return
        found = self.found()
        if self.page.evaluate("tool") != "split":  # in which a click chooses, too
            self._use("look", "v")
        self.click(deepest(found[id], [mask for other, mask in found.items() if other != id]))
        if self.page.evaluate("chosen") != id:
            self.page.evaluate(f"choose({id})")
            self._count_as("list")

    def _use(self, tool: str, key: str) -> None:
        while self.page.evaluate("tool") != tool:
            self.key(key)

    def _choose_none(self) -> None:
        while self.page.evaluate("there() || candidate !== null"):
            self.key("Escape")

    def delete(self, id: int) -> None:
        """Choose a mask, and take it out."""
        self.choose(id)
        self.edited(lambda: self.key("d"))

    # ---- how one is mended

    def _part(self, index: int) -> bool:
        """Part what covers a true chromosome and others by a line, where that mends more than it harms."""
        found, target = self.found(), self.truth.targets[index]
        best: tuple[float, int, list[Point]] | None = None
        for id, whole in found.items():
            if intersection_area(whole, target) < 0.4 * target.area:
                continue
            for way in borders(whole, target):
                parts = cut(whole, way)
                if len(parts) != 2:
                    continue
                after = {**{i: m for i, m in found.items() if i != id}, **{-n: part for n, part in enumerate(parts)}}
                gain = self._count(found) - self._count(after) + max(self.truth.likeness(index, p) for p in parts)
                if index not in self.errors(after)[0] and gain >= 1 and (best is None or gain > best[0]):
                    best = gain, id, way
        if best is None:
            return False
        _, id, way = best
        crossed = {i: len(on_mask(mask, way)) for i, mask in found.items()}
        chosen = self.page.evaluate("chosen")
        if crossed.get(chosen, 0) or max(crossed, key=lambda i: crossed[i]) != id:
            self.choose(id)
        self._use("split", "s")
        return self.edited(lambda: self.drag(way))

    def _join(self, index: int) -> bool:
        """Join the pieces of a true chromosome by a line from one to the other."""
        found, target = self.found(), self.truth.targets[index]
        wrong = self.errors(found)[1]
        pieces = [id for id in wrong if intersection_area(found[id], target) > 0.6 * found[id].area]
        if len(pieces) != 2:
            return False
        whole = union([found[id] for id in pieces])
        after = {**{i: m for i, m in found.items() if i not in pieces}, 0: whole}
        way = [deepest(found[id], [m for i, m in found.items() if i != id]) for id in pieces]
        crossed = [id for id, mask in found.items() if len(on_mask(mask, way))]
        if (
            index in self.errors(after)[0]
            or self.truth.likeness(index, whole) < RIGHT
            or sorted(crossed) != sorted(pieces)
        ):
            return False
        self._use("join", "j")
        return self.edited(lambda: self.drag(way))

    def _ask(self, index: int) -> bool:
        """Click a true chromosome; say more where the proposal is wrong; take it where it mends more than it harms."""
        target = self.truth.targets[index]
        others = [other for place, other in enumerate(self.truth.targets) if place != index]
        place, alt = deepest(target, others), False
        under = [id for id, mask in self.found().items() if holds(mask, place)]
        if under or self.page.evaluate("tool") != "look":
            self._use("click", "c")
        if self.page.evaluate("tool") == "look" and self.page.evaluate("candidate !== null"):
            self.key("Escape")
        for _ in range(MAX_CLICKS):
            asked = self.page.evaluate("asking")
            self.page.evaluate("say('')")
            with self._clock():
                self.click(place, alt)
                shown = "at('hint').textContent && !at('hint').textContent.startsWith('Looking')"
                until(self.page, f"asking > {asked} && {shown}")
            proposed = self._candidate()
            if proposed is None:
                break
            key = self._taking(index, proposed)
            if key is not None:
                return self.edited(partial(self.key, key))
            place, alt = refinement(proposed, target)
        self.key("Escape")
        return False

    def _candidate(self) -> PlacedMask | None:
        """What the page proposes."""
        drawn = self.page.evaluate(
            """() => {
              if (!candidate?.path) return null;
              const [x0, y0, x1, y1] = candidate.box, on = [];
              for (let y = y0; y < y1; y += 1) for (let x = x0; x < x1; x += 1) on.push(within([x + 0.5, y + 0.5]));
              return [candidate.box, on];
            }"""
        )
        if drawn is None:
            return None
        box = Box(*drawn[0])
        return PlacedMask.from_dense(np.array(drawn[1], dtype=bool).reshape(box.height, box.width), (box.y0, box.x0))

    def _taking(self, index: int, proposed: PlacedMask) -> str | None:
        """The key that takes a proposal with most gain; None where it is not right."""
        found = self.found()
        chosen = self.page.evaluate("chosen") if self.page.evaluate("tool") == "click" else None
        ways = {"Enter": {**found, chosen or 0: proposed}, "w": {**found, 0: proposed}}
        key = min(ways, key=lambda key: self._count(ways[key]))
        better = self._count(ways[key]) < self._count(found)
        return key if better and index not in self.errors(ways[key])[0] else None

    def _paint(self, index: int) -> bool:
        """Paint a true chromosome along its middle; a wrong mask that lies there is taken out first."""
        found, target = self.found(), self.truth.targets[index]
        for id in self.errors(found)[1]:
            if intersection_area(found[id], target) > 0.5 * min(found[id].area, target.area):
                self.delete(id)
        self._choose_none()
        way, radius = middle(target)
        brush = self.page.evaluate("radius")
        drawn = brushed(way, brush, self.truth.shape)
        fits = drawn is not None and self.truth.likeness(index, drawn) > GOOD
        steps = 0 if fits else round(np.log(radius / brush) / np.log(1.25))
        for _ in range(abs(steps)):
            self.key("]" if steps > 0 else "[")
        self._use("add", "b")
        return self.edited(lambda: self.drag(way))
