from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from karyo_split.core.box import Box
from karyo_split.core.errors import TruthError
from karyo_split.datasets.box_files import read_boxes
from PIL import Image

BOX = Box(6, 4, 30, 20)


def image_at(path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(np.zeros((40, 60), np.uint8)).save(path)


def write_yolo(folder: Path) -> None:
    image_at(folder / "images" / "a.png")
    (folder / "labels").mkdir()
    (folder / "labels" / "a.txt").write_text(f"2 {18 / 60} {12 / 40} {24 / 60} {16 / 40}\n\n", encoding="utf-8")


def write_voc(folder: Path) -> None:
    image_at(folder / "a.png")
    corners = "<xmin>7</xmin><ymin>5</ymin><xmax>30</xmax><ymax>20</ymax>"
    text = f"<annotation><object><name>c</name><bndbox>{corners}</bndbox></object></annotation>"
    (folder / "a.xml").write_text(text, encoding="utf-8")


def write_coco(folder: Path) -> None:
    image_at(folder / "images" / "a.png")
    document = {
        "images": [{"id": 3, "file_name": "a.png", "height": 40, "width": 60}],
        "annotations": [
            {"id": 1, "image_id": 3, "bbox": [6, 4, 24, 16]},
            {"id": 2, "image_id": 9, "bbox": [0, 0, 1, 1]},
        ],
    }
    (folder / "truth.json").write_text(json.dumps(document), encoding="utf-8")


@pytest.mark.parametrize("write", [write_yolo, write_voc, write_coco])
def test_the_same_box_comes_from_every_format(tmp_path: Path, write) -> None:
    write(tmp_path)
    (slide,) = read_boxes(tmp_path)
    assert (slide.name, slide.shape, slide.boxes) == ("a", (40, 60), (BOX,))
    assert slide.image_path.is_file()


def test_what_cannot_be_read_is_named(tmp_path: Path) -> None:
    with pytest.raises(TruthError, match="is not a folder"):
        list(read_boxes(tmp_path / "none"))
    with pytest.raises(TruthError, match="holds no boxes"):
        list(read_boxes(tmp_path))
    with pytest.raises(TruthError, match="leave out --split"):
        list(read_boxes(tmp_path, "test"))
    write_yolo(tmp_path)
    label = tmp_path / "labels" / "a.txt"
    label.write_text("2 0.5 0.5 0.1 0.1\n2 0.5 0.5 0.1\n", encoding="utf-8")
    with pytest.raises(TruthError, match=r"a\.txt, line 2"):
        list(read_boxes(tmp_path))
    label.write_text("2 0.5 0.5 1.5 0.1\n", encoding="utf-8")
    with pytest.raises(TruthError, match=r"a\.txt, line 1: the box"):
        list(read_boxes(tmp_path))


def test_broken_voc_and_coco_are_named(tmp_path: Path) -> None:
    write_voc(tmp_path)
    (tmp_path / "a.xml").write_text("<annotation><object></object></annotation>", encoding="utf-8")
    with pytest.raises(TruthError, match="object 1"):
        list(read_boxes(tmp_path))
    (tmp_path / "a.xml").write_text("<annotation>", encoding="utf-8")
    with pytest.raises(TruthError, match="not Pascal VOC"):
        list(read_boxes(tmp_path))
    (tmp_path / "t.json").write_text('{"images": 3}', encoding="utf-8")
    with pytest.raises(TruthError, match="not a COCO file"):
        list(read_boxes(tmp_path))


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"images": [{"id": 3, "file_name": "a.png", "width": 60}]}, "lacks id, file_name, height"),
        ({"images": [{"id": 3, "file_name": "a.png", "height": 50, "width": 60}]}, r"says that a\.png has \(50, 60\)"),
        ({"images": [{"id": 3, "file_name": "b.png", "height": 40, "width": 60}]}, "there is no image"),
        ({"annotations": [{"image_id": 3, "bbox": [0, 0, float("inf"), 5]}]}, "not four finite numbers"),
        ({"annotations": [{"image_id": 3, "bbox": [0, 0, 5]}]}, "bbox is x, y"),
        ({"annotations": None}, "are lists"),
    ],
)
def test_coco_that_cannot_be_used_is_named(tmp_path: Path, change: dict[str, object], says: str) -> None:
    write_coco(tmp_path)
    document = json.loads((tmp_path / "truth.json").read_text(encoding="utf-8"))
    (tmp_path / "truth.json").write_text(json.dumps(document | change), encoding="utf-8")
    with pytest.raises(TruthError, match=says):
        list(read_boxes(tmp_path))


def test_json_of_other_programs_is_left_alone(tmp_path: Path) -> None:
    write_yolo(tmp_path)
    (tmp_path / "settings.json").write_text('{"zoom": 3}', encoding="utf-8")
    assert [slide.boxes for slide in read_boxes(tmp_path)] == [(BOX,)]


@pytest.mark.parametrize("line", ["2 nan 0.5 0.1 0.1", "2 0.5 inf 0.1 0.1"])
def test_numbers_that_are_none_are_named(tmp_path: Path, line: str) -> None:
    write_yolo(tmp_path)
    (tmp_path / "labels" / "a.txt").write_text(line, encoding="utf-8")
    with pytest.raises(TruthError, match=r"a\.txt, line 1"):
        list(read_boxes(tmp_path))


def test_bytes_that_are_no_text_are_named(tmp_path: Path) -> None:
    write_yolo(tmp_path)
    (tmp_path / "labels" / "a.txt").write_bytes(b"2 0.5 \xe9")
    with pytest.raises(TruthError, match="cannot be read as UTF-8"):
        list(read_boxes(tmp_path))
