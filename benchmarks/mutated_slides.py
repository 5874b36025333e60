"""Slides with odd bytes and odd pixels through the whole command: each ends as a success or a documented error.

python benchmarks/mutated_slides.py --seeds 500

The command line itself splits them, a folder at a time, and is looked at from outside. A finding is a slide without a
row in summary.csv, an error that nobody foresaw, more than `--seconds` for a slide, a success without a complete
folder, a command that dies, and more than `--gigabytes` for one. Where there is one, its files are kept and the exit
code is 1.
"""

from __future__ import annotations

import random
import resource
import shutil
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Annotated

import numpy as np
import tifffile
import typer
from karyo_split.pipeline.write_folder import is_complete
from karyo_split.pipeline.writers.summary import SUMMARY_FILE, SummaryRow, read_summary
from numpy.typing import NDArray

sys.path.insert(0, str(Path(__file__).parent / "fuzz"))
from corpus import picture, slides, with_odd_bytes

SIDE = 128
MAX_PIXELS = 4_000_000
Pixels = NDArray[np.uint16]


def odd_pixels(rng: np.random.Generator) -> Pixels:
    """A picture of what is no metaphase, or of a metaphase with dirt on it. uint16, shape (rows, columns)."""
    rows, columns = rng.integers(2, 300, 2)
    y, x = np.mgrid[:rows, :columns]
    scene = picture(SIDE, int(rng.integers(20))).astype(float) * 16
    kinds = [
        rng.normal(500, rng.uniform(0, 300), (rows, columns)),
        rng.poisson(rng.uniform(0.01, 50), (rows, columns)),
        (rng.random((rows, columns)) < rng.random()) * 65535,
        ((x // rng.integers(1, 40) + y // rng.integers(1, 40)) % 2) * rng.uniform(1, 65535),
        x * rng.uniform(0, 100) + y * rng.uniform(0, 100),
        np.sin(x / rng.uniform(0.5, 30)) * np.sin(y / rng.uniform(0.5, 30)) * 3e4 + 3e4,
        np.full((rows, columns), rng.integers(65536)),
        np.where(rng.random(scene.shape) < rng.uniform(0, 0.05), rng.integers(65536), scene),
        np.pad(scene, rng.integers(0, 100, (2, 2)), constant_values=rng.integers(65536)),
        np.tile(scene, rng.integers(1, 4, 2)),
        scene[: rng.integers(2, SIDE), : rng.integers(2, SIDE)],
        np.where((x + y * rng.integers(1, 9)) % rng.integers(2, 50) == 0, 65535, rng.integers(2000)),
    ]
    return np.clip(kinds[rng.integers(len(kinds))], 0, 65535).astype(np.uint16)


def write_case(seed: int, files: dict[str, bytes], folder: Path) -> Path:
    """One slide of a seed: every third of odd pixels, the others of odd bytes."""
    if seed % 3 == 0:
        path = folder / f"{seed}.tif"
        tifffile.imwrite(path, odd_pixels(np.random.default_rng(seed)))
        return path
    below = random.Random(seed).randrange
    name = sorted(files)[below(len(files))]
    path = folder / f"{seed}-{name}"
    path.write_bytes(with_odd_bytes(files[name], below))
    return path


def faults_of(rows: Sequence[SummaryRow], paths: Sequence[Path], seconds: float) -> Iterator[tuple[str, str]]:
    """What is wrong with how slides ended: the name of each, and the fault."""
    told = {Path(row.slide).name: row for row in rows}
    for path in paths:
        row = told.get(path.name)
        if row is None:
            yield path.name, "no row in the summary"
        elif "not foreseen" in row.error or "the worker stopped" in row.error or not row.error.isprintable():
            yield path.name, row.error
        elif row.seconds > seconds:
            yield path.name, f"{row.seconds:.0f} s"
        elif not row.error and not is_complete(Path(row.folder)):
            yield path.name, "a success without a complete folder"


def kind_of(row: SummaryRow) -> str:
    """How a slide ended, in a few words."""
    if row.counts is None:
        return "an error of one line"
    return "chromosomes" if row.counts.chromosomes else "no chromosome"


def split_folder(folder: Path, out: Path, timeout: float) -> tuple[int, str]:
    """Split a folder by the command line; its exit code and what it said on stderr."""
    command = [sys.executable, "-P", "-m", "karyo_split", str(folder), "--out", str(out), "--threads", "1", "-q"]
    command += ["--device", "cpu", "--page", "0", "--channel", "0", "--max-pixels", str(MAX_PIXELS)]
    try:
        ended = subprocess.run(command, capture_output=True, text=True, errors="replace", timeout=timeout)
    except subprocess.TimeoutExpired:
        return -1, f"more than {timeout:.0f} s"
    return ended.returncode, ended.stderr


def main(
    seeds: Annotated[int, typer.Option(help="Slides.")] = 300,
    first: Annotated[int, typer.Option(help="First seed.")] = 0,
    chunk: Annotated[int, typer.Option(help="Slides that one command splits.")] = 250,
    seconds: Annotated[float, typer.Option(help="For a slide, at most.")] = 60.0,
    gigabytes: Annotated[float, typer.Option(help="Of memory for a command, at most.")] = 3.0,
) -> None:
    """Split mutated slides and say how many ended how."""
    top = Path(tempfile.mkdtemp(prefix="karyo-split-mutated-"))
    files = slides(picture(SIDE))
    ends: Counter[str] = Counter()
    slowest, findings = 0.0, 0
    for begin in range(first, first + seeds, chunk):
        folder, out = top / str(begin), top / f"{begin}-out"
        folder.mkdir()
        paths = [write_case(seed, files, folder) for seed in range(begin, min(begin + chunk, first + seeds))]
        code, said = split_folder(folder, out, seconds * len(paths))
        rows = read_summary(out / SUMMARY_FILE)
        faults = list(faults_of(rows, paths, seconds))
        if code not in (0, 1, 3) or "Traceback" in said:
            faults.append((folder.name, f"exit {code}: {said[-300:]}"))
        for name, fault in faults:
            print(f"{folder / name}: {fault}", flush=True)
        ends.update(map(kind_of, rows))
        slowest = max([slowest, *(row.seconds for row in rows)])
        findings += len(faults)
        if not faults:
            shutil.rmtree(folder)
        shutil.rmtree(out, ignore_errors=True)
        used = resource.getrusage(resource.RUSAGE_CHILDREN)
        memory = used.ru_maxrss / 2**20
        processor = (used.ru_utime + used.ru_stime) / max(1, sum(ends.values()))
        print(
            f"{sum(ends.values())} slides: {dict(ends)}, {findings} findings; slowest {slowest:.1f} s, of the "
            f"processor {processor:.2f} s each, {memory:.1f} GB",
            flush=True,
        )
    raise typer.Exit(bool(findings) or memory > gigabytes)


if __name__ == "__main__":
    typer.run(main)
