from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest
from karyo_split.core.errors import TruthError
from karyo_split.datasets.simulate import SlideRecipe, simulate_slide
from karyo_split.datasets.simulate.save_slide import save_simulated
from karyo_split.pipeline.training.detector_slides import labelled_slides
from karyo_split.pipeline.training.training_slides import training_scenes
from PIL import Image


@pytest.fixture(scope="module")
def folders(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """A folder of slides with masks, and one with boxes only."""
    masked, boxed = tmp_path_factory.mktemp("masked"), tmp_path_factory.mktemp("boxed")
    (boxed / "images").mkdir()
    rows = ["image,split,class,x0,y0,x1,y1"]
    for seed in range(3):
        stain = "giemsa" if seed == 1 else "dapi"
        drawn = simulate_slide(SlideRecipe(seed=seed, stain=stain, shape=(420, 480), chromosomes=20, nuclei=0))
        save_simulated(drawn, masked / f"s{seed}.tif")
        Image.fromarray(drawn.image).save(boxed / "images" / f"s{seed}.png")
        split = ("train", "train", "validation")[seed]
        rows += [f"s{seed}.png,{split},A1,{','.join(str(e) for e in m.box.edges)}" for m in drawn.chromosomes]
    (boxed / "boxes.csv").write_text("\n".join(rows), encoding="utf-8")
    return [masked, boxed]


def test_folders_and_simulated_slides_share_the_crops(folders: list[Path]) -> None:
    scenes = training_scenes(folders, 0.5, 0.2)
    assert scenes.training.shares == pytest.approx([0.2, 0.2, 0.1, 0.5])  # type: ignore[attr-defined]
    assert list(scenes.validation) == [folder.name for folder in folders]
    assert "pairs made from lone chromosomes of" in scenes.data and "simulated slides" in scenes.data
    for number in range(8):
        scene = scenes.training.draw(np.random.default_rng(number), number)
        assert scene.subject > 0
        assert scene.grey.shape == (88, 88)
    masked, boxed, pairs, _ = scenes.training.sources  # type: ignore[attr-defined]
    assert pairs.slides == [slide for slide in masked.slides if not slide.absorbing]
    assert {slide.absorbing for slide in masked.slides} == {False, True}
    assert [slide.absorbing for slide in boxed.slides] == [False, True]


def test_folders_of_one_name_are_validated_apart(folders: list[Path], tmp_path: Path) -> None:
    for number in (1, 2):
        shutil.copytree(folders[0], tmp_path / str(number) / "lab")
    scenes = training_scenes([tmp_path / "1" / "lab", tmp_path / "2" / "lab"], 0.0, 0.2)
    assert list(scenes.validation) == ["lab", "lab-2"]


def test_boxes_without_a_validation_split_train_all_the_same(folders: list[Path], tmp_path: Path) -> None:
    shutil.copytree(folders[1], tmp_path / "boxed")
    table = tmp_path / "boxed" / "boxes.csv"
    table.write_text(table.read_text(encoding="utf-8").replace("validation", "train"), encoding="utf-8")
    scenes = training_scenes([tmp_path / "boxed"], 0.0, 0.2)
    assert scenes.validation == {}
    assert scenes.data == "slides with boxes of boxed"


def test_slides_with_nothing_to_learn_from_are_refused(tmp_path: Path) -> None:
    save_simulated(simulate_slide(SlideRecipe(chromosomes=0, shape=(90, 90))), tmp_path / "empty.tif")
    with pytest.raises(TruthError, match="no chromosome to learn from"):
        training_scenes([tmp_path], 0.25, 0.0)


def test_without_truth_and_simulation_there_is_nothing_to_learn() -> None:
    with pytest.raises(TruthError, match="name a folder"):
        training_scenes([], 0.0, 0.2)


def test_the_detector_sees_slides_near_its_working_scale(folders: list[Path]) -> None:
    training, validation = labelled_slides(folders[1:], 2, 10)
    slides = list(training)
    assert len(slides) == 4
    assert [s.name for s in validation] == ["s2"]
    for slide in slides:
        assert slide.grey.dtype == np.uint8
        sides = [max(slide.masks[c[0]].box.width, slide.masks[c[0]].box.height) for c in slide.clusters if len(c) == 1]
        assert not sides or 18 < np.median(sides) < 70
        for placed in slide.masks:
            assert placed.box == placed.box.clip(slide.grey.shape)  # type: ignore[arg-type]
