"""How fluid the review page is with 5,000 chromosomes: 60 pans in 3 s, by the browser's own tracing.

python benchmarks/review_pans.py

A slide of 5,000 rods is made, opened on the page and moved 60 times, 50 ms apart, to and fro over what is not drawn
yet. Chromium's trace says when each frame was drawn and how long each task of the page's thread took.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import tifffile
import typer
from browser import chromium, until
from karyo_split.core.box import Box
from karyo_split.core.mask import PlacedMask
from karyo_split.pipeline.records import NormalisationInfo
from karyo_split.pipeline.result import SplitResult
from karyo_split.pipeline.scoring.candidate import Candidate
from karyo_split.pipeline.slide.slide import Slide
from karyo_split.pipeline.stitch import stitch
from karyo_split.pipeline.versions import versions
from karyo_split.pipeline.write_folder import write_result
from karyo_split.pipeline.writers.csv_tables import write_metaphases
from karyo_split.pipeline.writers.run_file import RunFacts
from karyo_split.weights import sha256_of

PANS, APART_MS = 60, 50
FRAMES = "disabled-by-default-devtools.timeline.frame"
PANNING = """async ([pans, apart]) => {
  const since = performance.now();
  for (let i = 0; i < pans; i += 1) {
    viewer.move(i % 20 < 10 ? 1 : -1, i % 30 < 15 ? 1 : -1);
    const next = since + (i + 1) * apart;
    await new Promise((go) => setTimeout(go, Math.max(0, next - performance.now())));
  }
  return performance.now() - since;
}"""


@dataclass(frozen=True)
class Fluidity:
    """What the trace says of some pans."""

    seconds: float
    """That the pans took; as fast as they were asked for it is 3."""
    painted: int
    """How often the page painted."""
    longest_wait_ms: float
    """Between two paintings; without delay it is the 50 ms between two pans."""
    drawn: int
    """Frames that the browser then brought to the screen."""
    longest_gap_ms: float
    """Between two of them."""
    longest_task_ms: float
    """Of the page's thread: so long nothing else moved."""
    longest_work_ms: float
    """The same by the thread's own clock, which stands while others have the processor; 0 where none is told."""


def pan(page: Any) -> Fluidity:
    """Pan an open slide of the review page, and read the trace."""
    page.evaluate("viewer.zoom(2)")
    page.evaluate("new Promise((go) => setTimeout(go, 500))")
    session, events = page.context.new_cdp_session(page), list[dict[str, Any]]()
    ended: list[bool] = []
    session.on("Tracing.dataCollected", lambda told: events.extend(told["value"]))
    session.on("Tracing.tracingComplete", lambda _: ended.append(True))
    kinds = ["toplevel", "devtools.timeline", "disabled-by-default-devtools.timeline", FRAMES]
    session.send("Tracing.start", {"transferMode": "ReportEvents", "traceConfig": {"includedCategories": kinds}})
    page.evaluate("performance.mark('pans begin')")
    took = page.evaluate(PANNING, [PANS, APART_MS])
    session.send("Tracing.end")
    while not ended:
        page.wait_for_timeout(20)
    return _read(events, took)


def _read(events: list[dict[str, Any]], took: float) -> Fluidity:
    first = next(event for event in events if event["name"] == "FireAnimationFrame")
    mine = [event for event in events if (event["pid"], event["tid"]) == (first["pid"], first["tid"])]
    tasks = [event for event in mine if event["name"].endswith("RunTask")]
    longest, work = (max((event.get(key, 0) / 1000 for event in tasks), default=0.0) for key in ("dur", "tdur"))
    painted = [event["ts"] for event in mine if event["name"] == "FireAnimationFrame"]
    drawn = [event["ts"] for event in events if event["name"] == "DrawFrame" and event["pid"] == first["pid"]]
    return Fluidity(took / 1000, len(painted), _gap(painted), len(drawn), _gap(drawn), longest, work)


def _gap(times: list[float]) -> float:
    """The longest between two times, given in microseconds, in milliseconds."""
    return float(np.diff(np.sort(times)).max(initial=0.0)) / 1000


def make_folder(top: Path, count: int) -> Path:
    """A finished folder with so many rods, every second of them in doubt."""
    across = int(np.ceil(np.sqrt(count)))
    side = 30 * across + 20
    grey = np.full((side, side), 20, np.uint8)
    candidates = []
    for index in range(count):
        y, x = 8 + 30 * (index // across), 8 + 30 * (index % across)
        grey[y : y + 20, x : x + 6] = 150
        mask = PlacedMask(Box(x, y, x + 6, y + 20), np.ones((20, 6), dtype=bool))
        candidates.append(Candidate(mask, 0.5 + 0.4 * (index % 2)))
    path, folder = top / "slide.tif", top / "slide"
    tifffile.imwrite(path, grey)
    chromosomes = stitch(candidates, Box(0, 0, side, side), 30.0, 0.8)
    info = NormalisationInfo("bright", 130.0, 20.0)
    result = SplitResult("slide", grey.shape, None, tuple(chromosomes), (), 30.0, info, versions=versions())
    with Slide.open(path) as slide:
        write_result(result, slide, folder, ("coco",), RunFacts(path, sha256_of(path), "2026-01-01T00:00:00+00:00"))
    write_metaphases(result, folder / "metaphases.csv")
    return folder


def main(chromosomes: int = 5000) -> None:
    """Print what was measured."""
    with tempfile.TemporaryDirectory() as top, chromium() as browser:
        folder = make_folder(Path(top), chromosomes)
        command = [sys.executable, "-m", "karyo_split", "review", str(folder), "--no-browser", "--slides"]
        server = subprocess.Popen([*command, str(folder.with_suffix(".tif"))], stdout=subprocess.PIPE, text=True)
        try:
            assert server.stdout is not None
            page = browser.new_page(viewport={"width": 1280, "height": 720})
            page.goto(server.stdout.readline().strip())
            until(page, "slide !== null && slide.pictures.length > 0 && at('hint').textContent === ''")
            print(json.dumps(asdict(pan(page))))
        finally:
            server.terminate()
            server.wait()


if __name__ == "__main__":
    typer.run(main)
