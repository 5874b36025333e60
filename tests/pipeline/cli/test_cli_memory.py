"""Where libraries do not fit in memory, that is what the command says."""

from __future__ import annotations

import subprocess
import sys

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


@pytest.mark.skipif(sys.platform != "linux", reason="limits of the address space hold on Linux")
def test_an_address_space_too_small_for_the_libraries_is_one_line_at_once() -> None:
    limited = "import resource, sys; resource.setrlimit(resource.RLIMIT_AS, (200 * 2**20,) * 2); "
    command = limited + "from karyo_split.pipeline.cli.program import main; main(['none.tif', '--out', 'none'])"
    ended = subprocess.run([sys.executable, "-P", "-c", command], capture_output=True, text=True, timeout=60)
    assert ended.returncode == 2
    assert ended.stderr.startswith("karyo-split: too little memory (200 MB") and ended.stderr.count("\n") == 1
