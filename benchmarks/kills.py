"""kill -9 at random moments of a batch with two workers: nothing finished is lost or changed, nothing is left behind.

python benchmarks/kills.py --kills 200

A batch of small slides is killed, taken up with --resume and killed again, until it comes to its end; then the next one
begins. Every fourth time a worker is killed and not the parent: that run has to end well by itself. A stand-in answers
for the networks, so that a run takes seconds and most of it is writing; `--networks` takes the real ones. After each
kill: no process of the run lives on, and each folder with a run.json holds what an undisturbed run wrote, byte for
byte but for times. In the end: all folders, a summary of all slides, and no unfinished file.
"""

from __future__ import annotations

import csv
import hashlib
import json
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from dataclasses import asdict, replace
from pathlib import Path
from typing import Annotated

import numpy as np
import tifffile
import typer
from karyo_split.core.atomic import PART
from karyo_split.core.box import Box
from karyo_split.core.mask import PlacedMask
from karyo_split.pipeline.batch import run_batch
from karyo_split.pipeline.batch.run_batch import LOCK_FILE
from karyo_split.pipeline.cli import main as command_line
from karyo_split.pipeline.metaphases import group_metaphases
from karyo_split.pipeline.progress import Progress
from karyo_split.pipeline.records import NormalisationInfo
from karyo_split.pipeline.result import SplitResult
from karyo_split.pipeline.scoring.candidate import Candidate
from karyo_split.pipeline.settings import SplitSettings
from karyo_split.pipeline.slide.slide import Slide
from karyo_split.pipeline.stitch import stitch
from karyo_split.pipeline.versions import versions
from scipy import ndimage

from karyo_split import weights

BATCH = "KARYO_SPLIT_BENCHMARK_BATCH"
"""Set in the processes of a batch whose networks are a stand-in."""
SIDE, SLIDES, ROD = 160, 10, (40, 9)
LONGEST = 120
"""Seconds that processes may live on after their parent; the machine may be busy."""
TIMES = ("started", "seconds")


class StandIn:
    """Answers for the networks: every bright region is a chromosome."""

    def __init__(self, settings: SplitSettings) -> None:
        self.settings = settings

    def split(self, slide: Slide, progress: Progress | None = None) -> SplitResult:
        """Find the bright regions of an open slide."""
        rows, columns = slide.shape
        labels, _ = ndimage.label(slide.read(Box(0, 0, columns, rows)) > 100)
        found = []
        for number, (down, across) in enumerate(ndimage.find_objects(labels), start=1):
            box = Box(across.start, down.start, across.stop, down.stop)
            found.append(Candidate(PlacedMask(box, labels[down, across] == number), 0.9))
        chromosomes = stitch(found, Box(0, 0, columns, rows), 10, 0.5)
        ids, metaphases = group_metaphases(chromosomes, slide.shape, ROD[0])
        chromosomes = tuple(replace(c, metaphase_id=id) for c, id in zip(chromosomes, ids, strict=True))
        manifest = weights.read_manifest()
        return SplitResult(
            name=slide.info.name, shape=slide.shape, pixel_size_um=None, chromosomes=chromosomes, boxes=(),
            length_px=float(ROD[0]), normalisation=NormalisationInfo("bright", 10.0, 100.0), metaphases=metaphases,
            settings=asdict(self.settings),
            versions=versions(), weights={"detector": manifest["detector"].sha256}, warnings=(),
        )  # fmt: skip


if os.environ.get(BATCH):  # in the parent and, imported anew, in its workers
    run_batch.splitter_of = lambda settings: StandIn(settings)  # type: ignore[assignment, return-value]


def write_slides(folder: Path) -> None:
    """A dozen small slides with rods."""
    for number in range(SLIDES):
        rng = np.random.default_rng(number)
        pixels = rng.integers(0, 20, (SIDE, SIDE)).astype(np.uint8)
        for _ in range(8):
            row, column = rng.integers(0, SIDE - ROD[0], 2)
            pixels[row : row + ROD[0], column : column + ROD[1]] = 200
        tifffile.imwrite(folder / f"{number}.tif", pixels)


def start(slides: Path, out: Path, networks: bool) -> subprocess.Popen[bytes]:
    """A run of the batch, in a session of its own."""
    program = ["-m", "karyo_split"] if networks else [__file__, "batch"]
    arguments = [str(slides), "--out", str(out), "--jobs", "2", "--threads", "1", "--device", "cpu", "--resume", "-q"]
    environment = os.environ | ({} if networks else {BATCH: "1"})
    return subprocess.Popen(
        [sys.executable, "-P", *program, *arguments],
        env=environment,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        start_new_session=True,
    )


def session_of(leader: int) -> dict[int, str]:
    """The processes of a session that live, with their command lines."""
    found = {}
    for place in Path("/proc").glob("[0-9]*"):
        try:
            state, _, _, session = (place / "stat").read_text().rpartition(")")[2].split()[:4]
            if int(session) == leader and state != "Z":
                found[int(place.name)] = (place / "cmdline").read_text()
        except (OSError, ValueError):
            continue
    return found


def files_of(folder: Path) -> list[Path]:
    """The files of a finished folder; a lock that a killed run left is none, and goes when the batch is taken up."""
    return sorted(path for path in folder.iterdir() if path.name != LOCK_FILE)


