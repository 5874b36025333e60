"""The peer of one stage: YOLO11n-seg of ultralytics, trained on the same slides, without karyo-split's detector.

Its masks may overlap (overlap_mask is off) and are drawn at the full size of its input (retina masks).
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import torch
from karyo_split.core.grey_scale import as_uint8
from karyo_split.core.mask import PlacedMask
from karyo_split.detector import yolo
from karyo_split.detector.yolo_dataset import LabelledSlide
from numpy.typing import NDArray
from PIL import Image
from skimage.measure import approximate_polygon, find_contours
from ultralytics import YOLO
from ultralytics.models.yolo.segment import SegmentationTrainer


def write_dataset(training: list[LabelledSlide], validation: list[LabelledSlide], folder: Path) -> Path:
    """Pictures, and one polygon per chromosome, as ultralytics reads them; returns the data file."""
    for part, slides in (("train", training), ("val", validation)):
        for kind in ("images", "labels"):
            (folder / kind / part).mkdir(parents=True, exist_ok=True)
        for slide in slides:
            Image.fromarray(slide.grey).convert("RGB").save(folder / "images" / part / f"{slide.name}.png")
            lines = [f"0 {polygon(mask, slide.grey.shape)}" for mask in slide.masks]
            (folder / "labels" / part / f"{slide.name}.txt").write_text("\n".join(lines), encoding="utf-8")
    data = folder / "data.yaml"
    text = f"path: {folder.resolve()}\ntrain: images/train\nval: images/val\nnames:\n  0: chromosome\n"
    data.write_text(text, encoding="utf-8")
    return data


def polygon(placed: PlacedMask, shape: tuple[int, ...]) -> str:
    """The longest outline of a mask as x y pairs relative to the slide."""
    outlines = find_contours(np.pad(placed.mask, 1).astype(float), 0.5)
    points = approximate_polygon(max(outlines, key=len), 0.4)
    x = (points[:, 1] - 0.5 + placed.box.x0) / shape[1]
    y = (points[:, 0] - 0.5 + placed.box.y0) / shape[0]
    return " ".join(f"{a:.6f} {b:.6f}" for a, b in zip(x.clip(0, 1), y.clip(0, 1), strict=True))


def train(data: Path, folder: Path, epochs: int, threads: int, resume: bool, bfloat16: bool = False) -> Path:
    """Train from scratch, or go on; returns the last checkpoint."""
    folder = folder.resolve()
    last = folder / "weights" / "last.pt"
    overrides: dict[str, Any] = {
        "model": "yolo11n-seg.yaml", "data": str(data), "epochs": epochs, "batch": 8, "imgsz": 640,
        "project": str(folder.parent), "name": folder.name, "exist_ok": True, "pretrained": False,
        "optimizer": "AdamW", "lr0": 1.5e-3, "lrf": 0.02, "cos_lr": True, "warmup_epochs": 2.0, "nbs": 8,
        "degrees": 180.0, "flipud": 0.5, "fliplr": 0.5, "scale": (0.5, 2.0), "translate": 0.2, "mosaic": 0.8,
        "close_mosaic": max(1, epochs // 5), "hsv_h": 0.0, "hsv_s": 0.0, "hsv_v": 0.4, "erasing": 0.0,
        "overlap_mask": False, "mask_ratio": 4, "val": False, "plots": False, "device": "cpu", "amp": False,
        "workers": 0, "cache": "ram", "patience": 0, "max_det": 500, "verbose": True,
    }  # fmt: skip
    if resume and last.exists():
        overrides |= {"model": str(last), "resume": str(last)}
    trainer = SegmentationTrainer(overrides=overrides)
    trainer.add_callback("on_train_start", lambda _: torch.set_num_threads(threads))
    if bfloat16:
        trainer.add_callback("on_train_start", yolo.train_in_bfloat16)
    trainer.train()
    return last


class YoloSeg:
    """A trained YOLO11n-seg behind one call."""

    def __init__(self, checkpoint: Path, image_size: int, score: float) -> None:
        self._model = YOLO(str(checkpoint))
        self._image_size, self._score = image_size, score

    def split(self, image: NDArray[np.float32]) -> list[tuple[PlacedMask, float]]:
        """Masks and scores in a normalised slide, float32, shape (rows, columns)."""
        grey = np.repeat(as_uint8(image)[..., None], 3, axis=2)
        answer = self._model.predict(
            grey, imgsz=self._image_size, conf=self._score, iou=0.7, max_det=500, retina_masks=True, verbose=False
        )[0]
        if answer.masks is None:
            return []
        pairs = []
        for mask, score in zip(answer.masks.data.numpy() > 0.5, answer.boxes.conf.tolist(), strict=True):
            placed = PlacedMask.from_dense(mask)
            if placed is not None and placed.area >= 25:
                pairs.append((placed, score))
        return pairs


def untrained_or(checkpoint: Path | None) -> tuple[YOLO, str]:
    """A model to measure the speed of, and what it is: without a checkpoint its weights are random."""
    if checkpoint is None:
        return YOLO("yolo11n-seg.yaml", task="segment"), "untrained"
    return YOLO(str(checkpoint)), "trained"
