from __future__ import annotations

import os
import subprocess
import sys

import pytest
from karyo_split.core.wait_policy import SLEEPING, wait_asleep


def test_threads_sleep_unless_the_user_says_otherwise(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in SLEEPING:
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("OMP_WAIT_POLICY", "ACTIVE")
    wait_asleep()
    assert (os.environ["OMP_WAIT_POLICY"], os.environ["KMP_BLOCKTIME"]) == ("ACTIVE", "0")


def test_the_command_line_says_so_before_torch_is_there() -> None:
    script = (
        "import os, sys\n"
        "from karyo_split.pipeline.cli import main\n"
        "assert 'torch' not in sys.modules\n"
        "try: main(['--version'])\n"
        "except SystemExit: print(os.environ['OMP_WAIT_POLICY'], 'torch' in sys.modules)\n"
    )
    plain = {name: value for name, value in os.environ.items() if name not in SLEEPING}
    command = [sys.executable, "-P", "-c", script]
    said = subprocess.run(command, capture_output=True, text=True, check=True, env=plain).stdout
    assert said.splitlines()[-1] == "PASSIVE False"
