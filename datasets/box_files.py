"""Boxes as other programs write them: Pascal VOC (XML), YOLO (text) and COCO (JSON).

Formats: http://host.robots.ox.ac.uk/pascal/VOC (one XML file an image; corners counted from 1, inclusive),
https://docs.ultralytics.com/datasets/detect (one text file an image: class, centre x, centre y, width, height as shares
of the image), https://cocodataset.org/#format-data (`bbox`: x, y, width, height in pixels).
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from xml.etree import ElementTree

from PIL import Image, UnidentifiedImageError

from ..core.box import Box
from ..core.errors import TruthError
from .boxed_slide import BoxedSlide, checked_box
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
        raise TruthError(f"{folder} holds no {TABLE}, and only that has splits: leave out --split")
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
            shape = _shape(image)
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


def _shape(path: Path) -> tuple[int, int]:
    try:
        with Image.open(path) as opened:
            return opened.height, opened.width
    except (UnidentifiedImageError, OSError) as problem:
        raise TruthError(f"{path} is not an image that can be read") from problem


def _yolo(path: Path, shape: tuple[int, int]) -> tuple[Box, ...]:
    boxes = []
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1):
        if not line.strip():
            continue
        where = f"{path}, line {number}"
        try:
            _, x, y, width, height = (float(value) for value in line.split())
        except ValueError:
            raise TruthError(f"{where}: expected class, centre x, centre y, width, height, not {line[:60]!r}") from None
        left, right = (x - width / 2) * shape[1], (x + width / 2) * shape[1]
        top, bottom = (y - height / 2) * shape[0], (y + height / 2) * shape[0]
        boxes.append(checked_box((round(left), round(top), round(right), round(bottom)), shape, where))
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
            x0, y0, x1, y1 = (
                round(float(each.findtext(f"bndbox/{edge}", ""))) for edge in ("xmin", "ymin", "xmax", "ymax")
            )
        except ValueError:
            raise TruthError(f"{where}: its bndbox lacks xmin, ymin, xmax or ymax as numbers") from None
        boxes.append(checked_box((x0 - 1, y0 - 1, x1, y1), shape, where))
    return tuple(boxes)


def _coco(path: Path) -> Iterator[BoxedSlide]:
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
        images, annotations = document["images"], document["annotations"]
    except (OSError, ValueError, KeyError, TypeError) as problem:
        raise TruthError(f"{path} is not a COCO file: {problem}") from problem
    for image in images:
        shape = (int(image["height"]), int(image["width"]))
        places = [path.parent / name / str(image["file_name"]) for name in IMAGE_FOLDERS]
        image_path = next((place for place in places if place.is_file()), None)
        if image_path is None:
            raise TruthError(f"{path} names {image['file_name']}, which is not beside it")
        boxes = []
        for each in annotations:
            if each["image_id"] == image["id"] and not each.get("iscrowd"):
                where = f"{path}, annotation {each.get('id')}"
                try:
                    x, y, width, height = (float(value) for value in each["bbox"])
                except (KeyError, TypeError, ValueError):
                    raise TruthError(f"{where}: bbox is x, y, width, height in pixels") from None
                boxes.append(checked_box((round(x), round(y), round(x + width), round(y + height)), shape, where))
        yield BoxedSlide(image_path.stem, image_path, shape, tuple(boxes))
