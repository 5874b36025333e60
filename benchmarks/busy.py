"""How a slide fares where other programs use the cores: its time against its fair share of them.

python benchmarks/busy.py [--threads 2] [--others 2] [--repeats 3]

The fair share is measured, whatever else the machine does: in turn with each split, as many threads that only count are
run for a while, and how much of the processor they get in a second is what the slide's threads had to get too. The
slide's time, times that share, over the processor's time that it takes with one thread, is the ratio: 1 is fair, and
more is time that its threads lost over waiting for each other. Promised is 1.3.
"""

from __future__ import annotations

import argparse
import multiprocessing
import os
import statistics
import subprocess
import sys
import time
from contextlib import ExitStack
from pathlib import Path

EXAMPLE = Path(__file__).parents[1] / "examples" / "metaphase.tif"
SPINNING_SECONDS = 8.0
SPLITS = f"""
import sys, time
from karyo_split.core.wait_policy import wait_asleep
wait_asleep()
from karyo_split import SplitSettings, Splitter
splitter = Splitter(SplitSettings(device="cpu", threads=int(sys.argv[1])))
splitter.split({str(EXAMPLE)!r})
print("ready", flush=True)
for line in sys.stdin:
    wall, used = time.perf_counter(), time.process_time()
    splitter.split({str(EXAMPLE)!r})
    print(time.perf_counter() - wall, time.process_time() - used, flush=True)
"""


def spin(seconds: float) -> float:
    """Count for a while; the processor's time that was got, in seconds."""
    until, used = time.perf_counter() + seconds, time.process_time()
    while time.perf_counter() < until:
        pass
    return time.process_time() - used


class Splits:
    """A process that splits the example when it is told to."""

    def __init__(self, threads: int) -> None:
        command = [sys.executable, "-P", "-c", SPLITS, str(threads)]
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self._line()

    def _line(self) -> str:
        assert self.process.stdout is not None
        return self.process.stdout.readline()

    def once(self) -> tuple[float, float]:
        """Seconds by the clock, and of the processor."""
        assert self.process.stdin is not None
        self.process.stdin.write("\n")
        self.process.stdin.flush()
        wall, used = map(float, self._line().split())
        return wall, used

    def end(self) -> None:
        """Let it end."""
        self.process.communicate()


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--threads", type=int, default=2)
    options.add_argument("--others", type=int, default=2, help="threads of the other program, which this one starts")
    options.add_argument("--repeats", type=int, default=3)
    chosen = options.parse_args()
    with ExitStack() as stack:
        alone, together = Splits(1), Splits(chosen.threads)
        stack.callback(alone.end)
        stack.callback(together.end)
        pool = stack.enter_context(multiprocessing.Pool(chosen.threads))
        others = [multiprocessing.Process(target=spin, args=(1e9,), daemon=True) for _ in range(chosen.others)]
        for other in others:
            other.start()
            stack.callback(other.kill)
        work = statistics.median(alone.once()[1] for _ in range(chosen.repeats))
        ratios = []
        for _ in range(chosen.repeats):
            first = sum(pool.map(spin, [SPINNING_SECONDS] * chosen.threads))
            wall, used = together.once()
            last = sum(pool.map(spin, [SPINNING_SECONDS] * chosen.threads))
            share = (first + last) / (2 * SPINNING_SECONDS)
            ratios.append(wall * share / work)
            print(
                f"{wall:.1f} s for {used:.1f} s of the processor ({work:.1f} s with one thread), fair share "
                f"{share:.2f} cores: {ratios[-1]:.2f} times the fair time",
                flush=True,
            )
    print(
        f"{chosen.threads} threads beside {chosen.others} that count, {os.cpu_count()} cores, load "
        f"{os.getloadavg()[0]:.1f}: {statistics.median(ratios):.2f} times the fair time in the middle"
    )


if __name__ == "__main__":
    main()
