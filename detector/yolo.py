"""The one file that knows ultralytics: its settings, its network, its training.

Ultralytics is kept from the network: no telemetry, no update check, no automatic install, no download. Its own image
reader is not used, for it keeps 8 of 16 bits; it gets uint8 arrays that were normalised here.
"""

from __future__ import annotations

import atexit
import math
import os
import shutil
import tempfile
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

os.environ["YOLO_OFFLINE"] = "true"
os.environ["YOLO_AUTOINSTALL"] = "false"
os.environ["YOLO_VERBOSE"] = os.environ.get("KARYO_SPLIT_YOLO_VERBOSE", "false")
os.environ["ULTRALYTICS_SAFE_LOAD"] = "true"
os.environ["YOLO_CONFIG_DIR"] = tempfile.mkdtemp(prefix="karyo-split-yolo-")
atexit.register(shutil.rmtree, os.environ["YOLO_CONFIG_DIR"], ignore_errors=True)

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image
from torch import Tensor

_open_picture = Image.open
from ultralytics.models.yolo.detect import DetectionTrainer
from ultralytics.nn.tasks import DetectionModel, load_checkpoint
from ultralytics.utils import SETTINGS
from ultralytics.utils.nms import non_max_suppression

from ..core.box import Box
from ..core.errors import UsageError, WeightsError
from ..core.grey_scale import as_uint8
from ..weights import LoadedWeights
from .architecture import KEPT_KEYS, check_architecture
from .detection import CHROMOSOME, CLUSTER, MEMBER, Detection

SETTINGS.update({"sync": False})
Image.open = _open_picture  # ultralytics' own, put in its place, speaks of a package where a picture is damaged

ARCHITECTURE = "yolo11n.yaml"
STRIDE = 32


@dataclass(frozen=True)
class DetectorSettings:
    """Which of the network's boxes are answers."""

    min_score: float = 0.1
    """Boxes with a lower score are dropped."""
    max_iou: float = 0.6
    """Of two boxes that overlap more, the better is kept."""
    max_boxes: int = 1000
    """Boxes of one image, at most: the best."""


