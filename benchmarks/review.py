"""A scripted reviewer at the review page in headless Chromium: gestures and seconds for each wrong chromosome, and F1.

python benchmarks/review.py TRUTH --slides 3

Each slide of the truth is split, and what is wrong is mended as a person would who knows the truth: what covers two
true chromosomes is split along a line between them, what is missing is clicked, what the network does not answer right
is painted, what is nothing is deleted. Every click, stroke and key counts as a gesture. With --paint nothing is clicked
or split: all is painted. Splitting is not timed; the page's answers are.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import typer
from karyo_split.core.mask import PlacedMask, intersection_area, iou
from karyo_split.datasets.read_truth import read_truth
from karyo_split.datasets.truth import AnnotatedSlide
from karyo_split.pipeline.evaluation.comparison import SlideComparison
from karyo_split.pipeline.evaluation.slide_scores import matched_pairs
from karyo_split.pipeline.review.edit_log import EDITS_FILE, read_log
from karyo_split.pipeline.review.replay import replay
from karyo_split.pipeline.review.reviewed_folder import open_folder
from scipy import ndimage

QUIET = [
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync",
]  # fmt: skip
RIGHT = 0.5
LONGEST = 120.0
MAX_ROUNDS = 3


@dataclass
class Work:
    """What a reviewer did on one slide."""

    gestures: int = 0
    seconds: float = 0.0
    mended: int = 0


class Reviewer:
    """Mouse and keyboard at the page of one slide."""

    def __init__(self, page: Any, folder: Path, truth: AnnotatedSlide, slide: Path, paint: bool) -> None:
        self.page, self.folder, self.truth, self.paint = page, folder, truth, paint
        self.work, self.opened = Work(), open_folder(folder, slide)

    def found(self) -> dict[int, PlacedMask]:
        """The masks as they are now, by id."""
        log = read_log(self.folder / EDITS_FILE)
        state = replay(self.opened.conditions, log.edits if log else ())
        return {id: condition.placed(self.truth.shape) for id, condition in state.present.items()}

    def comparison(self, found: dict[int, PlacedMask]) -> SlideComparison:
        masks = tuple(found.values())
        return SlideComparison(
            self.truth.name, self.truth.shape, self.truth.chromosomes, masks, tuple(1.0 for _ in masks)
        )

    def f1(self) -> float:
        found = self.found()
        pairs = matched_pairs(self.comparison(found), RIGHT)
        return 2 * len(pairs) / max(1, len(found) + len(self.truth.chromosomes))

    def wrong(self) -> tuple[list[int], list[int]]:
        """Indices of true chromosomes that are missing, and ids of masks that are none."""
        found = self.found()
        pairs = matched_pairs(self.comparison(found), RIGHT)
        true, ids = {t for t, _ in pairs}, [list(found)[f] for _, f in pairs]
        return [i for i in range(len(self.truth.chromosomes)) if i not in true], [id for id in found if id not in ids]

    # ---- gestures

    def key(self, name: str) -> None:
        self.work.gestures += 1
        self.page.keyboard.press(name)

    def on_screen(self, row: float, column: float) -> tuple[float, float]:
        state = self.page.evaluate("(({x, y, scale}) => [x, y, scale])(viewer.state)")
        left, top = self.page.evaluate("(({left, top}) => [left, top])(canvas.getBoundingClientRect())")
        return (column - state[0]) * state[2] + left, (row - state[1]) * state[2] + top

    def click(self, row: float, column: float) -> None:
        self.work.gestures += 1
        self.page.mouse.click(*self.on_screen(row, column))

    def drag(self, points: list[tuple[float, float]]) -> None:
        self.work.gestures += 1
        self.page.mouse.move(*self.on_screen(*points[0]))
        self.page.mouse.down()
        for point in points[1:]:
            self.page.mouse.move(*self.on_screen(*point), steps=3)
        self.page.mouse.up()

    def until(self, what: str) -> None:
        ends = time.monotonic() + LONGEST
        while not self.page.evaluate(what):
            if time.monotonic() > ends:
                raise TimeoutError(f"{what}; the page says {self.page.text_content('#hint')!r}")
            time.sleep(0.01)

    def edited(self, do: Any) -> bool:
        """Do something, wait for its edit or its refusal; a question gets a yes."""
        revision = self.page.evaluate("slide.revision")
        self.page.evaluate("say('')")
        do()
        done = f"slide.revision > {revision} || at('hint').classList.contains('wrong') || at('question').open"
        self.until(done)
        if self.page.evaluate("at('question').open"):
            self.work.gestures += 1
            self.page.click("#yes")
            self.until(f"slide.revision > {revision} || at('hint').classList.contains('wrong')")
        return bool(self.page.evaluate(f"slide.revision > {revision}"))

    def choose(self, id: int) -> None:
        """Choose a mask by a click on a pixel that only it has, where there is one."""
        found = self.found()
        own = _alone(found[id], [mask for other, mask in found.items() if other != id])
        if self.page.evaluate("chosen") != id:
            self.key("Escape")
            self.click(*own)
        if self.page.evaluate("chosen") != id:
            self.page.evaluate(f"choose({id})")  # the list at the right, one click
            self.work.gestures += 1

    # ---- how things are mended

    def mend(self) -> None:
        since = time.monotonic()
        for _ in range(MAX_ROUNDS):
            missing, extra = self.wrong()
            if not missing and not extra:
                break
            for index in missing:
                if index in self.wrong()[0]:
                    self.mend_one(self.truth.chromosomes[index])
            for id in self.wrong()[1]:
                self.choose(id)
                self.edited(lambda: self.key("d"))
        self.work.seconds = time.monotonic() - since

    def mend_one(self, true: PlacedMask) -> None:
        self.work.mended += 1
        found, (_, extra) = self.found(), self.wrong()
        under = [id for id in extra if intersection_area(found[id], true) > 0.5 * true.area]
        if self.paint:
            return self.paint_one(true, under)
        if under and self.split(under[0], true):
            return None
        target = max(extra, key=lambda id: iou(found[id], true), default=None)
        if target is not None and iou(found[target], true) > 0.15:
            self.choose(target)
        else:
            self.page.evaluate("choose(null)")
        if not self.clicked(true):
            self.paint_one(true, [])
        return None

    def split(self, id: int, true: PlacedMask) -> bool:
        """Part a mask of two chromosomes that do not cross, between them."""
        whole = self.found()[id]
        own = true.within(whole.box) & whole.mask
        rest = whole.mask & ~own
        if min(own.sum(), rest.sum()) < 0.25 * whole.area:
            return False
        a, b = np.argwhere(own).mean(axis=0), np.argwhere(rest).mean(axis=0)
        near = np.argwhere(ndimage.binary_dilation(own) & rest)
        if not len(near):
            return False
        middle = near.mean(axis=0) + np.array([whole.box.y0 + 0.5, whole.box.x0 + 0.5])
        _, _, axes = np.linalg.svd(near - near.mean(axis=0), full_matrices=False)
        along = axes[0] if len(near) > 2 else np.array([-(b - a)[1], (b - a)[0]]) / np.linalg.norm(b - a)
        reach = np.ptp(near @ along) / 2 + 4
        self.choose(id)
        self.key("s")
        parted = self.edited(lambda: self.drag([tuple(middle - reach * along), tuple(middle + reach * along)]))
        if parted and max(iou(mask, true) for mask in self.found().values()) >= RIGHT:
            return True
        if parted:
            self.edited(lambda: self.key("z"))
        self.key("Escape")
        return False

    def clicked(self, true: PlacedMask) -> bool:
        """Click a chromosome; where the proposal is wrong, say more, twice at most; take it where it is right."""
        others = [mask for mask in self.truth.chromosomes if mask is not true]
        self.key("c")
        seeds = [_alone(true, others), _far(true, others)]
        for place in seeds:
            asked = self.page.evaluate("asking")
            self.page.evaluate("say('')")
            self.click(*place)
            self.until(f"asking > {asked} && !at('hint').textContent.startsWith('Looking') && at('hint').textContent")
            proposal = self.page.evaluate("candidate && candidate.box.concat(candidate.area)")
            # The reviewer sees the outline; the script takes it, looks, and takes it back where it is wrong.
            if proposal and 0.5 < proposal[4] / true.area < 1.8:
                break
        else:
            self.key("Escape")
            self.key("Escape")
            return False
        if self.edited(lambda: self.key("Enter")) and max(iou(m, true) for m in self.found().values()) >= RIGHT:
            return True
        self.edited(lambda: self.key("z"))
        self.key("Escape")
        return False

    def paint_one(self, true: PlacedMask, under: list[int]) -> None:
        """Paint a chromosome along its middle; a wrong mask that lies there is taken out first."""
        for id in under:
            self.choose(id)
            self.edited(lambda: self.key("d"))
        self.page.evaluate("choose(null)")
        depth = ndimage.distance_transform_edt(np.pad(true.mask, 1))[1:-1, 1:-1]
        radius = float(np.percentile(depth[depth > 0.6 * depth.max()], 60)) if depth.any() else 2.0
        rows, columns = np.nonzero(depth >= 0.6 * depth.max())
        points = np.stack([rows, columns], axis=1) + np.array([true.box.y0 + 0.5, true.box.x0 + 0.5])
        _, _, axes = np.linalg.svd(points - points.mean(axis=0), full_matrices=False)
        order = np.argsort((points - points.mean(axis=0)) @ axes[0])
        way = [tuple(points[chunk].mean(axis=0)) for chunk in np.array_split(order, min(8, len(order)))]
        while self.page.evaluate("radius") < radius / 1.12:
            self.key("]")
        while self.page.evaluate("radius") > radius * 1.12:
            self.key("[")
        self.key("b")
        self.edited(lambda: self.drag(way))
        self.key("Escape")


def _alone(mask: PlacedMask, others: list[PlacedMask]) -> tuple[float, float]:
    """The deepest pixel (row, column) of what a mask has alone, or of all of it where that is nothing."""
    own = mask.mask.copy()
    for other in others:
        own &= ~other.within(mask.box)
    depth = ndimage.distance_transform_edt(np.pad(own if own.any() else mask.mask, 1))[1:-1, 1:-1]
    row, column = np.unravel_index(int(np.argmax(depth)), depth.shape)
    return float(row) + mask.box.y0 + 0.5, float(column) + mask.box.x0 + 0.5


def _far(mask: PlacedMask, others: list[PlacedMask]) -> tuple[float, float]:
    """A pixel of a mask far from `_alone`, and well inside."""
    first = np.array(_alone(mask, others)) - (mask.box.y0, mask.box.x0)
    depth = ndimage.distance_transform_edt(np.pad(mask.mask, 1))[1:-1, 1:-1]
    inside = np.argwhere(depth >= min(2.0, depth.max()))
    row, column = inside[int(np.argmax(np.hypot(*(inside + 0.5 - first).T)))]
    return float(row) + mask.box.y0 + 0.5, float(column) + mask.box.x0 + 0.5


def review_slide(browser: Any, truth: AnnotatedSlide, top: Path, paint: bool) -> tuple[Work, float, float]:
    """Split a slide, review it by script; the work, and F1 before and after."""
    command = [sys.executable, "-m", "karyo_split"]
    subprocess.run([*command, "split", str(truth.image_path), "--out", str(top)], check=True, cwd=top)
    (run_file,) = top.glob("*/run.json")
    folder = run_file.parent
    serving = [*command, "review", str(folder), "--no-browser", "--slides", str(truth.image_path.resolve())]
    server = subprocess.Popen(serving, stdout=subprocess.PIPE, text=True, cwd=top)
    try:
        assert server.stdout is not None
        page = browser.new_page(viewport={"width": 1280, "height": 720})
        page.goto(server.stdout.readline().strip())
        reviewer = Reviewer(page, folder, truth, truth.image_path, paint)
        reviewer.until("slide !== null && at('hint').textContent === ''")
        before = reviewer.f1()
        reviewer.mend()
        after = reviewer.f1()
        page.close()
        return reviewer.work, before, after
    finally:
        server.terminate()
        server.wait()


def main(truth: Path, split: str = "all", slides: int = 3, skip: int = 0, paint: bool = False) -> None:
    """Review some slides of a folder of truth, and print a table."""
    from playwright.sync_api import sync_playwright

    chromium = shutil.which("chromium") or shutil.which("google-chrome")
    rows: list[tuple[Work, float, float]] = []
    print("| slide | wrong | gestures | gestures a wrong one | seconds a wrong one | F1 before | F1 after |")
    print("|---|---|---|---|---|---|---|")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=QUIET)
        for slide in list(read_truth(truth, split))[skip : skip + slides]:
            with tempfile.TemporaryDirectory() as top:
                work, before, after = review_slide(browser, slide, Path(top), paint)
            rows.append((work, before, after))
            each = max(1, work.mended)
            print(
                f"| {slide.name} | {work.mended} | {work.gestures} | {work.gestures / each:.1f} | "
                f"{work.seconds / each:.2f} | {before:.3f} | {after:.3f} |",
                flush=True,
            )
    print(json.dumps({"gestures": sum(w.gestures for w, _, _ in rows), "mended": sum(w.mended for w, _, _ in rows)}))


if __name__ == "__main__":
    typer.run(main)
