"""COCO instances: run-length masks, annotation files, and the slides beside them.

Format: COCO, https://cocodataset.org/#format-data; compressed RLE as pycocotools reads it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pycocotools import mask as rle_tools

from ..core.box import Box
from ..core.errors import TruthError
from ..core.json_file import read_json
from ..core.mask import PlacedMask
from .truth import AnnotatedSlide

MAX_DIGITS = 12
"""Of a run length, of five bits each: 64 bits hold no more."""
MAX_CROP_PX = 2**26
"""Pixels of one chromosome's box, at most."""


def rle_of(placed: PlacedMask, shape: tuple[int, int]) -> dict[str, Any]:
    """The compressed run-length encoding of a mask on a slide of (rows, columns).

    Made from the mask's own pixels: the slide is never filled.

    Parameters
    ----------
    placed
        In slide pixels.
    shape
        (rows, columns) of the slide.

    Returns
    -------
    dict[str, Any]
        {"size": [rows, columns], "counts": str}.
    """
    rows, columns = shape
    padded = np.pad(placed.mask, ((1, 1), (0, 0))).astype(np.int8)
    steps = np.diff(padded, axis=0)
    column, start = np.nonzero(steps.T == 1)
    _, end = np.nonzero(steps.T == -1)
    base = (column + placed.box.x0) * rows + placed.box.y0
    starts, ends = base + start, base + end
    joined = np.flatnonzero(starts[1:] == ends[:-1])
    starts, ends = np.delete(starts, joined + 1), np.delete(ends, joined)
    edges = np.concatenate([[0], np.column_stack([starts, ends]).ravel(), [rows * columns]])
    encoded = rle_tools.frPyObjects({"size": [rows, columns], "counts": np.diff(edges).tolist()}, rows, columns)
    return {"size": [rows, columns], "counts": encoded["counts"].decode("ascii")}


def crop_of(segmentation: dict[str, Any], box: Box) -> PlacedMask:
    """What a compressed run-length encoding holds of a box, without filling the slide.

    Parameters
    ----------
    segmentation
        Compressed RLE of a whole slide: size and counts.
    box
        In slide pixels.

    Raises
    ------
    ValueError
        Where it is not one.

    References
    ----------
    The encoding is that of rleFrString in pycocotools' maskApi.c.
    """
    rows, columns = (int(side) for side in segmentation["size"])
    if box.is_empty or box.clip((rows, columns)) != box or box.area > MAX_CROP_PX:
        raise ValueError(f"{box} is no chromosome's on a slide of {rows} x {columns} px")
    counts = _run_lengths(segmentation["counts"], rows * columns)
    down, across = np.mgrid[box.y0 : box.y1, box.x0 : box.x1]
    inside = np.searchsorted(np.cumsum(counts), across * rows + down, side="right") % 2 == 1
    return PlacedMask(box, inside)


def placed_of(segmentation: Any, shape: tuple[int, int]) -> PlacedMask | None:
    """The mask of a COCO segmentation: compressed or plain RLE, or polygons. None where it is empty.

    Parameters
    ----------
    segmentation
        As an annotation holds it.
    shape
        (rows, columns) of the slide.

    Raises
    ------
    TruthError
        For anything else.
    """
    rows, columns = shape
    try:
        if isinstance(segmentation, list):
            _check_polygons(segmentation, shape)
            dense = rle_tools.decode(rle_tools.merge(rle_tools.frPyObjects(segmentation, rows, columns))).astype(bool)
        elif list(segmentation["size"]) != [rows, columns]:
            raise ValueError(f"one of {segmentation['size']} does not fit a slide of {shape}")
        else:
            dense = _filled(segmentation["counts"], shape)
    except Exception as problem:
        raise TruthError(f"a segmentation is neither RLE nor polygons: {str(problem)[:200]}") from problem
    return PlacedMask.from_dense(dense)