class YoloDetector:
    """A trained YOLO network behind the `Detector` protocol."""

    def __init__(self, network: DetectionModel, settings: DetectorSettings, device: torch.device) -> None:
        self.settings = settings
        self.device = device
        self._network = network.to(device).eval()

    @classmethod
    def from_weights(
        cls, loaded: LoadedWeights, settings: DetectorSettings | None = None, device: torch.device | None = None
    ) -> YoloDetector:
        """Make the detector of a weights file, whose config is ultralytics' architecture.

        Parameters
        ----------
        loaded
            Of a detector.
        settings
            Which boxes are answers.
        device
            None for the CPU.

        Raises
        ------
        WeightsError
            Where the architecture is not one that is trained here, or the tensors do not fit it.
        """
        architecture = check_architecture(loaded.entry.config)
        try:
            network = DetectionModel(architecture, ch=3, nc=architecture["nc"], verbose=False)
        except Exception as problem:  # known layers that do not fit each other fail in many ways
            raise WeightsError(
                f"the manifest's config of the detector is no network: {type(problem).__name__}: {str(problem)[:200]}"
            ) from problem
        loaded.fill(network).float().fuse(verbose=False)
        return cls(network, settings or DetectorSettings(), device or torch.device("cpu"))

    def detect(self, image: NDArray[np.float32]) -> list[Detection]:
        """Boxes in the pixels of a normalised image, float32, shape (rows, columns), values 0..1.5."""
        rows, columns = image.shape
        batch = self._batch(as_uint8(image))
        detections = []
        with torch.inference_mode():  # some versions of the suppression write into what the network answered
            output = self._network(batch)
            raw = output[0] if isinstance(output, (tuple, list)) else output
            for kinds in ((CHROMOSOME, CLUSTER), (MEMBER,)):  # a member may fill its cluster: they are no rivals
                for x0, y0, x1, y1, score, place in self._suppressed(raw, kinds):
                    box = Box(math.floor(x0), math.floor(y0), math.ceil(x1), math.ceil(y1)).clip((rows, columns))
                    if not box.is_empty:
                        detections.append(Detection(box, kinds[int(place)], float(score)))
        return detections

    def _suppressed(self, raw: Tensor, kinds: tuple[int, ...]) -> list[list[float]]:
        """(x0, y0, x1, y1, score, place in `kinds`) of what non-maximum suppression leaves of some kinds."""
        known = [4 + kind for kind in kinds if 4 + kind < raw.shape[1]]
        if not known:
            return []
        return non_max_suppression(
            raw[:, [0, 1, 2, 3, *known]],
            conf_thres=self.settings.min_score,
            iou_thres=self.settings.max_iou,
            agnostic=True,
            max_det=self.settings.max_boxes,
            nc=len(known),
            max_time_img=math.inf,  # a limit by the clock would give a busy machine other boxes
        )[0].tolist()

    def _batch(self, grey: NDArray[np.uint8]) -> Tensor:
        """(rows, columns) to (1, 3, rows', columns') in 0..1, padded with background to the network's stride."""
        rows, columns = (-(-side // STRIDE) * STRIDE for side in grey.shape)
        padded = np.zeros((rows, columns), dtype=np.float32)
        padded[: grey.shape[0], : grey.shape[1]] = grey / np.float32(255)
        return torch.from_numpy(padded).to(self.device).expand(1, 3, rows, columns)


def _widened(start: LoadedWeights, network: DetectionModel) -> LoadedWeights:
    """Weights of fewer classes as a start for a network of more: a new class begins as the first one."""
    wanted = network.state_dict()
    tensors = {}
    for name, tensor in start.tensors.items():
        missing = wanted[name].shape[0] - tensor.shape[0] if name in wanted and tensor.ndim else 0
        tensors[name] = torch.cat([tensor, *[tensor[:1]] * missing]) if missing > 0 else tensor
    return replace(start, tensors=tensors)


class _SlideTrainer(DetectionTrainer):
    """Adds what ultralytics' augmentation lacks for normalised slides, and a start from given tensors."""

    start: LoadedWeights | None = None

    def get_model(self, cfg: Any = None, weights: Any = None, verbose: bool = True) -> DetectionModel:
        network = super().get_model(cfg, weights, verbose)
        if self.start is not None and weights is None:
            _widened(self.start, network).fill(network)
        return network

    def preprocess_batch(self, batch: dict[str, Any]) -> dict[str, Any]:
        batch = super().preprocess_batch(batch)
        images = batch["img"]
        count = images.shape[0]
        normal = partial(torch.randn, count, 1, 1, 1, device=images.device)
        uniform = partial(torch.rand, count, 1, 1, 1, device=images.device)
        gamma = torch.exp(normal() * 0.25)
        gain = torch.exp(normal() * 0.3)
        noise = uniform() * 0.03
        images = (images.clamp(min=0) ** gamma) * gain
        blurred = torch.nn.functional.avg_pool2d(images, 3, stride=1, padding=1)
        images = torch.lerp(images, blurred, (uniform() * 2 - 1).clamp(min=-0.5))
        absorbed = (1 - torch.exp(-2 * images)) / (1 - math.exp(-1.0)) * 0.5  # transmitted light saturates
        images = torch.where(uniform() < 0.2, absorbed, images)
        images = images + torch.randn_like(images[:, :1]) * noise
        inverted = uniform() < 0.05
        batch["img"] = torch.where(inverted, 0.7 - images, images).clamp(0, 1)
        return batch


@dataclass(frozen=True)
class DetectorTraining:
    """Settings of a training; the augmentation's are ultralytics' names."""

    epochs: int = 40
    """Passes over the slides."""
    batch: int = 8
    """Slides a step."""
    image_size: int = 640
    """Side of the training pictures, px."""
    rate: float = 1.5e-3
    """Peak learning rate of AdamW."""
    seed: int = 0
    """Of all that is random."""
    threads: int = 1
    """Threads of torch."""
    bfloat16: bool = False
    """Multiply in it, see `train_in_bfloat16`."""
    device: str = "cpu"
    """What the network is trained on: cpu, mps or cuda:N."""


class _Float32Loss:
    """A loss worked out in float32: bfloat16 would round pixel coordinates to 4 px."""

    def __init__(self, criterion: Callable[..., Any]) -> None:
        self.criterion = criterion

    def __call__(self, predicted: Any, batch: Any) -> Any:
        with torch.autocast(batch["img"].device.type, enabled=False):
            return self.criterion(_as_float32(predicted), batch)


def _as_float32(value: Any) -> Any:
    if isinstance(value, Tensor):
        return value.float()
    if isinstance(value, dict):
        return {key: _as_float32(each) for key, each in value.items()}
    return type(value)(map(_as_float32, value)) if isinstance(value, (list, tuple)) else value


def train_in_bfloat16(trainer: Any) -> None:
    """Callback for the start of a training: the network multiplies in bfloat16, its weights and loss stay float32.

    Half the time on a processor that has bfloat16 in hardware, slower on one that has not.
    """
    trainer.amp = True  # on a CPU ultralytics refuses the option but obeys the attribute; torch takes bfloat16 there
    trainer.model.criterion = _Float32Loss(trainer.model.init_criterion())


def check_untouched(folder: Path, resume: bool) -> Path:
    """Where the last checkpoint of a training in a folder is, or will be.

    Raises
    ------
    UsageError
        Where there is one and the training is not to go on.
    """
    last = folder / "weights" / "last.pt"
    if last.exists() and not resume:
        raise UsageError(f"{folder} already holds a training: give --resume to go on, or another folder")
    return last


def is_finished(folder: Path, epochs: int) -> bool:
    """True where the log of a training in a folder says that it has had all its epochs."""
    log = folder / "results.csv"
    return log.is_file() and len(log.read_text(encoding="utf-8").split()) > epochs


def fit(
    data: Path, folder: Path, settings: DetectorTraining, resume: bool, start: LoadedWeights | None = None
) -> tuple[dict[str, Any], dict[str, Tensor]]:
    """Train, or go on, and return (architecture, tensors).

    Parameters
    ----------
    data
        Ultralytics' data file.
    folder
        Where checkpoints and the log (results.csv) go.
    start
        A trained detector to begin from; None begins from scratch.

    Raises
    ------
    UsageError
        Where `folder` already holds a training and `resume` is false.
    """
    folder = folder.resolve()  # ultralytics puts relative folders below a place of its own
    last = check_untouched(folder, resume)
    if resume and is_finished(folder, settings.epochs):
        return read_checkpoint(last)
    overrides: dict[str, Any] = {
        "model": ARCHITECTURE, "data": str(data), "epochs": settings.epochs, "batch": settings.batch,
        "imgsz": settings.image_size, "project": str(folder.parent), "name": folder.name, "exist_ok": True,
        "pretrained": False, "optimizer": "AdamW", "lr0": settings.rate, "lrf": 0.02, "cos_lr": True,
        "warmup_epochs": 2.0, "weight_decay": 5e-4, "nbs": settings.batch, "seed": settings.seed,
        "degrees": 180.0, "flipud": 0.5, "fliplr": 0.5, "scale": (0.5, 2.0), "translate": 0.2, "mosaic": 0.8,
        "close_mosaic": max(1, settings.epochs // 5), "hsv_h": 0.0, "hsv_s": 0.0, "hsv_v": 0.4, "erasing": 0.0,
        "val": False, "plots": False, "device": settings.device.removeprefix("cuda:"), "amp": False, "workers": 0,
        "cache": "ram", "patience": 0, "max_det": 500, "verbose": True,
    }  # fmt: skip
    if resume and last.exists():
        overrides |= {"model": str(last), "resume": str(last)}
    trainer = _SlideTrainer(overrides=overrides)
    trainer.start = start
    torch.set_num_threads(settings.threads)
    trainer.add_callback("on_train_start", lambda _: torch.set_num_threads(settings.threads))
    if settings.bfloat16:
        trainer.add_callback("on_train_start", train_in_bfloat16)
    trainer.train()
    return read_checkpoint(last)


def read_checkpoint(path: Path) -> tuple[dict[str, Any], dict[str, Tensor]]:
    """(architecture, tensors) of a training's checkpoint, read without running code from it."""
    network, _ = load_checkpoint(str(path))
    architecture = {key: value for key, value in network.yaml.items() if key in KEPT_KEYS}
    tensors = {
        name: tensor.half() if tensor.is_floating_point() else tensor for name, tensor in network.state_dict().items()
    }
    return architecture, tensors
