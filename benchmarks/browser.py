"""How tests and benchmarks start a browser: headless and quiet, without its own calls to the network."""

from __future__ import annotations

import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
QUIET = [
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync",
]  # fmt: skip
LONGEST = 600.0


@contextmanager
def chromium() -> Iterator[Any]:
    """Playwright's browser on this computer's Chromium. Raises LookupError where there is none."""
    if CHROMIUM is None:
        raise LookupError("needs chromium, which is not installed here")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=CHROMIUM, args=QUIET)
        yield started
        started.close()


def until(page: Any, what: str) -> None:
    """Wait for a JavaScript expression; the review page's policy forbids playwright's own way, which is eval.

    Raises
    ------
    TimeoutError
        Where that takes longer than ten minutes.
    """
    ends = time.monotonic() + LONGEST
    while not page.evaluate(what):
        if time.monotonic() > ends:
            raise TimeoutError(f"{what}; the page says {page.text_content('#hint')!r}")
        time.sleep(0.01)
