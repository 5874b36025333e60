from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from karyo_split.core.box import Box
from karyo_split.core.errors import UsageError, WeightsError
from karyo_split.core.mask import PlacedMask
from karyo_split.detector import CHROMOSOME, CLUSTER, MEMBER
from karyo_split.detector.yolo_dataset import LabelledSlide, hull, label_lines, write_dataset
from karyo_split.weights import LoadedWeights
from PIL import Image

from karyo_split import weights


def test_labels_say_the_class_and_a_hull_inside_the_slide(tmp_path: Path) -> None:
    rod = PlacedMask(Box(10, 20, 30, 25), np.ones((5, 20), dtype=bool))
    slide = LabelledSlide("s", np.zeros((50, 100), np.uint8), (rod, rod.shift(0, 5), rod.shift(50, 0)), ((0, 1), (2,)))
    cluster, *members, lone = (line.split() for line in label_lines(slide))
    assert (cluster[0], lone[0]) == (str(CLUSTER), str(CHROMOSOME))
    assert [member[0] for member in members] == [str(MEMBER)] * 2
    assert max(float(y) for y in members[0][2::2]) == pytest.approx(0.5)
    xs, ys = np.array(cluster[1::2], float), np.array(cluster[2::2], float)
    assert (xs.min(), xs.max(), ys.min(), ys.max()) == (0.10, 0.30, 0.40, 0.60)
    data = write_dataset([slide], [slide], tmp_path)
    assert "train: images/train" in data.read_text()
    with Image.open(tmp_path / "images/train/00000-s.png") as picture:
        assert picture.size == (100, 50)


def test_the_hull_goes_through_pixel_corners() -> None:
    corners = hull([PlacedMask(Box(3, 4, 4, 5), np.ones((1, 1), dtype=bool))])
    assert sorted(map(tuple, corners.tolist())) == [(3, 4), (3, 5), (4, 4), (4, 5)]


def test_tensors_of_another_network_are_refused() -> None:
    from karyo_split.detector.yolo import YoloDetector

    loaded = weights.load("detector")
    tensors = dict(loaded.tensors)
    tensors.pop(next(name for name in tensors if name.endswith("conv.weight")))
    with pytest.raises(WeightsError, match="do not fit"):
        YoloDetector.from_weights(replace(loaded, tensors=tensors))


EVIL = "__import__('pathlib').Path('was-run').touch()"


@pytest.mark.parametrize(
    "change",
    [
        {"activation": EVIL},
        {"activation": "torch.nn.SiLU()"},
        {"nc": EVIL},
        {"nc": None},
        {"nc": 10**9},
        {"scale": EVIL},
        {"scale": ["n"]},
        {"scales": 7},
        {"scales": {"n": [1, "1", 3]}},
        {"scales": {"n": [1e300, 1e300, 1e300]}},
        {"width_multiple": EVIL},
        {"ch": 10**6},
        {"backbone": EVIL},
        {"backbone": None},
        {"backbone": []},
        {"backbone": [[-1, 1, "TorchVision", [64, "resnet18", "DEFAULT"]]]},
        {"backbone": [[-1, 1, EVIL, [64]]]},
        {"backbone": [[-1, 1, "nn.modules", [64]]]},
        {"backbone": [[-1, 10**9, "Conv", [64, 3, 2]]]},
        {"backbone": [[-1, 1, "Conv", [EVIL, 3, 2]]]},
        {"backbone": [[-1, 1, "Conv", [64, 3, 2, None, 1, 1, EVIL]]]},
        {"backbone": [[-1, 1, "Conv", [64, 3, 2]]]},
        {"head": [[EVIL, 1, "Detect", ["nc"]]]},
        {"head": [[-1, 1, "Conv", [64, 3, 2]]]},
        {"head": [[99, 1, "Detect", ["nc"]]]},
    ],
)
def test_a_hostile_architecture_is_refused_and_not_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, change: dict
) -> None:
    from karyo_split.detector.yolo import YoloDetector

    monkeypatch.chdir(tmp_path)
    loaded = weights.load("detector")
    entry = replace(loaded.entry, config={**loaded.entry.config, **change})
    with pytest.raises(WeightsError, match="config of the detector"):
        YoloDetector.from_weights(replace(loaded, entry=entry))
    assert not list(tmp_path.iterdir())