def _filled(counts: Any, shape: tuple[int, int]) -> NDArray[np.bool_]:
    """A mask of (rows, columns) from run lengths, compressed or not."""
    pixels = shape[0] * shape[1]
    if isinstance(counts, (str, bytes)):
        counts = _run_lengths(counts, pixels)
    runs = np.array(counts, dtype=np.int64)
    if runs.ndim != 1 or (runs < 0).any() or (runs > pixels).any() or runs.sum() > pixels:
        raise ValueError("the run lengths do not fit the slide")
    flat = np.zeros(pixels, dtype=bool)
    filled = np.repeat(np.arange(runs.size) % 2 == 1, runs)
    flat[: filled.size] = filled
    return flat.reshape(shape[1], shape[0]).T


def _run_lengths(counts: str | bytes, pixels: int) -> list[int]:
    """Decompress run lengths: letters of five bits each, from the third on the difference to the last but one.

    Not by pycocotools: it reads beyond the end of a string that breaks off.
    """
    letters = counts.encode("ascii") if isinstance(counts, str) else counts
    lengths: list[int] = []
    value = digits = 0
    for letter in letters:
        bits = letter - 48
        if not 0 <= bits < 64 or digits > MAX_DIGITS:
            raise ValueError("the counts are not compressed run lengths")
        value |= (bits & 0x1F) << 5 * digits
        digits += 1
        if bits & 0x20:
            continue
        if bits & 0x10:
            value -= 1 << 5 * digits
        lengths.append(value + (lengths[-2] if len(lengths) > 2 else 0))
        if not 0 <= lengths[-1] <= pixels:
            raise ValueError("a run is longer than the slide")
        value = digits = 0
    if digits:
        raise ValueError("the counts break off")
    return lengths


def _check_polygons(polygons: list[Any], shape: tuple[int, int]) -> None:
    """Refuse corners far from the slide: pycocotools walks along every edge."""
    for polygon in polygons:
        corners = np.array(polygon, dtype=np.float64)
        if corners.ndim != 1 or corners.size < 6 or corners.size % 2 or not (np.abs(corners) <= 2 * max(shape)).all():
            raise ValueError("a polygon has three corners or more, on the slide")


def instances(name: str, shape: tuple[int, int], masks: Sequence[PlacedMask]) -> dict[str, Any]:
    """A COCO document with one image and one annotation per mask.

    Parameters
    ----------
    name
        Of the image's file.
    shape
        (rows, columns) of the slide.
    masks
        In slide pixels; their ids are their places, from 1.
    """
    return {
        "images": [{"id": 1, "file_name": name, "height": shape[0], "width": shape[1]}],
        "categories": [{"id": 1, "name": "chromosome"}],
        "annotations": [
            {
                "id": number,
                "image_id": 1,
                "category_id": 1,
                "segmentation": rle_of(placed, shape),
                "bbox": [placed.box.x0, placed.box.y0, placed.box.width, placed.box.height],
                "area": placed.area,
                "iscrowd": 0,
            }
            for number, placed in enumerate(masks, start=1)
        ],
    }


def read_coco(folder: Path) -> Iterator[AnnotatedSlide]:
    """Yield the slides of all COCO files (*.json) in a folder; each slide lies beside its file.

    Raises
    ------
    TruthError
        Where there is none, or a file or its slide cannot be used.
    """
    files = sorted(path for path in folder.glob("*.json") if path.is_file())
    if not files:
        raise TruthError(f"no COCO file (*.json) in {folder}")
    for path in files:
        try:
            yield from _slides_of(path, read_json(path))
        except (
            OSError,
            ValueError,
            LookupError,
            TypeError,
            AttributeError,
            ArithmeticError,
        ) as problem:
            raise TruthError(f"{path} is not a COCO file: {type(problem).__name__}: {str(problem)[:200]}") from problem


def _slides_of(path: Path, document: Any) -> Iterator[AnnotatedSlide]:
    images, annotations = document["images"], document["annotations"]
    for image in images:
        shape = (int(image["height"]), int(image["width"]))
        if min(shape) < 1:
            raise ValueError(f"an image of {shape[0]} x {shape[1]} px")
        image_path = path.parent / str(image["file_name"])
        if not image_path.is_file():
            raise TruthError(f"{path} names {image['file_name']}, which is not beside it")
        own = (a for a in annotations if a["image_id"] == image["id"] and not a.get("iscrowd"))
        masks = (placed_of(a["segmentation"], shape) for a in own)
        yield AnnotatedSlide(image_path.stem, image_path, shape, tuple(m for m in masks if m is not None))
