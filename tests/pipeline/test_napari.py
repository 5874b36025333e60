"""The napari plugin: its layers, and napari itself without a window where it is installed."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from karyo_split.datasets.simulate import SimulatedSlide
from karyo_split.pipeline.napari import get_reader, layers_of
from karyo_split.pipeline.slide.slide import Slide
from karyo_split.pipeline.write_folder import write_result

from karyo_split import SplitResult, SplitSettings, Splitter


@pytest.fixture(scope="module")
def result(simulated: SimulatedSlide) -> SplitResult:
    return Splitter(SplitSettings(device="cpu")).split(simulated.image)


@pytest.fixture(scope="module")
def folder(result: SplitResult, simulated: SimulatedSlide, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("napari") / "slide"
    write_result(result, Slide.from_array(simulated.image), folder, ("coco", "csv", "zarr"))
    return folder


def test_only_finished_folders_are_read(folder: Path, tmp_path: Path) -> None:
    assert get_reader(str(folder)) is not None
    assert get_reader(str(tmp_path)) is None


def test_the_layers_hold_slide_labels_boxes_and_seeds(
    folder: Path, result: SplitResult, simulated: SimulatedSlide
) -> None:
    read = get_reader([str(folder)])
    assert read is not None
    layers = read(str(folder))
    assert [kind for _, _, kind in layers][:2] == ["image", "labels"]
    assert np.array_equal(layers[0][0][:], simulated.image)
    by_name = {options["name"]: (data, options) for data, options, _ in layers}
    assert by_name["chromosomes 1"][0].max() == max(c.id for c in result.chromosomes)
    boxes, options = by_name["boxes"]
    assert boxes[0][0] == (result.chromosomes[0].box_slide.y0 - 0.5, result.chromosomes[0].box_slide.x0 - 0.5)
    assert options["features"]["id"] == [c.id for c in result.chromosomes]
    for chromosome, (row, column) in zip(result.chromosomes, by_name["seeds"][0], strict=True):
        assert chromosome.placed.within(chromosome.box_slide)[
            row - chromosome.box_slide.y0, column - chromosome.box_slide.x0
        ]
        assert (row, column) == chromosome.middle


def test_nothing_found_is_one_empty_labels_layer(result: SplitResult) -> None:
    from dataclasses import replace

    ((plane, _, kind),) = layers_of(replace(result, chromosomes=()))
    assert kind == "labels" and not plane.any()


def test_napari_opens_a_finished_folder(folder: Path, result: SplitResult) -> None:
    components = pytest.importorskip("napari.components", reason="needs napari, of the extra of that name")
    pytest.importorskip("npe2").PluginManager.instance().discover()
    viewer = components.ViewerModel()
    viewer.open(str(folder), plugin="karyo-split")
    assert [layer.name for layer in viewer.layers][:2] == ["slide", "chromosomes 1"]
    assert len(viewer.layers["boxes"].data) == len(result)
    assert len(viewer.layers["seeds"].data) == len(result)


def test_napari_splits_the_open_image(simulated: SimulatedSlide, result: SplitResult) -> None:
    npe2 = pytest.importorskip("npe2", reason="needs napari, of the extra of that name")
    layers = pytest.importorskip("napari.layers", reason="needs napari, of the extra of that name")
    manifest = npe2.PluginManifest.from_distribution("karyo-split")
    assert {c.id for c in manifest.contributions.commands} == {
        "karyo-split.read",
        "karyo-split.split",
        "karyo-split.review",
    }
    manager = npe2.PluginManager.instance()
    manager.discover()
    pyramid = [simulated.image, simulated.image[::2, ::2]]
    for image in (
        layers.Image(simulated.image, scale=(0.1, 0.1), translate=(5, 7)),
        layers.Image(pyramid, multiscale=True, scale=(0.1, 0.1), translate=(5, 7)),
    ):
        made = manager.commands.execute("karyo-split.split", args=(image,))
        assert max(plane.max() for plane, _, kind in made if kind == "labels") == len(result)
        for data, options, kind in made:
            layer = layers.Layer.create(data, options, kind)
            assert layer.scale.tolist() == [0.1, 0.1] and layer.translate.tolist() == [5, 7]
