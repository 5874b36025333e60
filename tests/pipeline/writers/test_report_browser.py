"""The report in a real headless browser: what a person clicks, types and sees."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from karyo_split.core.box import Box
from karyo_split.pipeline.measure.measurement import measure_all
from karyo_split.pipeline.records import Chromosome, Counts, Metaphase, NormalisationInfo
from karyo_split.pipeline.result import SplitResult
from karyo_split.pipeline.slide.slide import Slide
from karyo_split.pipeline.writers.report.batch_page import write_index
from karyo_split.pipeline.writers.report.slide_page import write_report
from karyo_split.pipeline.writers.summary import SummaryRow

from ...browser import chromium

sync_api = pytest.importorskip("playwright.sync_api", reason="needs playwright, of the test extra")


@pytest.fixture(scope="module")
def browser() -> Iterator[sync_api.Browser]:
    with chromium() as started:
        yield started


def spread(count: int, metaphases: int) -> tuple[SplitResult, Slide]:
    """Rods on a grid, every fifth in doubt; the last two of each spread overlap."""
    across = int(np.ceil(np.sqrt(count)))
    side = 30 * across + 20
    grey = np.full((side, side), 20, np.uint8)
    chromosomes = []
    for index in range(count):
        y, x = 10 + 30 * (index // across), 10 + 30 * (index % across)
        height = 12 + index % 12
        mask = np.ones((height, 6), dtype=bool)
        grey[y : y + height, x : x + 6] = 150
        flags = ("low_confidence",) * (index % 5 == 0)
        number = 1 + index * metaphases // count
        box = Box(x, y, x + 6, y + height)
        chromosomes.append(
            Chromosome(index + 1, box, mask, 0.5 + 0.4 * (index % 5 > 0), 1, mask.size, 0, flags, number)
        )
    spreads = tuple(
        Metaphase(n, Box(0, 0, side, side), sum(c.metaphase_id == n for c in chromosomes), 90.0, 0.0, 0.2, 0.8)
        for n in range(1, metaphases + 1)
    )
    result = SplitResult(
        "a <slide> & more",
        (side, side),
        None,
        tuple(chromosomes),
        (),
        18.0,
        NormalisationInfo("bright", 60.0, 20.0),
        spreads,
    )
    return result, Slide.from_array(grey)


def opened(browser: sync_api.Browser, path: Path, **options: object) -> sync_api.Page:
    page = browser.new_page(viewport={"width": 1300, "height": 850}, **options)
    page.set_default_timeout(20_000)
    asked = []
    page.on("request", lambda request: asked.append(request.url))
    page.on("pageerror", lambda problem: pytest.fail(f"the page's script failed: {problem}"))
    page.goto(path.as_uri())
    assert [url for url in asked if not url.startswith(("file:", "data:"))] == []
    return page


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> Path:
    result, slide = spread(46, 2)
    path = tmp_path_factory.mktemp("report") / "report.html"
    write_report(result, measure_all(result, slide), slide, path)
    return path


def marked(page: sync_api.Page) -> tuple[list[str], list[str]]:
    """The ids that the table and the gallery mark as chosen."""
    rows = page.eval_on_selector_all('#rows [aria-selected="true"]', "found => found.map(e => e.dataset.id)")
    tiles = page.eval_on_selector_all('#gallery [aria-pressed="true"]', "found => found.map(e => e.dataset.id)")
    return rows, tiles


def place_of(page: sync_api.Page, number: int) -> dict[str, float]:
    """Where the middle of a chromosome's box lies on the canvas."""
    x0, y0, x1, y1 = page.evaluate(f"byId.get({number}).box")
    state = page.evaluate("({...state})")
    return {
        "x": ((x0 + x1) / 2 - state["x"]) * state["scale"],
        "y": ((y0 + y1) / 2 - state["y"]) * state["scale"],
    }


def test_everything_is_there_and_named(browser: sync_api.Browser, report: Path) -> None:
    page = opened(browser, report)
    assert page.text_content("h1") == "a <slide> & more"
    assert "46 chromosomes in 2 metaphases (23; 23); 10 need review" in page.text_content("#summary")
    assert page.locator("#rows tr").count() == 46
    assert page.locator("#gallery .tile").count() == 46
    assert page.locator("#review .tile").count() == 10
    lengths = page.eval_on_selector_all(
        "#gallery .row:first-child .tile", "tiles => tiles.map(t => byId.get(Number(t.dataset.id)).length)"
    )
    assert lengths == sorted(lengths, reverse=True)
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
    unnamed = page.eval_on_selector_all(
        "button", "all => all.filter(b => !(b.ariaLabel || b.textContent).trim()).length"
    )
    assert unnamed == 0


def test_one_choice_marks_picture_table_and_gallery(browser: sync_api.Browser, report: Path) -> None:
    page = opened(browser, report)
    page.click('#gallery .tile[data-id="7"]')
    assert marked(page) == (["7"], ["7"])
    assert page.text_content("#chosen").startswith("Chromosome 7, metaphase 1, score 0.90")
    page.click('#rows tr[data-id="3"]')
    assert marked(page) == (["3"], ["3"])
    page.click("#fit")
    page.click("#slide", position=place_of(page, 12))
    assert marked(page) == (["12"], ["12"])


def test_the_picture_moves_and_zooms(browser: sync_api.Browser, report: Path) -> None:
    page = opened(browser, report)
    before = page.evaluate("({...state})")
    page.click("#zoom-in")
    assert page.evaluate("state.scale") > before["scale"]
    page.hover("#slide")
    page.mouse.wheel(0, -400)
    page.wait_for_function(f"state.scale > {before['scale'] * 1.5}")
    place = page.evaluate("state.x")
    page.mouse.down()
    page.mouse.move(300, 300, steps=4)
    page.mouse.up()
    assert page.evaluate("state.x") != place
    page.click("#fit")
    assert page.evaluate("state.scale") == pytest.approx(before["scale"])


