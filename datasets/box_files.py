"""Boxes as other programs write them: Pascal VOC (XML), YOLO (text) and COCO (JSON).

Formats: http://host.robots.ox.ac.uk/pascal/VOC (one XML file an image; corners counted from 1, inclusive),
https://docs.ultralytics.com/datasets/detect (one text file an image: class, centre x, centre y, width, height as shares
of the image), https://cocodataset.org/#format-data (`bbox`: x, y, width, height in pixels).
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

from ..core.box import Box
from ..core.errors import TruthError
from .boxed_slide import BoxedSlide, checked_box, image_shape, pixels, text_of
from .gband import TABLE, read_gband

IMAGE_ENDINGS = (".tif", ".tiff", ".png", ".jpg", ".jpeg", ".bmp")
IMAGE_FOLDERS = ("", "images", "JPEGImages")
LABEL_FOLDERS = ("", "labels", "annotations", "Annotations")


def read_boxes(folder: Path, split: str = "all") -> Iterator[BoxedSlide]:
    """Read the slides of a folder with boxes, in the order of their names.

    Parameters
    ----------
    folder
        Holds boxes.csv with images/ (G-band set); or images with a file of boxes each, NAME.xml (Pascal VOC) or
        NAME.txt (YOLO), beside the images or in labels/ or Annotations/; or COCO files (*.json) with `bbox`.
    split
        Only the G-band set has splits; "all" elsewhere.

    Raises
    ------
    TruthError
        Where there is nothing of the kind, or a file or a row in it cannot be used: it is named.
    """
    if not folder.is_dir():
        raise TruthError(f"{folder} is not a folder: name one with images and their boxes")
    if (folder / TABLE).is_file():
        yield from read_gband(folder, split)
        return
    if split != "all":
        raise TruthError(
            f"{folder} holds no {TABLE}: for the G-band set name the folder that has it; only that set has splits, so "
            "for other boxes leave out --split"
        )
    found = False
    for path in sorted(folder.glob("*.json")):
        for slide in _coco(path):
            found = True
            yield slide
    if found:
        return
    for image in _images(folder):
        label = _label_of(image, folder)
        if label is not None:
            found = True
            shape = image_shape(image, str(label))
            boxes = _voc(label, shape) if label.suffix == ".xml" else _yolo(label, shape)
            yield BoxedSlide(image.stem, image, shape, boxes)
    if not found:
        raise TruthError(
            f"{folder} holds no boxes: expected {TABLE} with images/, or images with NAME.xml (Pascal VOC) or NAME.txt "
            "(YOLO), or COCO files (*.json)"
        )


def _images(folder: Path) -> list[Path]:
    places = [folder / name for name in IMAGE_FOLDERS if (folder / name).is_dir()]
    every = (path for place in places for path in place.iterdir() if path.suffix.lower() in IMAGE_ENDINGS)
    return sorted(every, key=lambda path: path.name)


def _label_of(image: Path, folder: Path) -> Path | None:
    for name in LABEL_FOLDERS:
        for ending in (".xml", ".txt"):
            path = folder / name / (image.stem + ending)
            if path.is_file():
                return path
    return None


def _yolo(path: Path, shape: tuple[int, int]) -> tuple[Box, ...]:
    boxes = []
    for number, line in enumerate(text_of(path).splitlines(), start=1):
        if not line.strip():
            continue
        where = f"{path}, line {number}"
        try:
            _, x, y, width, height = (float(value) for value in line.split())
        except ValueError:
            raise TruthError(f"{where}: expected class, centre x, centre y, width, height, not {line[:60]!r}") from None
        left, right = (x - width / 2) * shape[1], (x + width / 2) * shape[1]
        top, bottom = (y - height / 2) * shape[0], (y + height / 2) * shape[0]
        boxes.append(checked_box(pixels((left, top, right, bottom), where), shape, where))
    return tuple(boxes)


def _voc(path: Path, shape: tuple[int, int]) -> tuple[Box, ...]:
    boxes = []
    try:
        objects = ElementTree.fromstring(path.read_bytes()).findall("object")
    except ElementTree.ParseError as problem:
        raise TruthError(f"{path} is not Pascal VOC: {problem}") from problem
    for number, each in enumerate(objects, start=1):
        where = f"{path}, object {number}"
        try:
            corners = [float(each.findtext(f"bndbox/{edge}", "")) for edge in ("xmin", "ymin", "xmax", "ymax")]
        except ValueError:
            raise TruthError(f"{where}: its bndbox lacks xmin, ymin, xmax or ymax as numbers") from None
        x0, y0, x1, y1 = pixels(corners, where)
        boxes.append(checked_box((x0 - 1, y0 - 1, x1, y1), shape, where))
    return tuple(boxes)


def _coco(path: Path) -> Iterator[BoxedSlide]:
    """The slides of a COCO file; none where a JSON file is another's: it names no images."""
    try:
        document = json.loads(text_of(path))
    except (ValueError, RecursionError) as problem:
        raise TruthError(f"{path} is not a COCO file: {problem}") from problem
    if not isinstance(document, dict) or "images" not in document:
        return
    images, annotations = document["images"], document.get("annotations")
    if not isinstance(images, list) or not isinstance(annotations, list):
        raise TruthError(f"{path} is not a COCO file: images and annotations are lists")
    for image in images:
        try:
            number, name, declared = image["id"], str(image["file_name"]), (int(image["height"]), int(image["width"]))
        except (KeyError, TypeError, ValueError, OverflowError):
            raise TruthError(f"{path}: an image lacks id, file_name, height or width: {str(image)[:80]}") from None
        places = [path.parent / folder / name for folder in IMAGE_FOLDERS]
        image_path = next((place for place in places if os.path.isfile(place)), places[0])  # noqa: PTH113 - it raises nothing
        shape = image_shape(image_path, str(path))
        if shape != declared:
            raise TruthError(f"{path} says that {name} has {declared} rows and columns, and it has {shape}")
        own = [a for a in annotations if isinstance(a, dict) and a.get("image_id") == number and not a.get("iscrowd")]
        yield BoxedSlide(image_path.stem, image_path, shape, tuple(_coco_box(a, shape, path) for a in own))


def _coco_box(annotation: dict[str, Any], shape: tuple[int, int], path: Path) -> Box:
    where = f"{path}, annotation {annotation.get('id')}"
    try:
        x, y, width, height = (float(value) for value in annotation["bbox"])
    except (KeyError, TypeError, ValueError, OverflowError):
        raise TruthError(f"{where}: bbox is x, y, width, height in pixels") from None
    return checked_box(pixels((x, y, x + width, y + height), where), shape, where)
