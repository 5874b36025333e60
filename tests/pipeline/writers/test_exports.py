"""Exports, each read back with an independent reader."""

from __future__ import annotations

import io
import json
import zipfile
from pathlib import Path

import numpy as np
import pytest
import roifile
import shapely
import tifffile
import zarr
from karyo_split.core.box import Box
from karyo_split.core.errors import InputError
from karyo_split.core.mask import PlacedMask
from karyo_split.pipeline.read_folder import read_input, read_measurements, read_result
from karyo_split.pipeline.records import Chromosome, Metaphase, NormalisationInfo
from karyo_split.pipeline.result import SplitResult
from karyo_split.pipeline.slide.slide import Slide
from karyo_split.pipeline.write_folder import FORMATS, write_result
from karyo_split.pipeline.writers.rois import roi_of
from karyo_split.pipeline.writers.run_record import read_run
from numpy.typing import NDArray
from skimage.draw import polygon2mask

from ...strategies import rod

SHAPE = (1300, 180)


def ring() -> PlacedMask:
    mask = np.ones((20, 14), dtype=bool)
    mask[6:14, 5:9] = False
    return PlacedMask(Box(120, 40, 134, 60), mask)


def islands() -> PlacedMask:
    mask = np.zeros((12, 12), dtype=bool)
    mask[:5, :5] = mask[5:, 5:] = True
    return PlacedMask(Box(30, 1200, 42, 1212), mask)


MASKS = [rod(20, 40, 60, 10), rod(45, 15, 10, 60), ring(), islands(), rod(900, 100, 20, 44)]


@pytest.fixture(scope="module")
def result() -> SplitResult:
    chromosomes = tuple(
        Chromosome(
            i, m.box, m.mask, 0.25 * (i % 4), 1 + i // 2, m.area, 100 if i < 3 else 0, ("low_confidence",) * (i % 2)
        )
        for i, m in enumerate(MASKS, start=1)
    )
    whole = Metaphase(1, Box(15, 20, 144, 1212), 5, 80.0, 0.4, 0.2, 0.3, ("edge",))
    return SplitResult(
        "slide", SHAPE, 0.1, chromosomes, (), 35.0, NormalisationInfo("bright", 50.0, 5.0), (whole,), {"page": None}
    )


@pytest.fixture(scope="module")
def slide() -> Slide:
    pixels = np.full(SHAPE, 10, np.uint16)
    for number, placed in enumerate(MASKS, start=1):
        pixels[placed.box.slices][placed.mask] += 100 * number
    return Slide.from_array(pixels, "slide", 0.1)


