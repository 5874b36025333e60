"""COCO instances: run-length masks, annotation files, and the slides beside them.

Format: COCO, https://cocodataset.org/#format-data; compressed RLE as pycocotools reads it.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pycocotools import mask as rle_tools

from ..core.box import Box
from ..core.errors import TruthError
from ..core.mask import PlacedMask
from .truth import AnnotatedSlide


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
    counts: list[int] = []
    value = digits = 0
    for letter in segmentation["counts"].encode("ascii"):
        bits = letter - 48
        if not 0 <= bits < 64:
            raise ValueError("the counts are not compressed run lengths")
        value |= (bits & 0x1F) << 5 * digits
        digits += 1
        if bits & 0x20:
            continue
        if bits & 0x10:
            value -= 1 << 5 * digits
        counts.append(value + (counts[-2] if len(counts) > 2 else 0))
        value = digits = 0
    rows = int(segmentation["size"][0])
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
            encoded = rle_tools.merge(rle_tools.frPyObjects(segmentation, rows, columns))
        elif isinstance(segmentation["counts"], list):
            encoded = rle_tools.frPyObjects(segmentation, rows, columns)
        else:
            encoded = segmentation
        dense: NDArray[np.uint8] = rle_tools.decode(encoded)
    except Exception as problem:
        raise TruthError(f"a segmentation is neither RLE nor polygons: {problem}") from problem
    if dense.shape != shape:
        raise TruthError(f"a segmentation of {dense.shape} does not fit a slide of {shape}")
    return PlacedMask.from_dense(dense.astype(bool))


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
            document = json.loads(path.read_text(encoding="utf-8"))
            images, annotations = document["images"], document["annotations"]
        except (OSError, ValueError, KeyError, TypeError) as problem:
            raise TruthError(f"{path} is not a COCO file: {problem}") from problem
        for image in images:
            shape = (int(image["height"]), int(image["width"]))
            image_path = path.parent / str(image["file_name"])
            if not image_path.is_file():
                raise TruthError(f"{path} names {image['file_name']}, which is not beside it")
            own = (a for a in annotations if a["image_id"] == image["id"] and not a.get("iscrowd"))
            masks = (placed_of(a["segmentation"], shape) for a in own)
            yield AnnotatedSlide(image_path.stem, image_path, shape, tuple(m for m in masks if m is not None))
