"""A scripted reviewer at the review page in headless Chromium: gestures and seconds for each wrong chromosome, and F1.

python benchmarks/review.py TRUTH --split validation --worst 10

Slides with true masks or with true boxes are split, the worst by F1 are taken, and what is wrong on them is mended by
clicks, lines and keys; then the same again by painting alone. scripted_reviewer.py tells how. Splitting is not timed.
The seconds are those between a gesture and what the page made of it: a person also looks and thinks.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import typer
from browser import chromium, until
from karyo_split.datasets.boxed_slide import BoxedSlide
from karyo_split.datasets.gband import read_gband
from karyo_split.datasets.read_truth import has_boxes, read_truth
from karyo_split.datasets.truth import AnnotatedSlide
from karyo_split.pipeline.read_folder import read_result
from karyo_split.pipeline.writers.summary import SUMMARY_FILE
from review_truth import TrueBoxes, TrueMasks, Truth
from scripted_reviewer import Reviewer, Work

PROGRAM = [sys.executable, "-m", "karyo_split"]
OPEN = "slide !== null && slide.pictures.length > 0 && at('hint').textContent === ''"


@dataclass(frozen=True)
class Judged:
    """A slide that was split."""

    truth: Truth
    """What is known of it."""
    folder: Path
    """Of its results."""
    f1: float
    """At IoU 0.5."""


def split_slides(slides: list[AnnotatedSlide] | list[BoxedSlide], top: Path) -> list[Judged]:
    """Split slides, and compare them with their truth."""
    paths = [str(slide.image_path.resolve()) for slide in slides]
    subprocess.run([*PROGRAM, *paths, "--out", str(top), "--resume"], check=True)
    folders = {path.parent.name: path.parent for path in top.rglob("run.json")}
    judged = []
    for slide in slides:
        folder = folders[slide.image_path.stem]
        found = [c.placed for c in read_result(folder).chromosomes]
        truth: Truth = TrueMasks(slide) if isinstance(slide, AnnotatedSlide) else TrueBoxes(slide, found)
        f1 = 2 * len(truth.pairs(found)) / max(1, len(found) + len(truth.targets))
        judged.append(Judged(truth, folder, f1))
    return judged


@contextmanager
def page_of(browser: Any, folders: list[Path]) -> Iterator[tuple[Any, list[Path]]]:
    """The review page of copies of some folders of a batch, and the copies, in the order of its list."""
    with tempfile.TemporaryDirectory() as top:
        shutil.copy(folders[0].parent / SUMMARY_FILE, top)
        for folder in folders:
            shutil.copytree(folder, Path(top) / folder.name)
        serving = [*PROGRAM, "review", top, "--no-browser"]
        server = subprocess.Popen(serving, stdout=subprocess.PIPE, text=True, cwd=top)
        try:
            assert server.stdout is not None
            page = browser.new_page(viewport={"width": 1280, "height": 720})
            page.goto(server.stdout.readline().strip())
            until(page, OPEN)
            names = page.evaluate("[...at('slides').options].map((each) => each.text.split(' ')[1])")
            yield page, [Path(top) / name for name in names]
            page.close()
        finally:
            server.terminate()
            server.wait()


def rows(browser: Any, judged: list[Judged], paint_alone: bool) -> Iterator[str]:
    """The table's rows, the slides' one by one and that of all together."""
    truths = {each.folder.name: each.truth for each in judged}
    works: list[Work] = []
    with page_of(browser, [each.folder for each in judged]) as (page, folders):
        for number, folder in enumerate(folders):
            page.evaluate(f"open({number})")
            until(page, f"number === {number} && {OPEN}")
            works.append(Reviewer(page, folder, truths[folder.name], paint_alone).review())
            yield _row(folder.name, works[-1:])
            print(f"{folder.name}: {dict(works[-1].kinds.most_common())}", file=sys.stderr, flush=True)
    yield _row(f"all {len(works)}, {'painted' if paint_alone else 'clicked'}", works)


def _row(name: str, works: list[Work]) -> str:
    wrong, gestures = sum(w.wrong for w in works), sum(w.gestures for w in works)
    seconds, each, many = sum(w.seconds for w in works), max(1, wrong), len(works)
    before, after = sum(w.before for w in works) / many, sum(w.after for w in works) / many
    return (
        f"| {name} | {wrong} | {gestures} | {gestures / each:.2f} | {seconds / each:.2f} | {before:.3f} | {after:.3f} |"
    )


def main(
    truth: Path,
    split: str = "all",
    worst: Annotated[int, typer.Option(help="How many, the lowest F1 first.")] = 3,
    among: Annotated[int, typer.Option(help="Of so many slides, the first ones; 0 takes all.")] = 0,
    results: Annotated[Path | None, typer.Option(help="Keep, and take, what was split here.")] = None,
    by: Annotated[str, typer.Option(help="clicks, paint or both, one after the other.")] = "both",
) -> None:
    """Review the worst slides of a folder of truth, and print a table."""
    slides: list[Any] = list(read_gband(truth, split) if has_boxes(truth) else read_truth(truth, split))
    slides = slides[: among or None]
    with tempfile.TemporaryDirectory() as top, chromium() as browser:
        judged = sorted(split_slides(slides, results or Path(top)), key=lambda each: each.f1)[:worst]
        for paint_alone in {"clicks": [False], "paint": [True], "both": [False, True]}[by]:
            print("| slide | wrong | gestures | gestures a wrong one | seconds a wrong one | F1 before | F1 after |")
            print("|---|---|---|---|---|---|---|")
            for row in rows(browser, judged, paint_alone):
                print(row, flush=True)
            print()


if __name__ == "__main__":
    typer.run(main)
