"""Memory and time on whole slides: python benchmarks/whole_slide.py [--sides 5000 10000 20000] [--threads 2]

Draws a tiled, compressed 16-bit BigTIFF for each side, with simulated metaphases in proportion to its area (60 on
20,000 x 20,000 px), splits each with the command line in a process of its own, and prints seconds, peak memory above
that of the program on a blank slide, and the exponent with which the time grows with the number of metaphases.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import tifffile
from karyo_split.datasets.simulate import SlideRecipe, simulate_slide

METAPHASES_A_PIXEL = 60 / 20_000**2
DIFFERENT = 12
"""Metaphases that are drawn; they are repeated."""
BACKGROUND, NOISE = 4000, 60
TILE_PX = 512


@dataclass(frozen=True)
class Run:
    """One split. seconds: from start to exit. peak_mb: of its memory. stages: seconds as in run.json."""

    seconds: float
    peak_mb: float
    chromosomes: int
    metaphases: int
    stages: dict[str, float]


def draw(path: Path, side: int) -> tuple[int, int]:
    """Draw a slide; returns how many metaphases and chromosomes are on it."""
    rng = np.random.default_rng(side)
    slide = np.empty((side, side), np.uint16)
    for top in range(0, side, 1000):
        slide[top : top + 1000] = rng.normal(BACKGROUND, NOISE, slide[top : top + 1000].shape)
    count = max(1, round(METAPHASES_A_PIXEL * side**2))
    across = int(np.ceil(np.sqrt(count)))
    cell, chromosomes = side // across, 0
    for number in range(count):
        drawn = simulate_slide(SlideRecipe(seed=number % DIFFERENT, length_px=36, bits=16))
        rows, columns = drawn.image.shape
        y = number // across * cell + int(rng.integers(0, cell - rows))
        x = number % across * cell + int(rng.integers(0, cell - columns))
        grey = drawn.image.astype(np.float32) - np.median(drawn.image) + BACKGROUND
        slide[y : y + rows, x : x + columns] = grey.clip(0, 65_535)
        chromosomes += len(drawn.chromosomes)
    tifffile.imwrite(path, slide, bigtiff=True, tile=(TILE_PX, TILE_PX), compression="zlib")
    return count, chromosomes


def split(path: Path, out: Path, threads: int) -> Run:
    """Split a slide in a new process and watch it."""
    command = [sys.executable, "-P", "-m", "karyo_split", str(path), "--out", str(out), "--threads", str(threads), "-q"]
    since = time.perf_counter()
    process = subprocess.Popen(command)
    _, status, used = os.wait4(process.pid, 0)
    if os.waitstatus_to_exitcode(status) != 0:
        raise SystemExit(f"{' '.join(command)} failed")
    record = json.loads((out / path.stem / "run.json").read_text(encoding="utf-8"))
    counts = record["counts"]
    seconds = time.perf_counter() - since
    return Run(seconds, used.ru_maxrss / 1024, counts["chromosomes"], counts["metaphases"], record["seconds"])


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--sides", type=int, nargs="+", default=[5_000, 10_000, 20_000])
    options.add_argument("--threads", type=int, default=2)
    chosen = options.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        blank = folder / "blank.tif"
        tifffile.imwrite(blank, np.full((600, 600), BACKGROUND, np.uint16))
        idle = split(blank, folder / "out", chosen.threads)
        print(f"idle: {idle.seconds:.1f} s, {idle.peak_mb:.0f} MB")
        areas, seconds = [], []
        for side in chosen.sides:
            path = folder / f"side{side}.tif"
            metaphases, chromosomes = draw(path, side)
            run = split(path, folder / "out", chosen.threads)
            areas.append(metaphases)
            seconds.append(run.seconds - idle.seconds)
            stages = ", ".join(f"{stage} {value:.1f}" for stage, value in run.stages.items())
            print(
                f"{side} x {side} px, {metaphases} metaphases, {chromosomes} chromosomes: found {run.metaphases} and "
                f"{run.chromosomes} in {run.seconds:.1f} s ({stages}), {run.peak_mb - idle.peak_mb:.0f} MB above idle",
                flush=True,
            )
            path.unlink()
        if len(areas) > 1:
            exponent = np.polyfit(np.log(areas), np.log(seconds), 1)[0]
            print(f"seconds above idle grow with the number of metaphases to the power {exponent:.2f}")


if __name__ == "__main__":
    main()
