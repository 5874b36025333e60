from __future__ import annotations

import os
from pathlib import Path

import pytest
from karyo_split.core import free_cores as module
from karyo_split.core.free_cores import free_cores

CORES = 8


@pytest.fixture(autouse=True)
def eight_cores(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "sched_getaffinity", lambda pid: set(range(CORES)), raising=False)


@pytest.mark.parametrize(("busy", "free"), [(0.0, 8), (0.4, 8), (1.0, 7), (5.2, 3), (8.0, 1), (20.0, 1)])
def test_what_others_keep_busy_is_not_free(monkeypatch: pytest.MonkeyPatch, busy: float, free: int) -> None:
    clock = iter([100.0, 100.1])
    used = iter([50.0, 50.0 + busy * 0.1])
    monkeypatch.setattr(module.time, "perf_counter", lambda: next(clock))
    monkeypatch.setattr(module, "_busy_seconds", lambda: next(used))
    assert free_cores() == free


def test_all_are_free_where_the_system_does_not_tell(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(module, "STAT", tmp_path / "none")
    assert free_cores() == CORES
    (tmp_path / "none").write_text("odd")
    assert free_cores() == CORES


@pytest.mark.parametrize(("niceness", "seconds"), [(0, 3.0), (5, 7.0)])
def test_what_makes_way_counts_only_for_what_does_too(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, niceness: int, seconds: float
) -> None:
    ticks = os.sysconf("SC_CLK_TCK")
    (tmp_path / "stat").write_text(f"cpu  {1 * ticks} {4 * ticks} {2 * ticks} 9 9\ncpu0 0 0 0\n")
    monkeypatch.setattr(module, "STAT", tmp_path / "stat")
    monkeypatch.setattr(os, "nice", lambda step: niceness)
    assert module._busy_seconds() == seconds
