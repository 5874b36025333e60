"""How fast, and how fast it could be: python benchmarks/speed.py [SLIDE...] [--threads 2] [--yolo-seg LAST.pt]

Prints, of one run on this machine: seconds a slide by stage, megapixels and chromosomes a second, the floor (the
networks' floating-point operations over the rate of a matrix product measured in the same run) and the ratio to it,
start-up, two workers against one, and the same slides through YOLO11n-seg. Without slides: the example.
"""

from __future__ import annotations

import argparse
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

import numpy as np
import torch
from karyo_split.core.box import Box
from karyo_split.core.grey_scale import as_uint8
from karyo_split.pipeline.normalise import measure_slide
from karyo_split.pipeline.slide.slide import Slide
from torch.utils.flop_counter import FlopCounterMode
from yolo_seg import untrained_or

from karyo_split import SplitSettings, Splitter

EXAMPLE = Path(__file__).parents[1] / "examples" / "metaphase.tif"
REPEATS = 5
MATRIX = 2048


def seconds_of(work: Callable[[], object], repeats: int = REPEATS) -> float:
    """The median time of a piece of work, after it was done once."""
    work()
    times = []
    for _ in range(repeats):
        since = time.perf_counter()
        work()
        times.append(time.perf_counter() - since)
    return statistics.median(times)


def gflops_a_second() -> float:
    """The rate of a float32 matrix product with the threads that torch has."""
    a = torch.rand(MATRIX, MATRIX)
    return 2 * MATRIX**3 / seconds_of(lambda: a @ a) / 1e9


@contextmanager
def clocked(methods: list[tuple[torch.nn.Module, str]]) -> Iterator[list[float]]:
    """Collects the seconds that some methods of networks spend."""
    spent: list[float] = []

    def timed(method: Callable[..., object], *given: object) -> object:
        since = time.perf_counter()
        answer = method(*given)
        spent.append(time.perf_counter() - since)
        return answer

    for network, name in methods:
        setattr(network, name, partial(timed, getattr(network, name)))
    yield spent
    for network, name in methods:
        delattr(network, name)


def warm(splitter: Splitter, slides: list[Path]) -> None:
    """Seconds by stage, throughput, and the ratio to the floor."""
    rate = gflops_a_second()
    network = splitter.segmenter.network
    detecting = (splitter.detector._network, "forward")  # type: ignore[attr-defined]
    for path in slides:
        splitter.split(path)
        results = [splitter.split(path) for _ in range(REPEATS)]
        with clocked([detecting, (network, "encode"), (network, "answer")]) as spent:
            splitter.split(path)
        with FlopCounterMode(display=False) as counted:
            splitter.split(path)
        total = statistics.median(sum(r.seconds.values()) for r in results)
        stages = {s: statistics.median(r.seconds[s] for r in results) for s in results[0].seconds}
        floor, pixels = counted.get_total_flops() / 1e9 / rate, np.prod(results[0].shape) / 1e6
        print(f"{path.name}: {results[0].shape[0]} x {results[0].shape[1]} px, {len(results[0])} chromosomes")
        print(f"  {total:.2f} s warm: {', '.join(f'{stage} {value:.2f}' for stage, value in stages.items())}")
        print(f"  {pixels / total:.2f} megapixels a second, {len(results[0]) / total:.0f} chromosomes a second")
        print(
            f"  networks {sum(spent):.2f} s; floor {floor:.2f} s ({counted.get_total_flops() / 1e9:.0f} GFLOP at "
            f"{rate:.0f} GFLOP/s); ratio {sum(spent) / floor:.2f}"
        )


def started(*arguments: str) -> float:
    """Seconds of a command from start to exit."""
    since = time.perf_counter()
    subprocess.run([sys.executable, "-P", "-m", "karyo_split", *arguments], check=True, capture_output=True)
    return time.perf_counter() - since


def cold(slide: Path, folder: Path) -> None:
    """Seconds from a cold start."""
    out = str(folder / "cold")
    splits = [started(str(slide), "--out", out, "--overwrite") for _ in range(3)]
    imports = "import karyo_split.pipeline.split, karyo_split.detector.yolo, karyo_split.pipeline.cli.split_command"
    since = time.perf_counter()
    subprocess.run([sys.executable, "-P", "-c", imports], check=True)
    importing = time.perf_counter() - since
    print(f"cold start: karyo-split {slide.name} {statistics.median(splits):.1f} s, of which imports {importing:.1f} s")
    print(f"            --help {statistics.median(started('--help') for _ in range(5)):.2f} s")


def workers(slide: Path, copies: int, folder: Path) -> None:
    """A folder of copies of a slide, by one worker and by two."""
    slides = folder / "slides"
    slides.mkdir()
    for number in range(copies):
        shutil.copy(slide, slides / f"slide{number}.tif")
    alone = started(str(slide), "--out", str(folder / "one"), "--threads", "1")
    seconds = {}
    for jobs, threads in ((1, 1), (2, 1), (1, 2)):
        out = str(folder / f"jobs{jobs}threads{threads}")
        seconds[jobs, threads] = started(str(slides), "--out", out, "--jobs", str(jobs), "--threads", str(threads))
    each = (seconds[1, 1] - alone) / (copies - 1)
    print(f"{copies} slides: one worker of one thread {seconds[1, 1]:.1f} s, two {seconds[2, 1]:.1f} s", end=" ")
    print(f"({seconds[1, 1] / seconds[2, 1]:.2f} times), one worker of two threads {seconds[1, 2]:.1f} s", end="; ")
    print(f"a further slide costs one worker {each:.2f} s")


def peer(checkpoint: Path | None, slides: list[Path]) -> None:
    """The same slides through YOLO11n-seg."""
    model, kind = untrained_or(checkpoint)
    for path in slides:
        with Slide.open(path) as slide:
            everything = Box(0, 0, slide.shape[1], slide.shape[0])
            image = measure_slide(slide).apply(slide.read(everything), everything)
        grey = np.repeat(as_uint8(image)[..., None], 3, axis=2)
        side = -(-max(image.shape) // 32) * 32
        took = seconds_of(
            lambda grey=grey, side=side: model.predict(grey, imgsz=side, retina_masks=True, verbose=False, device="cpu")
        )
        print(f"YOLO11n-seg ({kind}) on {path.name}, normalised before: {took:.2f} s")


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("slides", type=Path, nargs="*", default=[EXAMPLE])
    options.add_argument("--threads", type=int, default=os.cpu_count())
    options.add_argument("--yolo-seg", type=Path, help="checkpoint of benchmarks/peers.py; without: untrained")
    options.add_argument(
        "--copies", type=int, default=8, help="slides for one and two workers; start-up weighs less in many"
    )
    chosen = options.parse_args()
    splitter = Splitter(SplitSettings(device="cpu", threads=chosen.threads))
    print(f"{chosen.threads} threads, torch {torch.__version__}, {torch.backends.cpu.get_cpu_capability()}")
    warm(splitter, chosen.slides)
    peer(chosen.yolo_seg, chosen.slides)
    with tempfile.TemporaryDirectory() as name:
        cold(chosen.slides[0], Path(name))
        workers(chosen.slides[0], chosen.copies, Path(name))


if __name__ == "__main__":
    main()
