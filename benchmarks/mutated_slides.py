"""Slides with odd bytes and odd pixels through the whole command: each ends as a success or a documented error.

python benchmarks/mutated_slides.py --seeds 500

One process splits all of them, as a batch does. A finding is an exception that nobody foresaw, more than `--seconds`
for a slide, more than `--gigabytes` for the process, or a success without a complete folder. Where there is one, its
file is kept and the exit code is 1.
"""

from __future__ import annotations

import random
import resource
import shutil
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path
from typing import Annotated

import numpy as np
import tifffile
import typer
from karyo_split.pipeline.batch.inputs import Job
from karyo_split.pipeline.batch.run_batch import Outcome, Task, split_task
from karyo_split.pipeline.write_folder import DEFAULT_FORMATS, is_complete
from numpy.typing import NDArray

from karyo_split import SplitSettings

sys.path.insert(0, str(Path(__file__).parent / "fuzz"))
from corpus import picture, slides, with_odd_bytes

SIDE = 192
MAX_PIXELS = 4_000_000
Pixels = NDArray[np.uint16]


def odd_pixels(rng: np.random.Generator) -> Pixels:
    """A picture of what is no metaphase, or of a metaphase with dirt on it. uint16, shape (rows, columns)."""
    rows, columns = rng.integers(2, 400, 2)
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


def fault_of(outcome: Outcome, seconds: float, allowed_seconds: float) -> str | None:
    """What is wrong with how a slide ended; None where nothing is."""
    if outcome.trace:
        return outcome.trace.splitlines()[-1]
    if seconds > allowed_seconds:
        return f"{seconds:.0f} s"
    if outcome.error is None and not is_complete(outcome.job.folder):
        return "a success without a complete folder"
    return None


def kind_of(outcome: Outcome) -> str:
    """How a slide ended, in a few words."""
    if outcome.error is not None:
        return "an error of one line"
    return "chromosomes" if outcome.counts.chromosomes else "no chromosome"


def main(
    seeds: Annotated[int, typer.Option(help="Slides.")] = 300,
    first: Annotated[int, typer.Option(help="First seed.")] = 0,
    seconds: Annotated[float, typer.Option(help="For a slide, at most, of the processor's time.")] = 30.0,
    gigabytes: Annotated[float, typer.Option(help="Of memory for the process, at most.")] = 3.0,
) -> None:
    """Split mutated slides and say how many ended how."""
    folder = Path(tempfile.mkdtemp(prefix="karyo-split-mutated-"))
    files = slides(picture(SIDE))
    settings = SplitSettings(threads=1, device="cpu", page=0, channel=0, max_pixels=MAX_PIXELS)
    ends: Counter[str] = Counter()
    slowest, faults = 0.0, []
    for seed in range(first, first + seeds):
        path = write_case(seed, files, folder)
        task = Task(Job(path, folder / "out" / path.name), settings, DEFAULT_FORMATS)
        began = time.process_time()
        outcome = split_task(task)
        took = time.process_time() - began
        fault = fault_of(outcome, took, seconds)
        if fault is None:
            ends[kind_of(outcome)] += 1
            path.unlink()
            shutil.rmtree(task.job.folder, ignore_errors=True)
        else:
            faults.append(f"{path}: {fault}")
            print(faults[-1], flush=True)
        slowest = max(slowest, took if seed > first else 0.0)  # the first one loads the networks
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
    if memory > gigabytes:
        faults.append(f"{memory:.1f} GB of memory")
    print(f"{seeds} slides: {dict(ends)}, {len(faults)} findings; slowest {slowest:.1f} s, {memory:.1f} GB")
    raise typer.Exit(bool(faults))


if __name__ == "__main__":
    typer.run(main)
