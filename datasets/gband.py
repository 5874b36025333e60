"""G-banded metaphases with a box and a class for every chromosome.

Source: Tseng, Lu, Li, Lai, Chen, Cheng, Kuo: An open dataset of annotated metaphase cell images for chromosome
identification. Scientific Data 10:104 (2023). A folder holds `images/NAME.jpg` and `boxes.csv` with the columns image,
split, class, x0, y0, x1, y1: boxes in pixels, half-open, a few pixels loose. There are no masks.
"""

from __future__ import annotations

import csv
import hashlib
import io
from collections.abc import Iterator
from pathlib import Path

from ..core.box import Box
from ..core.errors import TruthError
from .boxed_slide import BoxedSlide, checked_box, image_shape, text_of

COLUMNS = ("image", "split", "class", "x0", "y0", "x1", "y1")
SPLITS = ("train", "validation", "test")
GROUPS = {"A": (1, 3), "B": (4, 5), "C": (6, 12), "D": (13, 15), "E": (16, 18), "F": (19, 20), "G": (21, 22)}
"""The groups of the human karyotype and the first and last of their autosomes."""
CLASSES = frozenset(f"{group}{n}" for group, (a, b) in GROUPS.items() for n in range(a, b + 1)) | {"X", "Y"}
TABLE = "boxes.csv"
TABLE_SHA256 = "6c44e008c4ee9bf7c4986d14c61df643a2521e060dac71197f6a350b983f84d1"
"""Of the table of the 976 slides, one of each case, that the shipped weights learn from."""


def read_gband(folder: Path, split: str = "all", may_be_empty: bool = False) -> Iterator[BoxedSlide]:
    """Read the slides of a split, in the order of their names.

    Parameters
    ----------
    folder
        Holds boxes.csv and images/.
    split
        "train", "validation", "test" or "all".
    may_be_empty
        Whether a split without slides is none to complain about.

    Raises
    ------
    TruthError
        Where the split is unknown, boxes.csv or an image is missing, or a row is wrong: the row is named.
    """
    if split not in (*SPLITS, "all"):
        raise TruthError(f"unknown split {split!r}: choose one of {', '.join(SPLITS)}, all")
    table = folder / TABLE
    if not table.is_file():
        raise TruthError(f"{folder} holds no {TABLE}: expected {TABLE} and a folder images/ in it")
    by_image = _rows_by_image(table, split)
    if not by_image and not may_be_empty:
        raise TruthError(f"{table} has no row of split {split!r}")
    for image, rows in by_image:
        path = folder / "images" / image
        shape = image_shape(path, f"{table}, row {rows[0][0]}")
        yield BoxedSlide(path.stem, path, shape, tuple(_box(table, number, row, shape) for number, row in rows))


def is_published(folder: Path) -> bool:
    """True for the set named above, and not for another of its layout."""
    return hashlib.sha256((folder / TABLE).read_bytes()).hexdigest() == TABLE_SHA256


def _rows_by_image(table: Path, split: str) -> list[tuple[str, list[tuple[int, dict[str, str]]]]]:
    """The numbered rows of a split, by image, in the order of the images' names."""
    by_image: dict[str, list[tuple[int, dict[str, str]]]] = {}
    with io.StringIO(text_of(table), newline="") as opened:
        reader = csv.DictReader(opened)
        missing = [column for column in COLUMNS if column not in (reader.fieldnames or ())]
        if missing:
            raise TruthError(f"{table} lacks the columns {', '.join(missing)}: expected {', '.join(COLUMNS)}")
        for number, row in enumerate(reader, start=2):
            if row["split"] not in SPLITS:
                raise TruthError(f"{table}, row {number}: split {row['split']!r} is none of {', '.join(SPLITS)}")
            if row["class"] not in CLASSES:
                raise TruthError(f"{table}, row {number}: class {row['class']!r} is none of A1 to G22, X and Y")
            if split in ("all", row["split"]):
                by_image.setdefault(row["image"], []).append((number, row))
    return sorted(by_image.items())


def _box(table: Path, number: int, row: dict[str, str], shape: tuple[int, int]) -> Box:
    try:
        x0, y0, x1, y1 = (int(row[edge]) for edge in COLUMNS[3:])
    except (TypeError, ValueError):
        raise TruthError(f"{table}, row {number}: x0, y0, x1 and y1 are whole numbers of pixels") from None
    return checked_box((x0, y0, x1, y1), shape, f"{table}, row {number}")
