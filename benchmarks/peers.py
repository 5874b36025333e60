"""karyo-split beside its peers: the same slides, the same machine, one run.

python benchmarks/peers.py train MFISH RUN --epochs 60       # YOLO11n-seg, on the training slides
python benchmarks/peers.py tune MFISH RUN                    # each peer's own settings, on the validation slides
python benchmarks/peers.py compare MFISH RUN --split test    # the table, as text and as RUN/peers.json
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from itertools import product
from pathlib import Path
from typing import Annotated

import numpy as np
import torch
import typer
from karyo_split.core.box import Box
from karyo_split.core.grey_scale import as_uint8
from karyo_split.core.mask import PlacedMask
from karyo_split.datasets import AnnotatedSlide
from karyo_split.datasets.mfish import read_mfish
from karyo_split.detector.yolo_dataset import LabelledSlide
from karyo_split.pipeline.evaluation.comparison import SlideComparison
from karyo_split.pipeline.evaluation.slide_scores import SlideScores, score_slides
from karyo_split.pipeline.normalise import measure_slide
from karyo_split.pipeline.slide.slide import Slide
from karyo_split.pipeline.training.prepared_slides import prepare, simulated
from numpy.typing import NDArray
from watershed import split_by_watershed

from karyo_split import SplitSettings, Splitter

Answer = list[tuple[PlacedMask, float]]
Split = Callable[[Path], Answer]
app = typer.Typer(add_completion=False, pretty_exceptions_enable=False, help=__doc__)
DEPTHS, REACHES = (0.7, 0.9, 1.1, 1.3), (0.25, 0.4, 0.6)
SIZES, SCORES = (640, 960, 1280), (0.15, 0.25, 0.35, 0.5)


def normalised(path: Path) -> NDArray[np.float32]:
    """A slide as karyo-split's own networks see it, so that no peer suffers from its grey values."""
    with Slide.open(path) as slide:
        everything = Box(0, 0, slide.shape[1], slide.shape[0])
        return measure_slide(slide).apply(slide.read(everything), everything)


def run(slides: list[AnnotatedSlide], split: Split) -> tuple[SlideScores, float]:
    """Figures, and the median seconds a slide, of one way to split."""
    comparisons, seconds = [], []
    for slide in slides:
        since = time.perf_counter()
        answer = split(slide.image_path)
        seconds.append(time.perf_counter() - since)
        masks, scores = tuple(m for m, _ in answer), tuple(s for _, s in answer)
        comparisons.append(SlideComparison(slide.name, slide.shape, slide.chromosomes, masks, scores))
    return score_slides(comparisons), float(np.median(seconds))


def by_watershed(depth: float, reach: float) -> Split:
    """Threshold and watershed with these settings; every mask has the same score."""
    return lambda path: [(mask, 1.0) for mask in split_by_watershed(normalised(path), depth, reach)]


def by_yolo(checkpoint: Path, size: int, score: float) -> Split:
    """YOLO11n-seg with these settings."""
    from yolo_seg import YoloSeg

    model = YoloSeg(checkpoint, size, score)
    return lambda path: model.split(normalised(path))


def by_karyo_split(threads: int) -> Split:
    """karyo-split with the shipped weights."""
    splitter = Splitter(SplitSettings(device="cpu", threads=threads))
    return lambda path: [(c.placed, c.score) for c in splitter.split(path).chromosomes]


@app.command()
def train(
    truth: Path, out: Path, epochs: int = 60, threads: int = 2, resume: bool = False, bfloat16: bool = False
) -> None:
    """Train YOLO11n-seg on the training slides and as many simulated ones as our own networks saw."""
    import yolo_seg

    def boxed(slides: object) -> list[LabelledSlide]:
        return [LabelledSlide(s.name, as_uint8(s.image), s.masks, s.clusters) for s in slides]  # type: ignore[attr-defined]

    data = out / "data" / "data.yaml"
    if not (resume and data.exists()):
        everything = boxed(prepare(read_mfish(truth, "train"))) + boxed(simulated(60, 1000))
        yolo_seg.write_dataset(everything, boxed(prepare(read_mfish(truth, "validation"))), out / "data")
    print(yolo_seg.train(data, out / "run", epochs, threads, resume, bfloat16))


@app.command()
def tune(truth: Path, out: Path) -> None:
    """Choose each peer's settings by F1 at IoU 0.5 on the validation slides."""
    slides = list(read_mfish(truth, "validation"))
    best: dict[str, list[float]] = {}
    tries = {(d, r): by_watershed(d, r) for d, r in product(DEPTHS, REACHES)}
    best["watershed"] = list(max(tries, key=lambda t: run(slides, tries[t])[0].f1_50))
    checkpoint = out / "run" / "weights" / "last.pt"
    if checkpoint.exists():
        tries = {(i, s): by_yolo(checkpoint, int(i), s) for i, s in product(SIZES, SCORES)}
        best["yolo"] = list(max(tries, key=lambda t: run(slides, tries[t])[0].f1_50))
    out.mkdir(parents=True, exist_ok=True)
    (out / "settings.json").write_text(json.dumps(best), encoding="utf-8")
    print(best)


@app.command()
def compare(
    truth: Path,
    out: Path,
    split: str = "test",
    threads: Annotated[int, typer.Option(min=1)] = 2,
) -> None:
    """Print the table, one row for each way to split."""
    torch.set_num_threads(threads)
    settings = json.loads((out / "settings.json").read_text(encoding="utf-8"))
    slides = list(read_mfish(truth, split))
    ways = {"threshold + watershed": by_watershed(*settings["watershed"])}
    if "yolo" in settings:
        size, score = settings["yolo"]
        ways["YOLO11n-seg"] = by_yolo(out / "run" / "weights" / "last.pt", int(size), score)
    ways["karyo-split"] = by_karyo_split(threads)
    rows = {}
    columns = ["", "AP50", "AP75", "F1 at 0.5", "at 0.75", "count error", "overlap IoU", "seconds a slide"]
    print(f"| {' | '.join(columns)} |\n{'|---' * len(columns)}|")
    for name, way in ways.items():
        torch.set_num_threads(threads)  # ultralytics changes it
        way(slides[0].image_path)  # warm
        s, seconds = run(slides, way)
        rows[name] = {"ap50": s.ap50, "ap75": s.ap75, "f1_50": s.f1_50, "f1_75": s.f1_75, "count_error": s.count_error,
                      "overlap_iou": s.overlap_iou, "seconds": seconds}  # fmt: skip
        print(f"| {name} | " + " | ".join(f"{v:.3f}" for v in rows[name].values()) + " |")
    (out / "peers.json").write_text(json.dumps({"split": split, "settings": settings, "rows": rows}, indent=2))


if __name__ == "__main__":
    app()
