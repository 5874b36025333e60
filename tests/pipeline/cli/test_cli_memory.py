"""Where libraries do not fit in memory, that is what the command says."""

from __future__ import annotations

import pytest
from karyo_split.pipeline.cli import program

from ...commands import run


@pytest.mark.parametrize(
    "problem", [ImportError("libtorch_cpu.so: failed to map segment from shared object"), MemoryError()]
)
def test_too_little_memory_is_one_line(
    problem: Exception, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def fails(*arguments: object, **options: object) -> None:
        raise problem

    monkeypatch.setattr(program, "app", fails)
    assert run("weights", "list") == 2
    told = capsys.readouterr().err
    assert told.startswith("karyo-split: too little memory") and told.count("\n") == 1


def test_any_other_fault_of_an_import_is_not_hidden(monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(*arguments: object, **options: object) -> None:
        raise ImportError("no such name")

    monkeypatch.setattr(program, "app", fails)
    with pytest.raises(ImportError):
        program.main(["weights", "list"])
