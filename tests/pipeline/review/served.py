"""The program while it serves the review page of a folder."""

from __future__ import annotations

import signal
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Self

LONGEST = 120.0


@dataclass
class Served:
    """A running `karyo-split review`."""

    process: subprocess.Popen[str]
    address: str

    @classmethod
    def start(cls, folder: Path) -> Self:
        command = [sys.executable, "-m", "karyo_split", "review", str(folder), "--no-browser", "--reviewer", "Ann"]
        process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=folder)
        assert process.stdout is not None
        return cls(process, process.stdout.readline().strip())

    def end(self, how: signal.Signals = signal.SIGINT) -> int:
        if self.process.poll() is None:
            self.process.send_signal(how)
        return self.process.wait(LONGEST)
