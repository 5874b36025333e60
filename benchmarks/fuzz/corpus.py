"""Small whole inputs that the fuzzers and the mutated slides start from, made in code."""

from __future__ import annotations

import copy
import hashlib
import io
import json
import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import tifffile
from karyo_split.core.box import Box
from karyo_split.core.mask import PlacedMask
from karyo_split.datasets.coco import rle_of
from karyo_split.datasets.simulate import SlideRecipe, simulate_slide
from karyo_split.pipeline.metaphases import group_metaphases
from karyo_split.pipeline.read_folder import read_result
from karyo_split.pipeline.records import NormalisationInfo
from karyo_split.pipeline.result import SplitResult
from karyo_split.pipeline.review import verbs
from karyo_split.pipeline.review.condition import Condition
from karyo_split.pipeline.review.edit_log import EDITS_FILE, Edit, EditLog, Log
from karyo_split.pipeline.review.original import answer_hash
from karyo_split.pipeline.review.replay import ReviewState, after_edit, do_again, take_back
from karyo_split.pipeline.review.reviewed_result import base_conditions
from karyo_split.pipeline.scoring.candidate import Candidate
from karyo_split.pipeline.slide.slide import Slide
from karyo_split.pipeline.stitch import stitch
from karyo_split.pipeline.write_folder import write_result
from karyo_split.pipeline.writers.run_file import RunFacts
from numpy.typing import NDArray
from PIL import Image

from karyo_split import weights


def picture(side: int = 96, seed: int = 5) -> NDArray[np.uint8]:
    """A few chromosomes. uint8, shape (side, side)."""
    return simulate_slide(SlideRecipe(seed=seed, shape=(side, side), chromosomes=3, length_px=30)).image


