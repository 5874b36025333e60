"""preview.png: the slide with outlines and ids; overlaps filled, flagged chromosomes in broken lines."""

from __future__ import annotations

import colorsys
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont
from skimage.measure import find_contours

from ...core.atomic import write_atomically
from ...core.box import Box
from ...core.clusters import shared_places
from ..records import Chromosome, Metaphase, SplitRecord
from ..slide.slide import Slide
from .label_anchors import ROOM_PX, Anchor, label_anchors

MIN_SIDE_PX, MAX_SIDE_PX = 1000, 4000
"""The preview is enlarged to the first where it is smaller, and reduced to the second where it is larger."""
OVERLAP_COLOUR, VEIL = (255, 255, 255), 150
CONTRAST = (0.5, 99.7)
"""Percentiles of the grey values that are shown black and white."""
COMPRESSION = 3
"""Of 0..9: a third of the time of the usual 6, for a file a tenth larger."""
FRAME_COLOUR = (170, 170, 170)
LEGEND = "outline: one chromosome   white fill: overlap   broken outline, ?: needs review"
DASH_PX = 5
HALO_PX = 2


def write_preview(result: SplitRecord, slide: Slide, path: Path) -> None:
    """Draw and write the preview.

    Parameters
    ----------
    result
        What was found on the slide.
    slide
        The open slide.
    path
        Of the file.
    """
    picture = draw_preview(result, slide)

    def check(part: Path) -> None:
        with Image.open(part) as back:
            back.verify()

    write_atomically(path, lambda part: picture.save(part, compress_level=COMPRESSION), check)


def draw_preview(result: SplitRecord, slide: Slide) -> Image.Image:
    """The slide in grey at a readable size, with all that was found.

    Parameters
    ----------
    result
        What was found on the slide.
    slide
        The open slide.
    """
    rows, columns = result.shape
    zoom = _zoom(result.shape)
    size = (max(1, round(columns * zoom)), max(1, round(rows * zoom)))
    view = slide.view()
    picture = eight_bits(view, *np.percentile(view, CONTRAST)).resize(size, Image.Resampling.BICUBIC).convert("RGB")
    if zoom >= 0.25:
        _fill_overlaps(picture, result, zoom)
    draw = ImageDraw.Draw(picture)
    width = 1 if zoom < 1 else 2
    for chromosome in result.chromosomes:
        _outline(draw, chromosome, zoom, colour_of(chromosome.id), width)
    if len(result.spreads) > 1:
        for metaphase in result.spreads:
            _frame(draw, metaphase, zoom)
    font = ImageFont.load_default(size=max(10, round(6.5 * zoom)) if zoom >= 1 else 10)
    anchors = label_anchors(result.chromosomes, result.shape, ROOM_PX / min(1.0, zoom))
    for chromosome, anchor in zip(result.chromosomes, anchors, strict=True):
        _number(draw, chromosome, anchor, zoom, font)
    return _with_legend(picture, result)


def colour_of(number: int) -> tuple[int, int, int]:
    """A bright colour for an id; neighbouring ids get hues far apart (the golden angle)."""
    hue = (number * 0.61803398875) % 1.0
    red, green, blue = colorsys.hsv_to_rgb(hue, 0.75, 1.0)
    return round(red * 255), round(green * 255), round(blue * 255)


def _zoom(shape: tuple[int, int]) -> float:
    if max(shape) > MAX_SIDE_PX:
        return MAX_SIDE_PX / max(shape)
    return max(1.0, min(MAX_SIDE_PX / max(shape), MIN_SIDE_PX / min(shape)))


def eight_bits(grey: NDArray[np.floating], low: float, high: float) -> Image.Image:
    """Grey values as a picture: black at `low` and below, white at `high` and above."""
    span = float(high - low) or 1.0
    return Image.fromarray((np.clip((grey - low) / span, 0, 1) * 255).astype(np.uint8))


def _fill_overlaps(picture: Image.Image, result: SplitRecord, zoom: float) -> None:
    """Lay a veil over the pixels that several chromosomes share."""
    for place in shared_places([c.placed for c in result.chromosomes if c.overlap_px]):
        x0, y0, x1, y1 = (round(edge * zoom) for edge in place.box.edges)
        size = (max(1, x1 - x0), max(1, y1 - y0))
        veil = Image.fromarray(place.mask.astype(np.uint8) * VEIL).resize(size, Image.Resampling.NEAREST)
        picture.paste(OVERLAP_COLOUR, (x0, y0), mask=veil)


def _outline(
    draw: ImageDraw.ImageDraw, chromosome: Chromosome, zoom: float, colour: tuple[int, int, int], width: int
) -> None:
    """Draw the outline along pixel edges; broken where the chromosome needs review."""
    box: Box = chromosome.box_slide
    for contour in find_contours(np.pad(chromosome.mask, 1).astype(float), 0.5):
        points = [((x - 0.5 + box.x0) * zoom, (y - 0.5 + box.y0) * zoom) for y, x in contour]
        if not chromosome.needs_review:
            draw.line(points, fill=colour, width=width, joint="curve")
            continue
        for first in range(0, len(points) - 1, 2 * DASH_PX):
            draw.line(points[first : first + DASH_PX + 1], fill=colour, width=width + 1)


def _frame(draw: ImageDraw.ImageDraw, metaphase: Metaphase, zoom: float) -> None:
    """Draw the box of a spread with its number and count."""
    box = metaphase.box_slide.grow(2)
    x0, y0, x1, y1 = (round(edge * zoom) for edge in box.edges)
    draw.rectangle((x0, y0, x1, y1), outline=FRAME_COLOUR)
    text = f"metaphase {metaphase.id}: {metaphase.chromosomes}{' (flagged)' if metaphase.flags else ''}"
    font = ImageFont.load_default(size=14)
    draw.text((x0, max(0, y0 - 18)), text, fill=FRAME_COLOUR, font=font, stroke_width=2, stroke_fill=(0, 0, 0))


def _number(
    draw: ImageDraw.ImageDraw,
    chromosome: Chromosome,
    anchor: Anchor,
    zoom: float,
    font: ImageFont.FreeTypeFont | ImageFont.ImageFont,
) -> None:
    """Write the id beside the chromosome in the colour of its outline, with a dark halo."""
    text = f"{chromosome.id}{'?' if chromosome.needs_review else ''}"
    left, top, right, bottom = draw.textbbox((0, 0), text, font=font, anchor="mm", stroke_width=HALO_PX)
    x, y = anchor.beside((right - left) / 2 / zoom, (bottom - top) / 2 / zoom)
    draw.text(
        (x * zoom, y * zoom),
        text,
        fill=colour_of(chromosome.id),
        font=font,
        anchor="mm",
        stroke_width=HALO_PX,
        stroke_fill=(0, 0, 0),
    )


def _with_legend(picture: Image.Image, result: SplitRecord) -> Image.Image:
    font = ImageFont.load_default(size=16)
    review = sum(c.needs_review for c in result.chromosomes)
    line = f"{result.name}: {len(result.chromosomes)} chromosomes, {review} to review.   {LEGEND}"
    framed = Image.new("RGB", (picture.width, picture.height + 28), (20, 20, 20))
    framed.paste(picture, (0, 0))
    ImageDraw.Draw(framed).text((8, picture.height + 5), line, fill=(230, 230, 230), font=font)
    return framed