def test_weights_of_two_classes_begin_a_network_of_three(tmp_path: Path) -> None:
    from karyo_split.detector.yolo import DetectorTraining, YoloDetector, fit

    rod = PlacedMask(Box(10, 20, 30, 25), np.ones((5, 20), dtype=bool))
    slide = LabelledSlide("s", np.full((64, 64), 40, np.uint8), (rod,), ((0,),))
    data = write_dataset([slide], [slide], tmp_path / "data")
    shipped = weights.load("detector")
    two = {n: t[:2] if ".cv3." in n and t.shape[:1] == (3,) else t for n, t in shipped.tensors.items()}
    assert any(len(two[name]) < len(tensor) for name, tensor in shipped.tensors.items() if tensor.ndim)
    small = DetectorTraining(epochs=1, batch=1, image_size=64, rate=1e-6)
    architecture, tensors = fit(data, tmp_path / "run", small, resume=False, start=replace(shipped, tensors=two))
    assert architecture["nc"] == 3
    entry = replace(weights.entry_named("detector"), config=architecture)
    assert YoloDetector.from_weights(LoadedWeights(entry, tensors)).detect(np.zeros((64, 64), np.float32)) == []


def test_a_training_stays_in_its_folder_and_is_not_overwritten(tmp_path: Path, monkeypatch) -> None:
    from karyo_split.detector.yolo import DetectorTraining, YoloDetector, fit

    rod = PlacedMask(Box(10, 20, 30, 25), np.ones((5, 20), dtype=bool))
    slides = [LabelledSlide(f"s{i}", np.full((64, 64), 40 * i, np.uint8), (rod,), ((0,),)) for i in range(2)]
    data = write_dataset(slides, slides, tmp_path / "data")
    monkeypatch.chdir(tmp_path)
    small = DetectorTraining(epochs=1, batch=2, image_size=64)
    architecture, tensors = fit(data, Path("run"), small, resume=False)
    assert (tmp_path / "run" / "weights" / "last.pt").is_file()
    assert sorted(p.name for p in tmp_path.iterdir()) == ["data", "run"]
    entry = replace(weights.entry_named("detector"), config=architecture)
    assert YoloDetector.from_weights(LoadedWeights(entry, tensors)).detect(np.zeros((64, 64), np.float32)) == []
    with pytest.raises(UsageError, match="--resume"):
        fit(data, Path("run"), small, resume=False)


def test_ultralytics_is_kept_from_the_network() -> None:
    import karyo_split.detector.yolo  # noqa: F401
    from ultralytics.utils import AUTOINSTALL, ONLINE, SETTINGS

    assert (AUTOINSTALL, ONLINE, SETTINGS["sync"]) == (False, False, False)


def test_ultralytics_does_not_speak_for_pillow(tmp_path: Path) -> None:
    import karyo_split.detector.yolo  # noqa: F401
    from PIL import Image, UnidentifiedImageError

    (tmp_path / "cut.png").write_bytes(b"\x89PNG\r\n\x1a\n")
    with pytest.raises(UnidentifiedImageError):
        Image.open(tmp_path / "cut.png")


def test_one_file_imports_ultralytics() -> None:
    root = Path(__file__).resolve().parents[2]
    folders = ("pipeline", "detector", "segmenter", "datasets", "study", "weights", "core", "karyo_split")
    users = [
        str(path.relative_to(root))
        for folder in folders
        for path in (root / folder).rglob("*.py")
        if "import ultralytics" in path.read_text() or "from ultralytics" in path.read_text()
    ]
    assert users == ["detector/yolo.py"]