@pytest.fixture(scope="module")
def folder(result: SplitResult, slide: Slide, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("masks") / "slide"
    write_result(result, slide, folder, FORMATS)
    return folder


def filled(rings: list[NDArray[np.float64]]) -> NDArray[np.bool_]:
    """The pixels whose centre lies in an odd number of rings of (x, y) corners."""
    out = np.zeros(SHAPE, dtype=bool)
    for corners in rings:
        out ^= polygon2mask(SHAPE, corners[:, ::-1] - 0.5)
    return out


def dense(placed: PlacedMask) -> NDArray[np.bool_]:
    return placed.within(Box(0, 0, SHAPE[1], SHAPE[0]))


def test_qupath_gets_the_masks_their_names_and_measurements(folder: Path, result: SplitResult) -> None:
    document = json.loads((folder / "chromosomes.geojson").read_text())
    assert document["type"] == "FeatureCollection"
    ids = set()
    for feature, chromosome in zip(document["features"], result.chromosomes, strict=True):
        outline = shapely.from_geojson(json.dumps(feature["geometry"]))
        assert outline.is_valid and outline.area == chromosome.area_px
        parts = shapely.get_parts(outline)
        rings = [np.array(r.coords)[:-1] for p in parts for r in (p.exterior, *p.interiors)]
        assert np.array_equal(filled(rings), dense(chromosome.placed))
        own = feature["properties"]
        assert own["objectType"] == "annotation"
        assert own["name"] == f"m01_c{chromosome.id:03d}"
        assert own["classification"]["name"] == ("chromosome: review" if chromosome.flags else "chromosome")
        assert own["measurements"]["area px"] == chromosome.area_px
        assert own["measurements"]["area um2"] == pytest.approx(chromosome.area_px / 100)
        ids.add(feature["id"])
    assert len(ids) == len(result)
    assert [f["properties"]["color"] for f in document["features"][1:3]] == [
        document["features"][1]["properties"]["color"]
    ] * 2


def test_imagej_gets_the_masks(folder: Path, result: SplitResult) -> None:
    rois = roifile.roiread(folder / "chromosomes.roi.zip")
    assert [roi.name for roi in rois] == [f"m01_c{c.id:03d}" for c in result.chromosomes]
    for roi, chromosome in zip(rois, result.chromosomes, strict=True):
        paths = roi.coordinates(multi=True)
        assert np.array_equal(filled([p[:-1] if (p[0] == p[-1]).all() else p for p in paths]), dense(chromosome.placed))


def test_regions_are_right_beyond_sixteen_bits() -> None:
    mask = np.ones((9, 20), dtype=bool)
    roi = roi_of(Chromosome(1, Box(70_000, 90_000, 70_020, 90_009), mask, 0.9, 1, 180, 0))
    back = roifile.ImagejRoi.frombytes(roi.tobytes())
    assert back.coordinates().min(axis=0).tolist() == [70_000, 90_000]
    assert back.coordinates().max(axis=0).tolist() == [70_020, 90_009]


def test_the_archive_is_a_zip_that_others_read(folder: Path) -> None:
    with zipfile.ZipFile(io.BytesIO((folder / "chromosomes.roi.zip").read_bytes())) as archive:
        assert all(archive.read(name).startswith(b"Iout") for name in archive.namelist())


def test_ome_zarr_holds_the_slide_and_the_layers(folder: Path, result: SplitResult, slide: Slide) -> None:
    root = zarr.open_group(folder / "slide.ome.zarr", mode="r")
    ome = root.attrs["ome"]
    assert ome["version"] == "0.5"
    (scales,) = ome["multiscales"]
    assert [axis["name"] for axis in scales["axes"]] == ["y", "x"]
    assert [d["coordinateTransformations"][0]["scale"] for d in scales["datasets"]] == [[0.1, 0.1], [0.2, 0.2]]
    assert np.array_equal(root["0"][:], slide.read(Box(0, 0, SHAPE[1], SHAPE[0])))
    assert root["0"].dtype == np.uint16
    assert root["1"].shape == (650, 90)
    names = root["labels"].attrs["ome"]["labels"]
    layers = [root["labels"][name] for name in names]
    for chromosome in result.chromosomes:
        homes = [layer for layer in layers if (layer["0"][:] == chromosome.id).any()]
        assert len(homes) == 1
        assert np.array_equal(homes[0]["0"][:] == chromosome.id, dense(chromosome.placed))
        assert np.array_equal(homes[0]["1"][:] == chromosome.id, dense(chromosome.placed)[::2, ::2])
        properties = {p["label-value"]: p for p in homes[0].attrs["ome"]["image-label"]["properties"]}
        assert properties[chromosome.id]["flags"] == " ".join(chromosome.flags)


def test_pieces_are_square_and_alone(folder: Path, result: SplitResult) -> None:
    files = sorted((folder / "chromosomes").iterdir())
    assert [f.name for f in files] == [f"m01_c{c.id:03d}.tif" for c in result.chromosomes]
    first = tifffile.imread(files[0])
    assert first.shape[0] == first.shape[1] == 68
    assert set(np.unique(first)) == {10, 110, 310}  # its own pixels, the crossing among them, and background
    assert np.count_nonzero(first > 10) == MASKS[0].area


def test_upright_pieces_stand(folder: Path) -> None:
    lying = tifffile.imread(folder / "chromosomes_upright" / "m01_c005.tif")
    rows, columns = np.nonzero(lying > 300)
    assert np.ptp(rows) > 40 and np.ptp(columns) < 22


def test_a_finished_folder_gives_its_result_back(folder: Path, result: SplitResult) -> None:
    back = read_result(folder)
    assert (back.shape, back.pixel_size_um, back.metaphases) == (result.shape, 0.1, result.metaphases)
    for ours, theirs in zip(back.chromosomes, result.chromosomes, strict=True):
        assert np.array_equal(ours.mask, theirs.mask)
        assert (ours.id, ours.box_slide, ours.score, ours.flags, ours.overlap_px) == (
            theirs.id, theirs.box_slide, theirs.score, theirs.flags, theirs.overlap_px,
        )  # fmt: skip
    assert [m.length_px > 0 for m in read_measurements(folder)] == [True] * 5


@pytest.mark.parametrize("damage", ["missing", "half", "other"])
def test_a_folder_that_cannot_be_read_is_named(folder: Path, tmp_path: Path, damage: str) -> None:
    for name in ("run.json", "chromosomes.json", "metaphases.csv"):
        (tmp_path / name).write_bytes((folder / name).read_bytes())
    broken = tmp_path / "chromosomes.json"
    if damage == "missing":
        broken.unlink()
    else:
        broken.write_text({"half": '{"annotations": [', "other": '{"annotations": [{"id": 1}]}'}[damage])
    with pytest.raises(InputError, match=str(tmp_path)):
        read_result(tmp_path)


STRANGE = (None, True, 3, -1, "text", [], [1], ["x", "y"], {}, {"a": 1}, 1e400)


@pytest.mark.parametrize("part", ["", "input", "settings", "versions", "counts"])
def test_a_run_file_may_hold_anything(folder: Path, tmp_path: Path, part: str) -> None:
    for name in ("chromosomes.json", "metaphases.csv"):
        (tmp_path / name).write_bytes((folder / name).read_bytes())
    run = json.loads((folder / "run.json").read_text())
    for key in run[part] if part else run:
        for value in STRANGE:
            strange = {**run, part: {**run[part], key: value}} if part else {**run, key: value}
            (tmp_path / "run.json").write_text(json.dumps(strange))
            read_run(tmp_path)
            for read in (read_result, read_input):
                try:
                    read(tmp_path)
                except InputError as problem:
                    assert str(tmp_path) in str(problem)
    (tmp_path / "run.json").write_text("[" * 100_000)
    with pytest.raises(InputError, match="damaged"):
        read_result(tmp_path)
