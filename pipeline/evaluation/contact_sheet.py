"""contact_sheet.png: the clusters that came out worst, truth beside result."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont
from skimage.measure import find_contours

from ...core.atomic import write_atomically
from ...core.box import Box
from ...core.mask import PlacedMask
from ..slide.slide import Slide
from ..writers.preview import colour_of
from .error_stages import WorstCluster

TILE_PX = 220
COLUMNS = 4
WRONG_COLOUR = (255, 50, 50)


def write_contact_sheet(clusters: Sequence[WorstCluster], paths: Mapping[str, Path], path: Path) -> None:
    """Draw and write the sheet.

    Parameters
    ----------
    paths
        The slides' files by name.
    """
    sheet = draw_contact_sheet(clusters, {c.name: _grey(paths[c.name]) for c in clusters})

    def check(part: Path) -> None:
        with Image.open(part) as back:
            back.verify()

    write_atomically(path, lambda part: sheet.save(part), check)


def draw_contact_sheet(clusters: Sequence[WorstCluster], greys: Mapping[str, NDArray[np.uint8]]) -> Image.Image:
    """Each cluster twice: the truth's outlines on the left, the result's on the right, wrong ones red and thick.

    Parameters
    ----------
    greys
        uint8, shape (rows, columns), by slide name.
    """
    rows = max(1, -(-len(clusters) // COLUMNS))
    height = TILE_PX + 18
    sheet = Image.new("RGB", (COLUMNS * (2 * TILE_PX + 8), rows * height), (20, 20, 20))
    draw = ImageDraw.Draw(sheet)
    font = ImageFont.load_default(size=12)
    for number, cluster in enumerate(clusters):
        x, y = number % COLUMNS * (2 * TILE_PX + 8), number // COLUMNS * height
        grey = greys[cluster.name]
        sheet.paste(_tile(grey, cluster.box_slide, cluster.truth, frozenset()), (x, y))
        sheet.paste(_tile(grey, cluster.box_slide, cluster.found, cluster.wrong_found), (x + TILE_PX, y))
        caption = (
            f"{cluster.name} ({cluster.box_slide.x0}, {cluster.box_slide.y0}): true {len(cluster.truth)}, "
            f"lost {cluster.lost}, wrong masks {len(cluster.wrong_found)}"
        )
        draw.text((x + 3, y + TILE_PX + 1), caption, fill=(230, 230, 230), font=font)
    return sheet


def _tile(grey: NDArray[np.uint8], place: Box, masks: Sequence[PlacedMask], wrong: frozenset[int]) -> Image.Image:
    zoom = (TILE_PX - 2) / place.long_side
    size = (max(1, round(place.width * zoom)), max(1, round(place.height * zoom)))
    tile = Image.new("RGB", (TILE_PX, TILE_PX))
    tile.paste(Image.fromarray(grey[place.slices]).resize(size, Image.Resampling.BICUBIC).convert("RGB"))
    draw = ImageDraw.Draw(tile)
    for number, placed in enumerate(masks):
        window = placed.box.intersect(place)
        if window.is_empty:
            continue
        bad = number in wrong
        for contour in find_contours(np.pad(placed.within(window), 1).astype(float), 0.5):
            points = [
                ((x - 0.5 + window.x0 - place.x0) * zoom, (y - 0.5 + window.y0 - place.y0) * zoom) for y, x in contour
            ]
            draw.line(points, fill=WRONG_COLOUR if bad else colour_of(number + 1), width=3 if bad else 1)
    return tile


def _grey(path: Path) -> NDArray[np.uint8]:
    with Slide.open(path) as slide:
        pixels = slide.read(Box(0, 0, slide.shape[1], slide.shape[0]))
    low, high = np.percentile(pixels, (0.5, 99.7))
    return (np.clip((pixels - low) / (float(high - low) or 1.0), 0, 1) ** 0.7 * 255).astype(np.uint8)
