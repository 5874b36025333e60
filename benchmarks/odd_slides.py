"""The example as other people's microscopes, cameras and programs would leave it: what is found on each.

python benchmarks/odd_slides.py [NAME...]

The example has 46 chromosomes in one metaphase. One more or fewer is no miss here: how many the networks find is
measured elsewhere, this is about what stands around the chromosomes.
"""

from __future__ import annotations

import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import tifffile
from karyo_split.core.errors import KaryoSplitError
from numpy.typing import NDArray
from PIL import Image, ImageDraw
from scipy import ndimage

from karyo_split import SplitResult, SplitSettings, Splitter

EXAMPLE = Path(__file__).parents[1] / "examples" / "metaphase.tif"
GREY = tifffile.imread(EXAMPLE)
ROWS, COLUMNS = GREY.shape
RNG = np.random.default_rng(0)
Judge = Callable[[SplitResult], bool]
Pixels = NDArray[Any]


def deep(bits: int) -> NDArray[np.uint16]:
    """The example with other depth. uint16."""
    return (GREY.astype(np.uint32) * (2**bits - 1) // 255).astype(np.uint16)


def text(words: str, at: tuple[int, int]) -> NDArray[np.bool_]:
    """Where burnt-in words lie. bool, the example's shape. at: (row, column)."""
    page = Image.new("L", (COLUMNS, ROWS))
    ImageDraw.Draw(page).text(at[::-1], words, fill=255, font_size=18)
    return np.asarray(page) > 127


def nuclei(count: int, low: float, high: float) -> NDArray[np.uint8]:
    """Round nuclei with texture and nothing else. low, high: their radii."""
    y, x = np.mgrid[:ROWS, :COLUMNS]
    field, taken = np.full(GREY.shape, 8.0), np.zeros(GREY.shape, bool)
    for _ in range(400):
        radius, tall = RNG.uniform(low, high), RNG.uniform(0.8, 1.25)
        row, column = RNG.uniform(high, ROWS - high), RNG.uniform(high, COLUMNS - high)
        distance = np.hypot((y - row) / tall, (x - column) * tall)
        if not taken[distance < radius + 8].any() and count:
            field[distance < radius], count = RNG.uniform(70, 140), count - 1
            taken |= distance < radius
    texture = ndimage.gaussian_filter(RNG.normal(0, 1, GREY.shape), 4) * 90
    blurred = ndimage.gaussian_filter(field + taken * texture, 1.2)
    return (blurred + RNG.normal(0, 2, GREY.shape)).clip(0, 255).astype(np.uint8)


def karyogram(result: SplitResult, rows: int) -> NDArray[np.uint8]:
    """All chromosomes of a result upright in rows, the largest first."""
    page = np.full((rows * 110 + 40, -(-len(result) // rows) * 48 + 40), 6, np.uint8)
    across = -(-len(result) // rows)
    for place, each in enumerate(sorted(result.chromosomes, key=lambda c: -c.area_px)):
        piece = np.where(each.mask, GREY[each.box_slide.slices], 0)
        down, over = np.nonzero(each.mask)
        axis = np.linalg.eigh(np.cov(np.stack([down, over])))[1][:, 1]
        upright = ndimage.rotate(piece, -np.degrees(np.arctan2(axis[1], axis[0])), order=1)
        upright = upright[np.ix_((upright > 30).any(1), (upright > 30).any(0))][:100, :46]
        row, column = 20 + place // across * 110, 20 + place % across * 48
        part = page[row : row + upright.shape[0], column : column + upright.shape[1]]
        np.maximum(part, upright, out=part)
    return page


def painted(pixels: Pixels, where: Any, value: float) -> Pixels:
    """The pixels with one value somewhere."""
    changed = pixels.copy()
    changed[where] = value
    return changed


def spread(result: SplitResult) -> bool:
    """True for the example's chromosomes in one metaphase."""
    return abs(len(result) - 46) <= 1


def told(word: str) -> Judge:
    """True where a warning has a word."""
    return lambda result: any(word in warning for warning in result.warnings)


def doubted(result: SplitResult) -> bool:
    """True where all is flagged, or nothing was found."""
    return all(chromosome.flags for chromosome in result.chromosomes)


def two(result: SplitResult) -> bool:
    """True for two metaphases of 46."""
    whole = [m for m in result.metaphases if "stray" not in m.flags]
    return len(whole) == 2 and all(abs(m.chromosomes - 46) <= 2 for m in whole)


def cases(example: SplitResult) -> dict[str, tuple[Pixels, dict[str, Any], str, Judge | None]]:
    """Pixels, how they are written, what is wanted, and whether that was found; None where an error is."""
    y, x = np.mgrid[:ROWS, :COLUMNS]
    middle = np.hypot((y - ROWS / 2) / ROWS, (x - COLUMNS / 2) / COLUMNS)
    page = np.pad(255 - GREY, 60, constant_values=255)
    words = text("HeLa p53  40x  2024-05-17", (8, 10))
    strip, words_above = ((40, 0), (0, 0)), np.pad(words, ((0, 40), (0, 0)))
    blue = np.stack([GREY // 3, GREY // 3, GREY], -1)
    hot = RNG.random(GREY.shape) < 0.002
    shaded = 5 + GREY * (1 - 0.7 * middle) + 25 * x / COLUMNS
    far = GREY.astype(np.float32)
    named = {"extratags": [(42113, "s", 0, "-9999", True)]}
    many = {"planarconfig": "contig", "photometric": "minisblack"}
    tiled = {"tile": (64, 64), "compression": "zlib", "bigtiff": True, "predictor": True}
    made: dict[str, tuple[Pixels, dict[str, Any], str, Judge | None]] = {
        "10 bits, a bar upright at 65535": (painted(deep(10), np.s_[40:200, 12:17], 65535), {}, "46", spread),
        "14 bits, a bar at 16383": (painted(deep(14), np.s_[20:26, 30:180], 16383), {}, "46", spread),
        "12 bits, words at the top at 65535": (painted(deep(12), words, 65535), {}, "46", spread),
        "8 bits, words on a black strip": (painted(np.pad(GREY, strip), words_above, 255), {}, "46", spread),
        "two hot pixels in a thousand at 65535": (painted(deep(12), hot, 65535), {}, "46", spread),
        "two hot pixels in a thousand at 4095": (painted(deep(12), hot, 4095), {}, "46", spread),
        "a vignette on a slope": (shaded.clip(0, 255).astype(np.uint8), {}, "46", spread),
        "a vignette of paper": ((235 - 0.8 * shaded).astype(np.uint8), {}, "46", spread),
        "every 40th row no data, -9999": (painted(far, np.s_[::40], -9999), named, "46", spread),
        "columns without data, -3.4e38": (painted(far, np.s_[:, 200:206], -3.4e38), {}, "46", spread),
        "40,000 and three levels a grey value": (GREY.astype(np.uint16) * 3 + 40000, {}, "46", spread),
        "signed, from -20,000": (GREY.astype(np.int16) * 30 - 20000, {}, "46", spread),
        "doubles around a thousand million": (GREY * 1e3 + 1e9, {}, "46", spread),
        "inverted on a white page": (page, {}, "46, told", lambda r: spread(r) and bool(r.warnings)),
        "16 bits in a black page": (np.pad(deep(12) + 3000, 70), {}, "46", spread),
        "BigTIFF, tiles of 64, predictor": (deep(12), tiled, "46", spread),
        "JPEG in a TIFF, in colour": (blue, {"photometric": "rgb", "compression": "jpeg"}, "46", spread),
        "big ends first, in LZW": (deep(16), {"byteorder": ">", "compression": "lzw"}, "46", spread),
        "turned by a right angle": (np.rot90(GREY).copy(), {}, "46", spread),
        "two metaphases one above the other": (np.vstack([GREY, GREY[:, ::-1]]), {}, "two of 46", two),
        "forty small nuclei": (nuclei(40, 14, 20), {}, "0, or flagged", doubted),
        "three large nuclei": (nuclei(3, 75, 95), {}, "0, or flagged", doubted),
        "a karyogram of three rows": (karyogram(example, 3), {}, "told", told("karyogram")),
        "a karyogram of six rows, on paper": (255 - karyogram(example, 6), {}, "told", told("karyogram")),
        "five samples a pixel": (np.stack([GREY] * 5, -1), many, "an error", None),
    }  # fmt: skip
    return made


def tiles_missing(path: Path) -> None:
    """Leave three of the file's tiles unwritten, as scanners do over glass."""
    with tifffile.TiffFile(path, mode="r+") as file:
        tags = file.pages[0].tags
        for tag in ("TileOffsets", "TileByteCounts"):
            values = list(tags[tag].value)
            values[:3] = 0, 0, 0
            tags[tag].overwrite(values)


def main() -> None:
    splitter = Splitter(SplitSettings(device="cpu", threads=1))
    made = cases(splitter.split(EXAMPLE))
    made["three tiles missing"] = (deep(12), {"tile": (64, 64), "compression": "zlib"}, "told", told("never written"))
    misses = 0
    with tempfile.TemporaryDirectory() as folder:
        for name, (pixels, options, wanted, judge) in made.items():
            if sys.argv[1:] and not any(word in name for word in sys.argv[1:]):
                continue
            path = Path(folder) / "slide.tif"
            tifffile.imwrite(path, pixels, **options)
            if name == "three tiles missing":
                tiles_missing(path)
            since = time.process_time()
            try:
                result = splitter.split(path)
                right = judge is not None and judge(result)
                spreads = sum("stray" not in m.flags for m in result.metaphases)
                found = f"{len(result)} in {spreads}, {sum(bool(c.flags) for c in result.chromosomes)} flagged"
                found += "".join(f"; {warning[:70]}" for warning in result.warnings)
            except KaryoSplitError as problem:
                right, found = judge is None, f"error: {str(problem)[-90:]}"
            misses += not right
            print(f"{'right' if right else 'MISS '} {name}: wanted {wanted}, found {found}", end=" ")
            print(f"({time.process_time() - since:.1f} s)", flush=True)
    print(f"{len(made)} slides, {misses} misses")
    raise SystemExit(bool(misses))


if __name__ == "__main__":
    main()
