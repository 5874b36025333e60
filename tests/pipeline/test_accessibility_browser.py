"""axe-core on every page in a real browser, light and dark: no violation of its rules."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest
from karyo_split.pipeline.writers.report.batch_page import write_index
from karyo_split.pipeline.writers.summary import read_summary

from ..browser import chromium, until
from .review.made import RODS, make_folder
from .review.served import Served

pytest.importorskip("playwright.sync_api", reason="needs playwright, of the test extra")
pytest.importorskip(
    "axe_playwright_python", reason="needs axe-playwright-python, of the test extra: it brings axe-core"
)
pytest.importorskip("uvicorn", reason="needs uvicorn, of the review extra")

SCHEMES = ("light", "dark")


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    with chromium() as started:
        yield started


@pytest.fixture(scope="module")
def check() -> Callable[[Any, str], None]:
    """Asserts that axe-core finds nothing on a page in its state now."""
    source = files("axe_playwright_python").joinpath("axe.min.js").read_text(encoding="utf-8")

    def checked(page: Any, where: str) -> None:
        page.evaluate(f"() => {{ {source} }}")
        found = page.evaluate("async () => (await axe.run()).violations")
        told = [f"{v['id']}: {n['target']} {n['failureSummary']}" for v in found for n in v["nodes"]]
        assert not told, f"{where}: " + "\n".join(told)
        assert page.evaluate("async () => (await axe.run()).passes.length") > 5

    return checked


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_folder(tmp_path_factory.mktemp("review"), expect=7)


@pytest.fixture(scope="module")
def address(folder: Path) -> Iterator[str]:
    served = Served.start(folder.parent)
    yield served.address
    served.end()


@pytest.mark.parametrize("scheme", SCHEMES)
def test_the_review_page(browser: Any, check: Callable[[Any, str], None], address: str, scheme: str) -> None:
    page = browser.new_page(viewport={"width": 1280, "height": 720}, color_scheme=scheme)
    page.goto(address)
    until(page, "slide !== null && slide.pictures.length > 0 && at('hint').textContent === ''")
    check(page, "nothing chosen")
    page.keyboard.press("n")
    page.keyboard.press("b")
    page.keyboard.press("h")
    check(page, "one chosen, with a tool")
    page.keyboard.press("Escape")
    page.evaluate("say('what is wrong', true)")
    page.evaluate("at('doubts').hidden = false; at('doubts').textContent = 'To be looked at only'")
    page.keyboard.press("?")
    check(page, "a message, and the keys")
    page.keyboard.press("Escape")
    page.evaluate("void agreed('keep them all?')")
    check(page, "a question")
    page.click("#no")
    page.set_viewport_size({"width": 412, "height": 800})
    check(page, "small")
    page.close()


def test_what_is_wrong_is_found(browser: Any, check: Callable[[Any, str], None], folder: Path) -> None:
    page = browser.new_page()
    page.goto((folder / "report.html").as_uri())
    page.evaluate("document.querySelector('main').append(document.createElement('button'))")
    with pytest.raises(AssertionError, match="button-name"):
        check(page, "a button without a name")
    page.close()


@pytest.mark.parametrize("scheme", SCHEMES)
def test_report_and_work_list(browser: Any, check: Callable[[Any, str], None], folder: Path, scheme: str) -> None:
    write_index(read_summary(folder.parent / "summary.csv"), folder.parent)
    page = browser.new_page(viewport={"width": 1280, "height": 720}, color_scheme=scheme)
    page.goto((folder.parent / "index.html").as_uri())
    check(page, "the batch's list")
    page.goto((folder / "report.html").as_uri())
    check(page, "the report")
    page.click(f"#rows tr:nth-child({len(RODS) - 1})")
    check(page, "the report, one chosen")
    page.close()