def test_two_fingers_zoom_and_one_chooses(browser: sync_api.Browser, report: Path) -> None:
    page = opened(browser, report, has_touch=True)
    fingers = page.context.new_cdp_session(page)

    def touch(kind: str, *points: tuple[float, float]) -> None:
        fingers.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": [{"x": x, "y": y} for x, y in points]})

    before = page.evaluate("state.scale")
    touch("touchStart", (300, 400), (400, 400))
    for step in range(1, 6):
        touch("touchMove", (300 - 10 * step, 400), (400 + 10 * step, 400))
    touch("touchEnd")
    page.wait_for_function(f"state.scale > {before} * 1.7 && state.scale < {before} * 2.1")
    assert marked(page)[0] == []
    page.click("#fit")
    page.tap("#slide", position=place_of(page, 12))
    assert marked(page)[0] == ["12"]


def test_it_works_from_the_keyboard(browser: sync_api.Browser, report: Path) -> None:
    page = opened(browser, report)
    page.focus("#slide")
    page.keyboard.press("n")
    page.keyboard.press("n")
    assert marked(page)[0] == ["2"]
    scale = page.evaluate("state.scale")
    page.keyboard.press("-")
    assert page.evaluate("state.scale") < scale
    page.focus("#rows tr")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowDown")
    assert marked(page) == (["3"], ["3"])


def test_filters_and_sorting(browser: sync_api.Browser, report: Path) -> None:
    page = opened(browser, report)
    page.select_option("#metaphase", "2")
    assert page.text_content("#shown") == "23 of 46 shown"
    page.select_option("#flag", "low_confidence")
    assert page.text_content("#shown") == "5 of 46 shown"
    assert page.locator("#gallery .tile:visible").count() == 5
    page.click("#reset")
    assert page.text_content("#shown") == "46 of 46 shown"
    page.click('th[data-key="score"] button')
    assert page.get_attribute('th[data-key="score"]', "aria-sort") == "ascending"
    assert page.get_attribute("#rows tr:first-child", "data-id") == "1"
    page.click('th[data-key="score"] button')
    assert page.get_attribute("#rows tr:first-child", "data-id") != "1"


def test_light_and_dark_and_print(browser: sync_api.Browser, report: Path) -> None:
    paper = "getComputedStyle(document.body).backgroundColor"
    light = opened(browser, report, color_scheme="light").evaluate(paper)
    page = opened(browser, report, color_scheme="dark")
    assert (light, page.evaluate(paper)) == ("rgb(255, 255, 255)", "rgb(20, 23, 27)")
    page.emulate_media(media="print")
    assert not page.is_visible(".tools")
    assert page.evaluate("getComputedStyle(document.querySelector('.scroll')).maxHeight") == "none"


def test_thousands_stay_fluid(browser: sync_api.Browser, tmp_path: Path) -> None:
    result, slide = spread(5000, 100)
    write_report(result, measure_all(result, slide), slide, tmp_path / "report.html")
    page = opened(browser, tmp_path / "report.html")
    assert page.locator("#rows tr").count() == 5000
    timed = "(work) => { const since = performance.now(); work(); return performance.now() - since; }"
    painted = page.evaluate(f"({timed})(paint)")
    chosen = page.evaluate(f"({timed})(() => choose(4000, {{lists: true}}))")
    assert painted < 400 and chosen < 1000  # milliseconds, on a busy machine without a graphics card


def test_a_slide_without_chromosomes_has_a_report(browser: sync_api.Browser, tmp_path: Path) -> None:
    empty = SplitResult(
        "none", (50, 60), None, (), (), None, NormalisationInfo("bright", 0.0, 7.0), warnings=("no contrast",)
    )
    write_report(empty, [], Slide.from_array(np.full((50, 60), 7, np.uint8)), tmp_path / "report.html")
    page = opened(browser, tmp_path / "report.html")
    assert "No chromosome was found" in page.text_content("#gallery")
    assert "no contrast" in page.text_content("#summary")


def test_the_headline_tells_flagged_metaphases_and_strays(browser: sync_api.Browser, tmp_path: Path) -> None:
    result, slide = spread(10, 2)
    first, second = result.metaphases
    odd = replace(result, metaphases=(replace(first, flags=("count",)), replace(second, flags=("stray",))))
    write_report(odd, measure_all(odd, slide), slide, tmp_path / "report.html")
    page = opened(browser, tmp_path / "report.html")
    told = "10 chromosomes, 5 of them in 1 metaphase (5, flagged count); 2 need review."
    assert page.text_content("#summary").startswith(told)


def test_the_batch_leads_to_its_reports(browser: sync_api.Browser, report: Path) -> None:
    folder = report.parent
    rows = [
        SummaryRow("/data/a b.tif", str(folder), Counts(2, 1, 46, 10), 1.5, ""),
        SummaryRow("/data/bad.tif", str(folder / "bad"), None, 0.1, "bad.tif is <no> image"),
    ]
    write_index(rows, folder.parent)
    page = opened(browser, folder.parent / "index.html")
    assert "1 slides done, 1 failed; 2 metaphases, 1 flagged; 46 chromosomes, 10 flagged." in page.text_content(".lead")
    assert "bad.tif is <no> image" in page.text_content("tbody")
    page.click("text=a b.tif")
    assert page.text_content("h1") == "a <slide> & more"
