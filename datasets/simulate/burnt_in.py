"""What programs and cameras burn into a picture: text, scale bars, arrows, frames, pages, dead pixels."""

from __future__ import annotations

import math
import string
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

KINDS = ("text", "scale bar", "arrows", "frame", "page", "hot pixels", "numbers")
LETTERS = string.ascii_letters + string.digits + "  :./-"


def burn_in(image: NDArray[Any], kinds: tuple[str, ...], rng: Generator, avoid: NDArray[np.bool_]) -> NDArray[Any]:
    """The picture with marks of some kinds on it, as bright or as dark as its samples can be, or coloured.

    image: uint8 or uint16, shape (rows, columns) or (rows, columns, 3). kinds: of `KINDS`.
    avoid: bool, shape (rows, columns): where text and arrows do not lie, as far as possible.
    """
    out = image.copy()
    for kind in kinds:
        if kind == "hot pixels":
            count = int(rng.integers(1, 60))
            out[rng.integers(0, out.shape[0], count), rng.integers(0, out.shape[1], count)] = np.iinfo(out.dtype).max
        elif kind == "page":
            margins = [int(rng.integers(0, 1 + side // 6)) for side in (*out.shape[:2], *out.shape[:2])]
            pads = [(margins[0], margins[2]), (margins[1], margins[3])]
            level = np.iinfo(out.dtype).max if rng.random() < 0.7 else 0
            inner = out[pads[0][0] : out.shape[0] - pads[0][1], pads[1][0] : out.shape[1] - pads[1][1]].copy()
            out[:] = level
            out[pads[0][0] : out.shape[0] - pads[0][1], pads[1][0] : out.shape[1] - pads[1][1]] = inner
        else:
            out = _drawn(out, _PENS[kind], rng, avoid)
    return out


def _drawn(image: NDArray[Any], pen: Callable[..., None], rng: Generator, avoid: NDArray[np.bool_]) -> NDArray[Any]:
    """The picture with what a pen draws laid over it, opaque."""
    mask = Image.new("L", (image.shape[1], image.shape[0]))
    pen(ImageDraw.Draw(mask), mask.size, rng, avoid)
    share = np.asarray(mask, dtype=np.float64)[..., None] / 255
    limit = np.iinfo(image.dtype).max
    grey = image.ndim == 2 or rng.random() < 0.5
    ink = np.full(3, limit if rng.random() < 0.7 else 0) if grey else limit * rng.integers(0, 2, 3)
    planes = image[..., None] if image.ndim == 2 else image
    laid = planes * (1 - share) + ink[: planes.shape[2]] * share
    return np.round(laid).astype(image.dtype).reshape(image.shape)


def _place(size: tuple[int, int], rng: Generator, avoid: NDArray[np.bool_], reach: int) -> tuple[int, int]:
    """A place (x, y) near which nothing is to be avoided, if one is found soon; text likes corners."""
    x = y = 0
    for _ in range(20):
        x, y = int(rng.integers(0, size[0])), int(rng.integers(0, size[1]))
        if rng.random() < 0.5:
            x, y = (int(v * 0.1 if v < s / 2 else s - (s - v) * 0.3) for v, s in zip((x, y), size, strict=True))
        if not avoid[max(0, y - 4) : y + reach // 3 + 4, max(0, x - 4) : x + reach].any():
            break
    return x, y


def _text(draw: ImageDraw.ImageDraw, size: tuple[int, int], rng: Generator, avoid: NDArray[np.bool_]) -> None:
    for _ in range(int(rng.integers(1, 5))):
        height = rng.uniform(8, 42)
        words = "".join(rng.choice(list(LETTERS), int(rng.integers(2, 22))))
        draw.text(_place(size, rng, avoid, round(height * len(words) * 0.5)), words, fill=255, font=_font(height))


def _numbers(draw: ImageDraw.ImageDraw, size: tuple[int, int], rng: Generator, avoid: NDArray[np.bool_]) -> None:
    """A number beside many things, as analysts leave them."""
    rows, columns = np.nonzero(avoid)
    font = _font(rng.uniform(8, 22))
    for number in range(int(rng.integers(5, 47))):
        if rows.size:
            at = int(rng.integers(rows.size))
            corner = (columns[at] + rng.normal(0, 25), rows[at] + rng.normal(0, 25))
        else:
            corner = (rng.uniform(0, size[0]), rng.uniform(0, size[1]))
        x, y = round(corner[0]), round(corner[1])
        if not avoid[max(0, y) : max(0, y) + 14, max(0, x) : max(0, x) + 14].any():
            draw.text((x, y), str(number + 1), fill=255, font=font)


def _scale_bar(draw: ImageDraw.ImageDraw, size: tuple[int, int], rng: Generator, avoid: NDArray[np.bool_]) -> None:
    width, height = int(rng.uniform(0.04, 0.3) * size[0]), int(rng.integers(2, 12))
    x, y = _place((size[0] - width, size[1] - height), rng, avoid, width)
    draw.rectangle([x, y, x + width, y + height], fill=255)
    if rng.random() < 0.6:
        unit = f"{rng.choice([1, 2, 5, 10, 20, 50])} um"
        draw.text((x, y - 26 if y > size[1] / 2 else y + height + 2), unit, fill=255, font=_font(rng.uniform(10, 26)))


def _arrows(draw: ImageDraw.ImageDraw, size: tuple[int, int], rng: Generator, avoid: NDArray[np.bool_]) -> None:
    for _ in range(int(rng.integers(1, 13))):
        length, angle = rng.uniform(15, 60), rng.uniform(0, 2 * math.pi)
        x, y = _place(size, rng, avoid, round(length))
        tip = (x + length * math.cos(angle), y + length * math.sin(angle))
        draw.line([(x, y), tip], fill=255, width=int(rng.integers(1, 5)))
        wings = [
            (tip[0] - 0.3 * length * math.cos(angle + d), tip[1] - 0.3 * length * math.sin(angle + d))
            for d in (-0.5, 0.5)
        ]
        draw.polygon([tip, *wings], fill=255)


def _frame(draw: ImageDraw.ImageDraw, size: tuple[int, int], rng: Generator, avoid: NDArray[np.bool_]) -> None:
    """A frame around the picture, or a strip of a program's own: a title bar with signs on it."""
    if rng.random() < 0.5:
        inset = int(rng.integers(0, 12))
        draw.rectangle(
            [inset, inset, size[0] - 1 - inset, size[1] - 1 - inset], outline=255, width=int(rng.integers(1, 6))
        )
    else:
        height = int(rng.integers(10, 40))
        top = 0 if rng.random() < 0.5 else size[1] - height
        draw.rectangle([0, top, size[0], top + height], fill=int(rng.integers(120, 256)))
        words = "   ".join("".join(rng.choice(list(LETTERS), 6)) for _ in range(6))
        draw.text((8, top + height * 0.15), words, fill=0, font=_font(height * 0.6))


def _font(height: float) -> Any:
    return ImageFont.load_default(size=height)


_PENS: dict[str, Callable[..., None]] = {
    "text": _text, "numbers": _numbers, "scale bar": _scale_bar, "arrows": _arrows, "frame": _frame,
}  # fmt: skip
