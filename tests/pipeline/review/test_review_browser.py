"""The review page in a real headless browser, served by the program itself: mouse, keyboard, touch, and a kill."""

from __future__ import annotations

import json
import shutil
import signal
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from karyo_split.core.mask import iou
from karyo_split.datasets.read_truth import read_truth
from karyo_split.pipeline.read_folder import read_result
from karyo_split.pipeline.review import verbs
from karyo_split.pipeline.review.edit_log import read_log
from karyo_split.pipeline.review.session import ReviewSession
from karyo_split.pipeline.verify_folder import verify_folders

from ...browser import benchmark, chromium, until
from ...commands import run
from ...strategies import rod
from .made import make_folder
from .served import Served

pytest.importorskip("playwright.sync_api", reason="needs playwright, of the test extra")
pytest.importorskip("uvicorn", reason="needs uvicorn, of the review extra")
EXAMPLE = Path(__file__).resolve().parents[3] / "examples" / "metaphase.tif"


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    with chromium() as started:
        yield started


@pytest.fixture
def serve() -> Iterator[Callable[[Path], Served]]:
    running: list[Served] = []

    def start(folder: Path) -> Served:
        running.append(Served.start(folder))
        return running[-1]

    yield start
    for served in running:
        served.end()


def opened(browser: Any, served: Served, **options: Any) -> Any:
    page = browser.new_page(**{"viewport": {"width": 1280, "height": 720}, **options})
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.on("pageerror", lambda problem: pytest.fail(f"the page's script failed: {problem}"))
    page.on("console", lambda told: pytest.fail(told.text) if "Content Security" in told.text else None)
    page.goto(served.address)
    until(page, "slide !== null && slide.pictures.length > 0 && at('hint').textContent === ''")
    assert [url for url in asked if not url.startswith((served.address, "data:"))] == []
    return page


def on_screen(page: Any, row: float, column: float) -> tuple[float, float]:
    """Where a point of the slide lies on the screen."""
    left, top = page.evaluate("(({left, top}) => [left, top])(canvas.getBoundingClientRect())")
    place = _on_canvas(page, row, column)
    return place["x"] + left, place["y"] + top


def drag(page: Any, *points: tuple[float, float]) -> None:
    """Draw a line through points (row, column) of the slide."""
    page.mouse.move(*on_screen(page, *points[0]))
    page.mouse.down()
    for point in points[1:]:
        page.mouse.move(*on_screen(page, *point), steps=4)
    page.mouse.up()


def edits(page: Any, count: int) -> None:
    """Wait for so many edits."""
    until(page, f"slide.revision === {count}")


def test_a_slide_is_reviewed_with_the_mouse(browser: Any, serve: Any, tmp_path: Path) -> None:
    folder = make_folder(tmp_path)
    served = serve(folder)
    page = opened(browser, served)
    assert page.text_content("h1") == "a"
    page.mouse.click(*on_screen(page, 25, 14))
    assert page.text_content("#chosen-title") == "Chromosome 1"
    page.click("#verb-accept")
    edits(page, 1)
    page.mouse.click(*on_screen(page, 25, 44))
    page.click("#tool-split")
    drag(page, (25, 36), (25, 52))
    edits(page, 2)
    assert page.evaluate("slide.there.map(c => c.id)") == [1, 2, 3, 4, 5, 6, 7]
    page.click("#tool-join")
    page.mouse.click(*on_screen(page, 35, 44))
    edits(page, 3)
    page.mouse.click(*on_screen(page, 25, 74))
    page.click("#tool-add")
    drag(page, (25, 74), (25, 84))
    edits(page, 4)
    page.click("#tool-erase")
    drag(page, (16, 66), (16, 88))
    until(page, "at('question').open")
    assert "2 pieces" in page.text_content("#question-text")
    page.click("#no")
    until(page, "at('hint').textContent === 'Left as it was'")
    assert page.evaluate("slide.revision") == 4
    drag(page, (38, 66), (42, 88))
    edits(page, 5)
    for revision in range(6, 11):
        page.click("#undo")
        edits(page, revision)
    assert page.is_disabled("#undo")
    page.click("#redo")
    edits(page, 11)
    assert served.end() == 0
    result = read_result(folder)
    assert len(result) == 6 and [c.review for c in result.chromosomes] == ["accepted", "", "", "", "", ""]
    assert not next(verify_folders(folder)).changes


