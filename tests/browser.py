"""The browser of the benchmarks, for tests; those that need it skip where there is none."""

from __future__ import annotations

import importlib.util
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
    if name not in sys.modules:
        spec = importlib.util.spec_from_file_location(name, BENCHMARKS / f"{name}.py")
        assert spec is not None and spec.loader is not None
        sys.modules[name] = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(sys.modules[name])
    return sys.modules[name]


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