def content(folder: Path) -> dict[str, str]:
    """The hash of each file of a finished folder, times left out; a report tells them too, and its hash."""
    hashes = {}
    for path in files_of(folder):
        data = path.read_bytes()
        if path.name == "run.json":
            run = json.loads(data)
            run["outputs"].pop("report.html")
            data = json.dumps({name: value for name, value in run.items() if name not in TIMES}).encode()
        if path.name != "report.html":
            hashes[path.name] = hashlib.sha256(data).hexdigest()
    return hashes


def raw(folder: Path) -> dict[str, tuple[str, int]]:
    """The hash and the time of change of each file of a finished folder."""
    return {
        path.name: (hashlib.sha256(path.read_bytes()).hexdigest(), path.stat().st_mtime_ns) for path in files_of(folder)
    }


def finished(out: Path) -> list[Path]:
    """The finished folders of a batch."""
    return sorted(path.parent for path in out.glob("*/run.json"))


class Trial:
    """A batch that is killed again and again, and all that was seen."""

    def __init__(self, top: Path, networks: bool) -> None:
        self.slides, self.networks, self.top = top / "slides", networks, top
        self.slides.mkdir()
        write_slides(self.slides)
        since = time.monotonic()
        if start(self.slides, top / "undisturbed", networks).wait():
            raise SystemExit("the undisturbed run failed")
        self.seconds = time.monotonic() - since
        self.whole = {folder.name: content(folder) for folder in finished(top / "undisturbed")}
        if len(self.whole) != SLIDES:
            raise SystemExit(f"the undisturbed run finished {len(self.whole)} of {SLIDES}")
        self.findings: list[str] = []
        self.seen: Counter[str] = Counter()
        self.before: dict[str, dict[str, tuple[str, int]]] = {}

    def check_finished(self, out: Path) -> None:
        """Compare the finished folders with those of the undisturbed run, and with how they were before."""
        now = {folder.name: folder for folder in finished(out)}
        for name, earlier in self.before.items():
            if name not in now:
                self.findings.append(f"{name} was finished and is not any more")
            elif raw(now[name]) != earlier:
                self.findings.append(f"{name} was finished and changed")
        for name, folder in now.items():
            if content(folder) != self.whole[name]:
                self.findings.append(f"{name} is not as in the undisturbed run")
        self.before = {name: raw(folder) for name, folder in now.items()}

    def check_end(self, out: Path) -> None:
        """Look at a batch that came to its end."""
        if len(self.before) != SLIDES:
            self.findings.append(f"{len(self.before)} of {SLIDES} finished at the end")
        remains = [str(path.relative_to(out)) for path in out.rglob(".*") if path.name.startswith((PART, LOCK_FILE))]
        if remains:
            self.findings.append(f"left behind: {remains}")
        rows = list(csv.DictReader((out / "summary.csv").open()))
        if len(rows) != SLIDES or any(row["error"] for row in rows):
            self.findings.append(f"the summary has {len(rows)} rows, with errors {[row['error'] for row in rows]}")

    def kill_once(self, out: Path, rng: random.Random) -> bool:
        """Start or go on, kill at a random moment, look; True where the run came to its end."""
        running = start(self.slides, out, self.networks)
        until = time.monotonic() + rng.uniform(0, self.seconds)
        while time.monotonic() < until and running.poll() is None:
            time.sleep(0.005)
        workers = [pid for pid, told in session_of(running.pid).items() if "spawn_main" in told]
        victim = rng.choice(workers) if workers and rng.random() < 0.25 else None
        if running.poll() is not None:
            self.seen["ended before the kill"] += 1
        elif victim is not None:
            os.kill(victim, signal.SIGKILL)
            self.seen["workers killed"] += 1
        else:
            running.kill()
            self.seen["parents killed"] += 1
            self.seen["with workers at work"] += bool(workers)
        told = running.communicate()[1].decode(errors="replace")
        until = time.monotonic() + LONGEST
        while left := session_of(running.pid):
            if time.monotonic() > until:
                self.findings.append(f"processes live on: {left}")
                for pid in left:
                    os.kill(pid, signal.SIGKILL)
                break
            time.sleep(0.02)
        self.check_finished(out)
        if running.returncode not in (0, -signal.SIGKILL) or "Traceback" in told:
            self.findings.append(f"exit {running.returncode}: {told[-400:]}")
        return running.returncode == 0


def main(
    kills: Annotated[int, typer.Option(help="How many.")] = 200,
    seed: Annotated[int, typer.Option(help="Of the moments.")] = 0,
    networks: Annotated[bool, typer.Option("--networks", help="The real ones: some ten times as long.")] = False,
) -> None:
    """Kill batches and say what was seen."""
    top = Path(tempfile.mkdtemp(prefix="karyo-split-kills-"))
    trial = Trial(top, networks)
    rng = random.Random(seed)
    batches = 0
    while trial.seen["parents killed"] + trial.seen["workers killed"] < kills:
        out = top / f"out{batches}"
        trial.before = {}
        while not trial.kill_once(out, rng):
            print(dict(trial.seen), f"{len(trial.findings)} findings", flush=True)
        trial.check_end(out)
        shutil.rmtree(out)
        batches += 1
        for finding in trial.findings:
            print(finding, flush=True)
    print(
        f"{dict(trial.seen)} in {batches} batches of {SLIDES} slides, {trial.seconds:.1f} s undisturbed: "
        f"{len(trial.findings)} findings"
    )
    shutil.rmtree(top)
    raise typer.Exit(bool(trial.findings))


if __name__ == "__main__":
    if sys.argv[1:2] == ["batch"]:
        command_line(sys.argv[2:])
    else:
        typer.run(main)
