"""The same slides at other magnifications, inverted, blurred and noisy: how much each costs.

python benchmarks/robustness.py MFISH --split test --every 3
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch
import typer
from karyo_split.core.box import Box
from karyo_split.core.mask import PlacedMask
from karyo_split.datasets.mfish import read_mfish
from karyo_split.pipeline.evaluation.comparison import SlideComparison
from karyo_split.pipeline.evaluation.slide_scores import score_slides
from karyo_split.pipeline.slide.slide import Slide
from numpy.typing import NDArray
from scipy import ndimage
from skimage.transform import resize

from karyo_split import SplitSettings, Splitter

Grey = NDArray[np.float32]
SCALES = (0.5, 2.0, 3.0)


def rescaled(image: Grey, scale: float) -> Grey:
    """Bilinear, averaged where it shrinks."""
    size = (round(image.shape[0] * scale), round(image.shape[1] * scale))
    return resize(image, size, order=1, anti_aliasing=scale < 1, preserve_range=True).astype(np.float32)


def rescaled_mask(placed: PlacedMask, shape: tuple[int, int], scale: float) -> PlacedMask | None:
    """The same mask at another scale, resampled through its own window."""
    window = placed.box.grow(4)
    rows = np.arange(round(window.height * scale))
    columns = np.arange(round(window.width * scale))
    origin = (round(window.y0 * scale), round(window.x0 * scale))
    y = (rows + origin[0] + 0.5) / scale - 0.5 - window.y0
    x = (columns + origin[1] + 0.5) / scale - 0.5 - window.x0
    grid = np.stack(np.meshgrid(y, x, indexing="ij"))
    values = ndimage.map_coordinates(placed.within(window).astype(float), grid, order=1)
    where = PlacedMask.from_dense(values >= 0.5, origin)
    if where is None:
        return None
    inside = where.box.clip((round(shape[0] * scale), round(shape[1] * scale)))
    return None if inside.is_empty else PlacedMask(inside, where.within(inside))


def brightfield(image: Grey) -> NDArray[np.uint8]:
    """The slide as transmitted light would show it: RGB, dark on bright, saturating, with a shaded corner."""
    stain = image / np.percentile(image, 99.5)
    density = 1.6 * np.clip(stain - np.median(stain), 0, 1.5)
    rows, columns = np.mgrid[0 : image.shape[0], 0 : image.shape[1]]
    light = 1 - 0.25 * (rows / image.shape[0]) * (columns / image.shape[1])
    colour = np.array([0.85, 1.25, 0.5])
    picture = 225 * light[..., None] * np.exp(-density[..., None] * colour)
    return np.clip(picture, 0, 255).astype(np.uint8)


def main(
    truth: Path, split: str = "validation", every: int = 1, threads: int = 2, weights: str = "", only: str = ""
) -> None:
    """Print F1 at IoU 0.5 for each way to alter the slides, or for those whose names hold `only`."""
    splitter = Splitter(SplitSettings(device="cpu", threads=threads, weights_folder=weights or None))
    torch.set_num_threads(threads)
    noise = np.random.default_rng(0)
    ways: dict[str, tuple[float, Callable[[Grey], Grey]]] = {
        "as they are": (1.0, lambda g: g),
        "inverted": (1.0, lambda g: 255 - g),
        "RGB in false blue": (1.0, lambda g: np.stack([g * 0.1, g * 0.2, g], axis=2)),
        "16 bits, offset": (1.0, lambda g: (g * 200 + 3000).astype(np.uint16)),
        "as brightfield": (1.0, brightfield),
        "blurred by 1 px": (1.0, lambda g: ndimage.gaussian_filter(g, 1.0)),
        "noise of 5 grey values": (1.0, lambda g: g + noise.normal(0, 5, g.shape).astype(np.float32)),
        **{f"{scale:g} times the size": (scale, lambda g: g) for scale in SCALES},
    }
    slides = list(read_mfish(truth, split))[::every]
    print("| slides | F1 at 0.5 | at 0.75 | count error |\n|---|---|---|---|")
    for name, (scale, alter) in ways.items():
        if only not in name:
            continue
        comparisons = []
        for slide in slides:
            with Slide.open(slide.image_path) as opened:
                grey = opened.read(Box(0, 0, opened.shape[1], opened.shape[0]))
            masks = slide.chromosomes
            if scale != 1.0:
                grey = rescaled(grey, scale)
                resampled = (rescaled_mask(m, slide.shape, scale) for m in masks)
                masks = tuple(m for m in resampled if m is not None)
            result = splitter.split(alter(grey))
            found = tuple(c.placed for c in result.chromosomes)
            scores = tuple(c.score for c in result.chromosomes)
            comparisons.append(SlideComparison(slide.name, grey.shape[:2], masks, found, scores))
        figures = score_slides(comparisons)
        print(f"| {name} | {figures.f1_50:.3f} | {figures.f1_75:.3f} | {figures.count_error:.2f} |", flush=True)


if __name__ == "__main__":
    typer.run(main)
