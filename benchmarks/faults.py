"""A full disk, a read-only one, too little memory, two runs at once: no half file, no traceback, nothing finished lost.

python benchmarks/faults.py

The batch is that of kills.py, with its stand-in for the networks. Disks are small ones in memory, which only root may
mount; root may also write to folders that are marked read-only, so that a read-only disk stands for them.
"""

from __future__ import annotations

import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from karyo_split.core.atomic import PART
from karyo_split.pipeline.writers.summary import SUMMARY_FILE, read_summary
from kills import SLIDES, content, finished, start, write_slides

ALLOWED = (0, 1, 2, 3)
LITTLE_MEMORY = (100, 200, 400)
"""Megabytes of address space that a run with the real networks gets."""


@contextmanager
def disk(top: Path, kilobytes: int) -> Iterator[Path]:
    """A small disk in memory."""
    place = top / f"disk{kilobytes}"
    place.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={kilobytes}k", "tmpfs", place], check=True)
    try:
        yield place
    finally:
        subprocess.run(["umount", place], check=True)


class Faults:
    """Runs under faults, and what was wrong with them."""

    def __init__(self, top: Path) -> None:
        self.top, self.slides, self.findings = top, top / "slides", 0
        self.slides.mkdir()
        write_slides(self.slides)
        out = top / "undisturbed"
        start(self.slides, out, False).communicate()
        self.whole = {folder.name: content(folder) for folder in finished(out)}
        self.kilobytes = sum(path.stat().st_size for path in out.rglob("*")) // 1024
        print(f"undisturbed: {len(self.whole)} slides, {self.kilobytes} kB")

    def check(self, what: str, out: Path, process: subprocess.Popen[bytes], wanted: Callable[[int], bool]) -> None:
        """Wait for a run and look at what it left."""
        said = process.communicate()[1].decode(errors="replace").strip()
        done = finished(out) if out.is_dir() else []
        wrong = [] if process.returncode in ALLOWED else [f"exit {process.returncode}"]
        wrong += ["a traceback"] if "Traceback" in said else []
        wrong += [f"{folder.name} differs" for folder in done if content(folder) != self.whole[folder.name]]
        wrong += [f"left {path}" for path in out.rglob(f"{PART}*")] if out.is_dir() else []
        wrong += [] if wanted(len(done)) else [f"{len(done)} finished"]
        rows = read_summary(out / SUMMARY_FILE)
        errors = {row.error.split(": ")[-1][:60] for row in rows if row.error}
        wrong += [f"an error nobody foresaw: {error}" for error in errors if "not foreseen" in error]
        self.findings += len(wrong)
        last = said.splitlines()[-1][-110:] if said else ""
        print(f"{what}: exit {process.returncode}, {len(done)} finished; {last}; FOUND {wrong}", flush=True)

    def full(self, share: float) -> None:
        """A disk that holds only some of the results, and is emptied later."""
        with disk(self.top, int(self.kilobytes * share)) as place:
            out = place / "out"
            running = start(self.slides, out, False)
            self.check(f"a disk of {share:.0%} of the results", out, running, lambda n: n < SLIDES)
            subprocess.run(["mount", "-o", "remount,size=64m", place], check=True)
            self.check("the same, made larger", out, start(self.slides, out, False), lambda n: n == SLIDES)

    def read_only(self) -> None:
        """A read-only disk, from the beginning and from some moment on."""
        with disk(self.top, 64_000) as place:
            out = place / "out"
            running = start(self.slides, out, False)
            while len(finished(out)) < 2 and running.poll() is None:
                time.sleep(0.01)
            while subprocess.run(["mount", "-o", "remount,ro", place], capture_output=True).returncode:
                time.sleep(0.005)  # a file is being written
            self.check("read-only in mid run", out, running, lambda n: n >= 2)
            self.check("read-only at the start", out, start(self.slides, out, False), lambda n: n >= 2)
            subprocess.run(["mount", "-o", "remount,rw", place], check=True)
            self.check("the same, writable again", out, start(self.slides, out, False), lambda n: n == SLIDES)

    def memory(self) -> None:
        """Too little address space."""
        out = self.top / "memory"
        for megabytes in LITTLE_MEMORY:
            before = resource.getrlimit(resource.RLIMIT_AS)
            resource.setrlimit(resource.RLIMIT_AS, (megabytes * 2**20, before[1]))
            try:
                running = start(self.slides, out, True)
            finally:
                resource.setrlimit(resource.RLIMIT_AS, before)
            self.check(f"{megabytes} MB of address space", out, running, lambda n: n == 0)
        self.check("the same with enough", out, start(self.slides, out, False), lambda n: n == SLIDES)

    def two_runs(self) -> None:
        """Two runs at once into one folder, then a third."""
        out = self.top / "two"
        first, second = start(self.slides, out, False), start(self.slides, out, False)
        self.check("one of two runs at once", out, first, lambda n: n > 0)
        self.check("the other", out, second, lambda n: n == SLIDES)
        self.check("a third afterwards", out, start(self.slides, out, False), lambda n: n == SLIDES)
        rows = read_summary(out / SUMMARY_FILE)
        if len(rows) != SLIDES or any(row.error for row in rows):
            self.findings += 1
            print(f"FOUND a summary of {len(rows)} rows, with errors {[row.error for row in rows if row.error]}")


def main() -> None:
    with tempfile.TemporaryDirectory(prefix="karyo-split-faults-") as folder:
        faults = Faults(Path(folder))
        faults.two_runs()
        faults.memory()
        for share in (0.05, 0.3, 0.7):
            faults.full(share)
        faults.read_only()
    print(f"{faults.findings} findings")
    sys.exit(bool(faults.findings))


if __name__ == "__main__":
    main()
