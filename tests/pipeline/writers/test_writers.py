from __future__ import annotations

import csv
import json
from pathlib import Path

import numpy as np
import pytest
import tifffile
from karyo_split.core.atomic import write_atomically
from karyo_split.core.box import Box
from karyo_split.core.errors import OutputError
from karyo_split.core.mask import PlacedMask
from karyo_split.pipeline.records import NormalisationInfo
from karyo_split.pipeline.result import SplitResult
from karyo_split.pipeline.scoring.candidate import Candidate
from karyo_split.pipeline.slide.slide import Slide
from karyo_split.pipeline.stitch import stitch
from karyo_split.pipeline.write_folder import is_complete, write_result
from karyo_split.pipeline.writers.preview import draw_preview
from PIL import Image
from pycocotools.coco import COCO

from ...strategies import rod

SHAPE = (160, 200)
WHOLE = Box(0, 0, SHAPE[1], SHAPE[0])


def result_of(masks: list[PlacedMask], pixel_size_um: float | None = None) -> SplitResult:
    found = [Candidate(m, 0.3 if i == 2 else 0.9) for i, m in enumerate(masks)]
    return SplitResult(
        name="slide",
        shape=SHAPE,
        pixel_size_um=pixel_size_um,
        chromosomes=stitch(found, WHOLE, 35, 0.5),
        boxes=(),
        length_px=35.0,
        normalisation=NormalisationInfo("bright", 50.0, 5.0),
        weights={"detector": "00", "segmenter": "11"},
    )


CROSSING = [rod(20, 40, 60, 10), rod(45, 15, 10, 60), rod(100, 100, 40, 12)]


@pytest.fixture
def slide() -> Slide:
    pixels = np.full(SHAPE, 10, np.uint8)
    for placed in CROSSING:
        pixels[placed.box.slices] = 100
    return Slide.from_array(pixels)


def test_all_files_are_written_and_agree(tmp_path: Path, slide: Slide) -> None:
    result = result_of(CROSSING, pixel_size_um=0.1)
    write_result(result, slide, tmp_path)
    assert sorted(p.name for p in tmp_path.iterdir()) == [
        "chromosomes.csv",
        "chromosomes.json",
        "masks.ome.tif",
        "metaphases.csv",
        "preview.png",
        "report.html",
        "run.json",
    ]
    coco = COCO(tmp_path / "chromosomes.json")
    layers = tifffile.imread(tmp_path / "masks.ome.tif")
    rows = list(csv.DictReader((tmp_path / "chromosomes.csv").open()))
    assert (layers.shape, layers.dtype) == ((2, *SHAPE), np.uint16)
    for chromosome, row in zip(result.chromosomes, rows, strict=True):
        annotation = coco.anns[chromosome.id]
        dense = chromosome.placed.within(Box(0, 0, SHAPE[1], SHAPE[0]))
        assert np.array_equal(coco.annToMask(annotation).astype(bool), dense)
        homes = [layer for layer in layers if (layer == chromosome.id).any()]
        assert len(homes) == 1
        assert np.array_equal(homes[0] == chromosome.id, dense)
        assert annotation["bbox"] == [row_value(row, k) for k in ("x0", "y0")] + [
            row_value(row, "x1") - row_value(row, "x0"),
            row_value(row, "y1") - row_value(row, "y0"),
        ]
        assert float(row["area_um2"]) == pytest.approx(chromosome.area_px * 0.01)
        assert float(row["mean_intensity"]) == 100
        assert annotation["overlap_area"] == chromosome.overlap_px == row_value(row, "overlap_px")
        assert row["flags"].split() == annotation["flags"] == list(chromosome.flags)
    run = json.loads((tmp_path / "run.json").read_text())
    assert run["counts"] == {
        "boxes": 0, "chromosomes": 3, "metaphases": 0, "flagged_metaphases": 0, "flagged": 1, "clusters": 2,
        "overlap_px": 200, "flags": {"low_confidence": 1},
    }  # fmt: skip


def row_value(row: dict[str, str], name: str) -> int:
    return int(row[name])


def test_layers_say_the_axes_and_the_pixel_size(tmp_path: Path, slide: Slide) -> None:
    write_result(result_of(CROSSING, pixel_size_um=0.1), slide, tmp_path)
    with tifffile.TiffFile(tmp_path / "masks.ome.tif") as file:
        assert file.series[0].axes == "CYX"
        assert 'PhysicalSizeX="0.1"' in (file.ome_metadata or "")
        assert file.pages[0].is_tiled


def test_a_slide_without_chromosomes_gives_valid_empty_files(tmp_path: Path, slide: Slide) -> None:
    write_result(result_of([]), slide, tmp_path)
    assert COCO(tmp_path / "chromosomes.json").anns == {}
    assert not tifffile.imread(tmp_path / "masks.ome.tif").any()
    assert list(csv.DictReader((tmp_path / "chromosomes.csv").open())) == []
    with Image.open(tmp_path / "preview.png") as picture:
        assert min(picture.size) >= 1000
    assert is_complete(tmp_path)


def test_only_the_wanted_files_are_written(tmp_path: Path, slide: Slide) -> None:
    write_result(result_of(CROSSING), slide, tmp_path, formats=("csv",))
    assert sorted(p.name for p in tmp_path.iterdir()) == ["chromosomes.csv", "metaphases.csv", "run.json"]
    (row, *_) = csv.DictReader((tmp_path / "chromosomes.csv").open())
    assert row["length_um"] == ""


def test_the_preview_shows_outlines_and_overlaps(slide: Slide) -> None:
    with_masks = np.asarray(draw_preview(result_of(CROSSING), slide)).astype(int)
    without = np.asarray(draw_preview(result_of([]), slide)).astype(int)
    zoom = with_masks.shape[1] / SHAPE[1]
    changed = np.abs(with_masks - without).max(axis=2) > 40
    edge = changed[round(50 * zoom), round(14 * zoom) : round(17 * zoom)]
    far = changed[: round(10 * zoom), : round(10 * zoom)]
    assert edge.any() and not far.any()


def test_a_broken_writer_leaves_nothing(tmp_path: Path) -> None:
    def half(path: Path) -> None:
        path.write_text("half")
        raise OSError(28, "No space left on device")

    with pytest.raises(OutputError, match="No space left"):
        write_atomically(tmp_path / "a.txt", half)

    def refuse(_: Path) -> None:
        raise ValueError("not what was written")

    with pytest.raises(OutputError, match="did not read back"):
        write_atomically(tmp_path / "a.txt", lambda p: p.write_text("x") and None, refuse)
    assert list(tmp_path.iterdir()) == []


def test_an_unfinished_folder_is_not_complete(tmp_path: Path, slide: Slide, monkeypatch: pytest.MonkeyPatch) -> None:
    write_result(result_of(CROSSING), slide, tmp_path)

    def fail(*_: object) -> None:
        raise OutputError("disk full")

    monkeypatch.setattr("karyo_split.pipeline.write_folder.write_preview", fail)
    with pytest.raises(OutputError):
        write_result(result_of(CROSSING), slide, tmp_path)
    assert not is_complete(tmp_path)
