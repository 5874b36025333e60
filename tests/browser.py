"""The browser of the benchmarks, for tests; those that need it skip where there is none."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

BENCHMARKS = Path(__file__).resolve().parents[1] / "benchmarks"


def benchmark(name: str) -> ModuleType:
    """A module of the folder benchmarks/, which is no package: its scripts are run by path."""
    if str(BENCHMARKS) not in sys.path:
        sys.path.append(str(BENCHMARKS))
    return importlib.import_module(name)


@contextmanager
def chromium() -> Iterator[Any]:
    """Playwright's Chromium; skips where there is none."""
    browser = benchmark("browser")
    if browser.CHROMIUM is None:
        pytest.skip("needs chromium, which is not installed here")
    with browser.chromium() as started:
        yield started


def until(page: Any, what: str) -> None:
    """Wait for a JavaScript expression."""
    benchmark("browser").until(page, what)
