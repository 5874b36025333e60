from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from karyo_split.core.box import Box
from karyo_split.core.errors import TruthError
from karyo_split.datasets.box_files import read_boxes
from karyo_split.datasets.gband import read_gband
from PIL import Image

HEADER = "image,split,class,x0,y0,x1,y1"
REAL = Path(__file__).parents[2].parent / "shared" / "data" / "gband"


def folder_of(path: Path, *rows: str, header: str = HEADER, images: tuple[str, ...] = ("a.png", "b.png")) -> Path:
    (path / "images").mkdir()
    for image in images:
        Image.fromarray(np.zeros((40, 60), np.uint8)).save(path / "images" / image)
    (path / "boxes.csv").write_text("\n".join([header, *rows]) + "\n", encoding="utf-8")
    return path


def test_slides_come_by_split_with_their_boxes(tmp_path: Path) -> None:
    rows = ("b.png,test,X,1,2,11,22", "a.png,train,A1,0,0,5,9", "b.png,test,G22,20,20,60,40")
    folder = folder_of(tmp_path, *rows)
    (slide,) = read_gband(folder, "test")
    assert (slide.name, slide.shape) == ("b", (40, 60))
    assert slide.boxes == (Box(1, 2, 11, 22), Box(20, 20, 60, 40))
    assert [s.name for s in read_gband(folder)] == ["a", "b"]
    assert [s.boxes for s in read_boxes(folder, "train")] == [(Box(0, 0, 5, 9),)]


def test_a_loose_box_at_the_edge_is_clipped(tmp_path: Path) -> None:
    (slide,) = read_gband(folder_of(tmp_path, "a.png,train,A1,-1,0,61,40"))
    assert slide.boxes == (Box(0, 0, 60, 40),)


@pytest.mark.parametrize(
    ("row", "says"),
    [
        ("a.png,train,A4,0,0,5,9", "row 3: class 'A4'"),
        ("a.png,train,,0,0,5,9", "row 3: class ''"),
        ("a.png,holdout,A1,0,0,5,9", "row 3: split 'holdout'"),
        ("a.png,train,A1,0,0,5,90", "row 3: the box"),
        ("a.png,train,A1,5,0,5,9", "row 3: the box"),
        ("a.png,train,A1,x,0,5,9", "row 3: x0, y0"),
        ("a.png,train,A1,1,0,5", "row 3: x0, y0"),
        ("c.png,train,A1,0,0,5,9", "row 3: there is no image"),
    ],
)
def test_a_wrong_row_is_named(tmp_path: Path, row: str, says: str) -> None:
    folder = folder_of(tmp_path, "a.png,train,A1,0,0,5,9", row)
    with pytest.raises(TruthError, match=says):
        list(read_gband(folder))


def test_a_folder_without_the_table_or_a_column_or_a_split_is_refused(tmp_path: Path) -> None:
    with pytest.raises(TruthError, match=r"holds no boxes\.csv"):
        list(read_gband(tmp_path))
    folder = folder_of(tmp_path, "a.png,train,0,0,5,9", header="image,split,x0,y0,x1,y1")
    with pytest.raises(TruthError, match="lacks the columns class"):
        list(read_gband(folder))
    with pytest.raises(TruthError, match="unknown split"):
        list(read_gband(folder, "tests"))


def test_a_broken_image_is_named(tmp_path: Path) -> None:
    folder = folder_of(tmp_path, "a.png,train,A1,0,0,5,9")
    (folder / "images" / "a.png").write_bytes(b"no image")
    with pytest.raises(TruthError, match="not an image"):
        list(read_gband(folder))


def test_a_table_from_a_spreadsheet_is_read_and_another_encoding_named(tmp_path: Path) -> None:
    folder = folder_of(tmp_path, "a.png,train,A1,0,0,5,9")
    table = folder / "boxes.csv"
    table.write_bytes(b"\xef\xbb\xbf" + table.read_bytes())
    assert len(list(read_gband(folder))) == 1
    table.write_bytes(table.read_bytes().replace(b"train", b"tr\xe9in"))
    with pytest.raises(TruthError, match="cannot be read as UTF-8"):
        list(read_gband(folder))


def test_a_broken_image_is_named_whatever_patches_pillow(tmp_path: Path) -> None:
    import karyo_split.detector.yolo  # noqa: F401 - ultralytics puts its own reader into pillow

    folder = folder_of(tmp_path, "a.png,train,A1,0,0,5,9")
    (folder / "images" / "a.png").write_bytes(b"no image")
    with pytest.raises(TruthError, match=r"row 2: .*not an image"):
        list(read_gband(folder))


@pytest.mark.skipif(not REAL.is_dir(), reason="the G-band set is not at ../shared/data/gband")
def test_the_real_set_is_read_whole() -> None:
    slides = list(read_gband(REAL))
    assert len(slides) == 976
    assert sum(len(slide.boxes) for slide in slides) == 44871
    assert len(list(read_gband(REAL, "test"))) == 61