def test_every_verb_has_a_key_and_a_slide_is_signed(browser: Any, serve: Any, tmp_path: Path) -> None:
    folder = make_folder(tmp_path, expect=7)
    served = serve(folder)
    page = opened(browser, served)
    revision = 0

    def press(*keys: str) -> None:
        nonlocal revision
        for key in keys:
            page.keyboard.press(key)
        revision += 1
        edits(page, revision)

    press("n", "a")  # and the next one is chosen
    press("a")
    assert page.evaluate("slide.left.chromosomes.length") == 1
    page.keyboard.press("n")
    first = page.evaluate("chosen")
    press("d")
    assert page.evaluate("chosen") == first
    press("r")
    press("x")
    press("z")
    press("y")
    press("z")
    page.evaluate("choose(3)")
    page.keyboard.press("s")
    assert page.evaluate("document.activeElement.id") == "slide", "a tool waits for the cross on the slide"
    for key in ("ArrowLeft", *["Shift+ArrowLeft"] * 3):
        page.keyboard.press(key)
    page.keyboard.press(" ")
    for _ in range(6):
        page.keyboard.press("Shift+ArrowRight")
    press(" ")
    assert page.evaluate("slide.count") == 7
    page.evaluate("choose(1)")
    page.keyboard.press("b")
    page.keyboard.press("]")
    page.keyboard.press("ArrowRight")
    page.keyboard.press(" ")
    press("Shift+ArrowRight", "Shift+ArrowRight", " ")
    page.keyboard.press("e")
    page.keyboard.press(" ")
    press("Shift+ArrowLeft", " ")
    page.keyboard.press("Escape")
    page.keyboard.press("t")
    page.keyboard.type("bent")
    press("Enter")
    assert page.evaluate("byId.get(1).note") == "bent"
    page.keyboard.press("?")
    assert page.evaluate("at('keys').open")
    page.keyboard.press("Escape")
    press("S")
    assert page.evaluate("slide.signed.name") == "Ann"
    assert served.end() == 0
    review = read_result(folder).review
    assert review is not None and review.signed is not None and review.reviewed_by == ("Ann",)


def test_a_kill_loses_no_edit(browser: Any, serve: Any, tmp_path: Path) -> None:
    folder = make_folder(tmp_path)
    served = serve(folder)
    page = opened(browser, served)
    page.evaluate("choose(2)")
    page.keyboard.press("d")
    edits(page, 1)
    page.evaluate("choose(3)")
    page.keyboard.press("d")
    edits(page, 2)
    served.end(signal.SIGKILL)
    page.keyboard.press("z")
    until(page, "at('hint').textContent.includes('does not answer')")
    log = read_log(folder / "edits.jsonl")
    assert log is not None and [edit.verb for edit in log.edits] == ["delete", "delete"]
    again = serve(folder)
    page = opened(browser, again)
    assert page.evaluate("[slide.revision, slide.count]") == [2, 4]
    assert again.end() == 0
    assert len(read_result(folder)) == 4


def test_light_dark_small_and_touch(browser: Any, serve: Any, tmp_path: Path) -> None:
    served = serve(make_folder(tmp_path))
    paper = "getComputedStyle(document.body).backgroundColor"
    for scheme, colour in (("light", "rgb(255, 255, 255)"), ("dark", "rgb(20, 23, 27)")):
        page = opened(browser, served, color_scheme=scheme)
        assert page.evaluate(paper) == colour
        assert page.evaluate(
            "(({scrollWidth: w, scrollHeight: h}) => w <= innerWidth && h <= innerHeight)(document.body)"
        )
        named = "b => (b.ariaLabel || b.textContent || b.labels?.[0]?.textContent || '').trim()"
        assert page.eval_on_selector_all("button, select, input", f"all => all.every({named})")
        page.keyboard.press("Tab")
        assert page.evaluate("getComputedStyle(document.activeElement).outlineStyle") == "solid"
        page.close()
    page = opened(browser, served, viewport={"width": 412, "height": 800}, has_touch=True)
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    page.tap("#slide", position=_on_canvas(page, 25, 14))
    assert page.text_content("#chosen-title") == "Chromosome 1"
    page.tap("#verb-accept")
    edits(page, 1)
    fingers = page.context.new_cdp_session(page)

    def touch(kind: str, *points: tuple[float, float]) -> None:
        fingers.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": [{"x": x, "y": y} for x, y in points]})

    page.evaluate("choose(1); viewer.fit()")  # accepting went on to the next one
    page.tap("#tool-split")
    page.evaluate("canvas.scrollIntoView({block: 'center'})")
    touch("touchStart", on_screen(page, 25, 4))
    for column in (8, 14, 20, 26):
        touch("touchMove", on_screen(page, 25, column))
    touch("touchEnd")
    edits(page, 2)
    assert page.evaluate("slide.count") == 7