def slides(grey: NDArray[np.uint8]) -> dict[str, bytes]:
    """The same picture in many formats: the bytes of a file by name."""
    deep = grey.astype(np.uint16) * 16
    colours = np.stack([grey // 2, grey // 4, grey], axis=-1)
    palette = np.stack([np.arange(256, dtype=np.uint16) * 257] * 3)
    tiffs = {
        "plain": (grey, {}),
        "lzw": (deep, {"compression": "lzw", "rowsperstrip": 16}),
        "tiled": (deep, {"compression": "zlib", "tile": (32, 32), "predictor": True}),
        "big": (deep, {"bigtiff": True, "byteorder": ">"}),
        "float": (grey.astype(np.float32), {"resolution": (1e5, 1e5), "resolutionunit": "CENTIMETER"}),
        "colour": (colours, {"photometric": "rgb", "compression": "jpeg"}),
        "planar": (np.moveaxis(colours, -1, 0), {"photometric": "rgb", "planarconfig": "separate"}),
        "palette": (grey, {"photometric": "palette", "colormap": palette[:, ::-1]}),
        "bits": (grey > 60, {"photometric": "minisblack"}),
        "ome": (deep, {"ome": True, "metadata": {"axes": "YX", "PhysicalSizeX": 0.1, "PhysicalSizeY": 0.1}}),
        "imagej": (deep, {"imagej": True, "resolution": (10, 10), "metadata": {"unit": "um"}}),
    }
    made = {}
    for name, (pixels, options) in tiffs.items():
        file = io.BytesIO()
        tifffile.imwrite(file, pixels, **options)
        made[f"{name}.tif"] = file.getvalue()
    for name, pixels, form in (
        ("grey", grey, "png"),
        ("deep", deep, "png"),
        ("colour", colours, "png"),
        ("p", colours, "jpeg"),
    ):
        file = io.BytesIO()
        Image.fromarray(pixels).save(file, form)
        made[f"{name}.{form}"] = file.getvalue()
    return made


def placed() -> list[PlacedMask]:
    """Masks, two of which overlap."""
    rod = np.ones((30, 8), dtype=bool)
    return [PlacedMask(Box(x, y, x + 8, y + 30), rod) for y, x in ((5, 5), (20, 9), (60, 70))]


def run_lengths() -> list[bytes]:
    """Compressed run lengths, and the rest of a segmentation."""
    return [json.dumps(rle_of(mask, (96, 96))).encode() for mask in placed()] + [b"[[2, 2, 12, 2, 12, 12]]"]


ODD_VALUES: list[Any] = [
    None, True, -1, 0, 0.5, 10**30, -(10**30), math.inf, math.nan, "", "x", "../../x", "\0", "\ud800", "[red]",
    "9" * 5000, [], {}, [[]], [None], {"": None}, [1, 2, 3, 4, 5], [10**9] * 4, [-(10**9)] * 4, [0, 0, 10**6, 10**6],
    {"size": [10**9, 10**9], "counts": "0"},
]  # fmt: skip
"""What a value is replaced by: each of them is JSON as Python reads it."""


def finished_folder(folder: Path) -> None:
    """Write a folder as a split leaves it: two overlapping chromosomes and one by itself."""
    grey = picture()
    found = [Candidate(mask, 0.9) for mask in placed()]
    chromosomes = stitch(found, Box(0, 0, 96, 96), 30, 0.5)
    _, metaphases = group_metaphases(chromosomes, (96, 96), 30.0)
    result = SplitResult(
        name="s", shape=(96, 96), pixel_size_um=0.1, chromosomes=chromosomes, boxes=(), length_px=30.0,
        normalisation=NormalisationInfo("bright", 50.0, 5.0), metaphases=metaphases, settings={"page": None},
        versions={"karyo-split": "0"}, weights={"detector": "0"}, warnings=("none",),
    )  # fmt: skip
    slide = Slide.from_array(grey, "s")
    write_result(result, slide, folder, ("coco", "csv"), RunFacts(Path("s.tif"), "0", "2026-01-01"))


def documents(folder: Path) -> dict[str, Any]:
    """What karyo-split reads as JSON, by the name that it has in a folder."""
    finished_folder(folder)
    made = {path.name: json.loads(path.read_text(encoding="utf-8")) for path in folder.glob("*.json")}
    return made | {weights.MANIFEST: json.loads((weights.FOLDER / weights.MANIFEST).read_text(encoding="utf-8"))}


def edits(folder: Path) -> tuple[dict[int, Condition], list[dict[str, Any]]]:
    """What a review of a finished folder begins from, and the lines of its log, without their hashes."""
    result = read_result(folder)
    base = base_conditions(result)
    state = ReviewState(base)
    log = EditLog(folder / EDITS_FILE, Log(answer_hash(folder), result.shape))
    made: tuple[Callable[[verbs.Desk], Edit], ...] = (
        lambda desk: verbs.accept(desk, [1]),
        lambda desk: verbs.note(desk, 1, "bent"),
        lambda desk: verbs.split(desk, 2, [(35.0, 4.0), (35.0, 25.0)], sure=True),
        lambda desk: verbs.delete(desk, [3]),
        lambda desk: take_back(desk.state, "b", "2026-01-02"),
        lambda desk: do_again(desk.state, "b", "2026-01-03"),
        lambda desk: verbs.restore(desk, [3]),
        lambda desk: verbs.paint_new(desk, [(80.0, 10.0), (90.0, 20.0)], 3.0),
        lambda desk: verbs.accept_spread(desk, sorted(desk.state.present)),
        lambda desk: verbs.sign(desk, ""),
    )
    for make in made:
        edit = make(verbs.Desk(state, result.shape, "a", "2026-01-01"))
        log.append(edit)
        state = after_edit(state, edit)
    lines = [json.loads(line) for line in log.path.read_text(encoding="utf-8").splitlines()]
    return base, [{name: value for name, value in line.items() if name != "chain"} for line in lines]


def hashed(lines: Any) -> bytes:
    """A log of edits with the hashes that fit its lines, as somebody would make it who means harm."""
    text, chain = "", ""
    for line in lines if isinstance(lines, list) else [lines]:
        if isinstance(line, dict):
            plain = json.dumps({name: value for name, value in line.items() if name != "chain"}, separators=(",", ":"))
            chain = hashlib.sha256((chain + plain).encode()).hexdigest()
            line = {**line, "chain": chain}
        text += json.dumps(line, separators=(",", ":")) + "\n"
    return text.encode()


def with_odd_values(document: Any, below: Callable[[int], int]) -> Any:
    """The document with one to three of its values replaced, removed or moved.

    Parameters
    ----------
    document
        As JSON gives it; it stays as it is.
    below
        Chooses a whole number from 0 up to, and without, its argument.
    """
    root = [copy.deepcopy(document)]
    for _ in range(1 + below(3)):
        place: Any = root
        key: Any = 0
        while isinstance(place[key], (dict, list)) and place[key] and below(5):
            place = place[key]
            key = below(len(place)) if isinstance(place, list) else sorted(place)[below(len(place))]
        kind = below(6) if place is not root else 5
        if kind == 0:
            del place[key]
        elif kind == 1 and isinstance(place, dict):
            place[str(ODD_VALUES[below(len(ODD_VALUES))])] = place.pop(key)
        else:
            place[key] = copy.deepcopy(ODD_VALUES[below(len(ODD_VALUES))])
    return root[0]


def with_odd_bytes(data: bytes, below: Callable[[int], int]) -> bytes:
    """The file with some bytes changed, cut off, repeated or left out, half of them in its first kilobyte."""
    changed = bytearray(data)
    for _ in range(1 + below(8)):
        at = below(len(changed)) if changed and below(2) else below(min(len(changed), 1000) or 1)
        kind = below(6)
        if kind == 0:
            del changed[at:]
        elif kind == 1:
            del changed[at : at + 1 + below(64)]
        elif kind == 2:
            changed[at:at] = changed[at : at + 1 + below(64)]
        elif kind == 3:
            changed[at : at + 4] = (2 ** (8 * below(5)) - 1 + below(2)).to_bytes(5, "little")[:4]
        else:
            changed[at : at + 1] = bytes([below(256)])
    return bytes(changed)
