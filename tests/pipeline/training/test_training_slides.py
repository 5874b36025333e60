from __future__ import annotations

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
        stain = "giemsa" if seed else "dapi"
        drawn = simulate_slide(SlideRecipe(seed=seed, stain=stain, shape=(420, 480), chromosomes=20, nuclei=0))
        save_simulated(drawn, masked / f"s{seed}.tif")
        Image.fromarray(drawn.image).save(boxed / "images" / f"s{seed}.png")
        split = ("train", "train", "validation")[seed]
        rows += [f"s{seed}.png,{split},A1,{','.join(str(e) for e in m.box.edges)}" for m in drawn.chromosomes]
    (boxed / "boxes.csv").write_text("\n".join(rows), encoding="utf-8")
    return [masked, boxed]


def test_folders_and_simulated_slides_share_the_crops(folders: list[Path]) -> None:
    scenes = training_scenes(folders, 0.5)
    assert scenes.training.shares == [0.25, 0.25, 0.5]  # type: ignore[attr-defined]
    assert list(scenes.validation) == [folder.name for folder in folders]
    assert "simulated slides" in scenes.data
    for number in range(8):
        scene = scenes.training.draw(np.random.default_rng(number), number)
        assert scene.subject > 0
        assert scene.grey.shape == (88, 88)
    masked, boxed, _ = scenes.training.sources  # type: ignore[attr-defined]
    assert not any(slide.absorbing for slide in masked.slides)
    assert [slide.absorbing for slide in boxed.slides] == [False, True]


def test_without_truth_and_simulation_there_is_nothing_to_learn() -> None:
    with pytest.raises(TruthError, match="name a folder"):
        training_scenes([], 0.0)


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