def _on_canvas(page: Any, row: float, column: float) -> dict[str, float]:
    state = page.evaluate("({...viewer.state})")
    return {"x": (column - state["x"]) * state["scale"], "y": (row - state["y"]) * state["scale"]}


@pytest.fixture(scope="module")
def split_example(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a batch with the example."""
    top = tmp_path_factory.mktemp("example")
    assert run("split", EXAMPLE, "--out", top, "--expect", "46", "--device", "cpu") == 0
    return top


def test_a_script_that_knows_the_truth_finishes_the_example(
    browser: Any, serve: Any, split_example: Path, tmp_path: Path
) -> None:
    """The reviewer of the benchmark, after one chromosome was lost and another fell into two."""
    top = Path(shutil.copytree(split_example, tmp_path / "masks"))
    folder = top / "metaphase"
    (slide,) = read_truth(EXAMPLE.parent)
    session = ReviewSession.open(folder, "Ann")
    lone = [c for c in session.opened.base.chromosomes if not c.flags and c.box_slide.height > c.box_slide.width][:2]
    session.edit(lambda desk: verbs.delete(desk, [lone[0].id]))
    row, box = lone[1].middle[0] + 0.5, lone[1].box_slide
    session.edit(lambda desk: verbs.split(desk, lone[1].id, [(row, box.x0 - 2), (row, box.x1 + 2)]))
    session.close()
    served = serve(folder)
    page = opened(browser, served)
    truth = benchmark("review_truth").TrueMasks(slide)
    work = benchmark("scripted_reviewer").Reviewer(page, folder, truth).review()
    assert served.end() == 0
    assert work.wrong >= 2 and work.before < 0.98 and work.after >= 0.995
    assert work.gestures <= 4 * work.wrong
    assert not next(verify_folders(folder)).changes


def test_the_example_is_corrected_by_clicks(browser: Any, serve: Any, split_example: Path, tmp_path: Path) -> None:
    """A chromosome is deleted and clicked anew, in place and as a new one."""
    folder = Path(shutil.copytree(split_example, tmp_path / "masks")) / "metaphase"
    before = read_result(folder)
    lone = [c for c in before.chromosomes if sum(o.cluster_id == c.cluster_id for o in before.chromosomes) == 1][:2]
    served = serve(folder)
    page = opened(browser, served)
    row, column = lone[0].middle
    page.mouse.click(*on_screen(page, row + 0.5, column + 0.5))
    page.keyboard.press("d")
    edits(page, 1)
    page.keyboard.press("Escape")
    page.mouse.click(*on_screen(page, row + 0.5, column + 0.5))  # where nothing lies any more the network is asked
    until(page, "candidate !== null")
    page.mouse.click(*on_screen(page, row + 1.5, column + 0.5))
    until(page, "candidate.yes.length === 2")
    page.keyboard.press("Enter")
    edits(page, 2)
    row, column = lone[1].middle
    page.evaluate(f"choose({lone[1].id})")
    page.keyboard.press("c")
    page.mouse.click(*on_screen(page, row + 0.5, column + 0.5))
    until(page, "candidate !== null")
    page.keyboard.press("Enter")
    until(page, "slide.revision === 3 || at('hint').textContent === 'nothing would change'")
    assert served.end() == 0
    after = {c.id: c for c in read_result(folder).chromosomes}
    assert len(after) == len(before.chromosomes) and lone[0].id not in after
    assert iou(after[max(after)].placed, lone[0].placed) > 0.7
    assert iou(after[lone[1].id].placed, lone[1].placed) > 0.7
    lines = (folder / "edits.jsonl").read_text().splitlines()
    assert [json.loads(line)["verb"] for line in lines[1:3]] == ["delete", "new"]


def test_thousands_stay_fluid(browser: Any, serve: Any, tmp_path: Path) -> None:
    side = 74
    rods = [rod(8 + 30 * (i // side), 8 + 30 * (i % side), 20, 6) for i in range(5000)]
    served = serve(make_folder(tmp_path, rods, shape=(30 * 68 + 20, 30 * side + 20), formats=("coco",)))
    page = opened(browser, served)
    until(page, "!document.hidden")
    frames = page.evaluate(
        """async () => {
          const gaps = [];
          let last = performance.now();
          for (let i = 0; i < 60; i += 1) {
            viewer.state.x += i % 2 ? 12 : -9;
            viewer.draw();
            await new Promise(requestAnimationFrame);
            const now = performance.now();
            gaps.push(now - last);
            last = now;
            await new Promise((go) => setTimeout(go, 50 - Math.min(45, now - last)));
            last = performance.now();
          }
          return gaps;
        }"""
    )
    assert sorted(frames)[len(frames) // 2] < 100 and max(frames) < 400  # milliseconds, on a busy machine
