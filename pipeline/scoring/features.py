"""How likely each mask is right, judged from all that is known of it and of the others on its slide.

A small network reads one row of evidence per mask and answers the probability that its IoU with a true chromosome
is at least 0.5. It is fitted on slides with truth, and calibrated on others (see `calibrate`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from scipy import ndimage
from skimage.morphology import convex_hull_image
from torch import Tensor, nn

from ...core.clusters import cluster_ids, shared_areas
from ...core.errors import WeightsError
from ...core.mask import PlacedMask, any_within
from .candidate import Found

EVIDENCE = (
    "certainty", "support", "certainty x support", "log seeds", "log area", "log width", "log long side",
    "log brightness", "contrast", "box score", "log cluster size", "share overlapped", "solidity", "unresolved", "edge",
)  # fmt: skip
"""What a row of evidence holds. Area, width, brightness and contrast are relative to the slide's medians, the long
side to its typical length."""
HIDDEN = 16
STEPS = 1500
DECAY = 3e-3


def evidence(found: Sequence[Found], shape: tuple[int, int], length_px: float) -> NDArray[np.float32]:
    """One row per mask: float32, shape (len(found), len(EVIDENCE)).

    shape: (rows, columns) of the slide. length_px: its typical chromosome length.
    """
    if not found:
        return np.zeros((0, len(EVIDENCE)), dtype=np.float32)
    masks = [f.placed for f in found]
    areas = np.array([m.area for m in masks], dtype=float)
    widths = np.array([half_width(m.mask) for m in masks])
    brightness = np.array([max(f.brightness, 1e-3) for f in found])
    clusters = cluster_ids(masks)
    sizes = np.bincount(clusters)[clusters]
    certainty, support = np.array([f.certainty for f in found]), np.array([f.support for f in found])
    columns = [
        certainty,
        support,
        certainty * support,
        np.log1p([f.seeds for f in found]),
        np.log(areas / np.median(areas)),
        np.log(widths / np.median(widths)),
        np.log([max(m.box.width, m.box.height) / length_px for m in masks]),
        np.log(brightness / np.median(brightness)),
        np.array([f.contrast for f in found]) / np.median(brightness),
        np.array([f.box_score for f in found]),
        np.log(sizes),
        np.array(shared_areas(masks)) / areas,
        areas / np.array([np.count_nonzero(convex_hull_image(m.mask)) for m in masks]),
        np.array([f.unresolved for f in found]),
        np.array([m.box.touches_edge_of(shape) for m in masks]),
    ]
    return np.stack(columns, axis=1).astype(np.float32)


def half_width(mask: NDArray[np.bool_]) -> float:
    """Radius of the largest disc that fits into a mask, in pixels."""
    return float(ndimage.distance_transform_edt(np.pad(mask, 1)).max())


def rim_contrast(image: NDArray[np.float32], placed: PlacedMask, others: Sequence[PlacedMask]) -> float:
    """Mean grey value of a mask's rim minus that of the background within two pixels of it.

    image: normalised, float32, shape (rows, columns). others: the masks around, whose pixels are no background.
    """
    window = placed.box.grow(3).clip((image.shape[0], image.shape[1]))
    mask = placed.within(window)
    rim = mask & ~ndimage.binary_erosion(mask, iterations=2)
    outside = ndimage.binary_dilation(mask, iterations=2) & ~any_within(others, window)
    if not rim.any() or not outside.any():
        return 0.0
    grey = image[window.slices]
    return float(grey[rim].mean() - grey[outside].mean())


class Confidence(nn.Module):
    """Evidence (N, 15), float32, to the probability that a mask is right, (N,)."""

    low: Tensor
    high: Tensor

    def __init__(self) -> None:
        super().__init__()
        self.register_buffer("low", torch.zeros(len(EVIDENCE)))
        self.register_buffer("high", torch.ones(len(EVIDENCE)))
        self.judge = nn.Sequential(nn.Linear(len(EVIDENCE), HIDDEN), nn.Tanh(), nn.Linear(HIDDEN, 1))

    def forward(self, rows: Tensor) -> Tensor:
        """Evidence beyond what the fit saw counts as its extreme."""
        scaled = (rows.clamp(self.low, self.high) - self.low) / (self.high - self.low).clamp(min=1e-6)
        return self.judge(2 * scaled - 1).squeeze(1).sigmoid()

    def judged(self, rows: NDArray[np.float32]) -> NDArray[np.float64]:
        """The same for arrays."""
        with torch.inference_mode():
            return self(torch.from_numpy(rows)).numpy().astype(float)

    @classmethod
    def from_tensors(cls, tensors: Mapping[str, Tensor]) -> Confidence:
        """The network of a weights file.

        Raises WeightsError where the tensors do not fit.
        """
        network = cls()
        try:
            network.load_state_dict(dict(tensors))
        except RuntimeError as problem:
            raise WeightsError(f"the confidence's weights do not fit: {str(problem)[:200]}") from problem
        return network.eval()


def fit_confidence(rows: NDArray[np.float32], right: NDArray[np.bool_], seed: int = 0) -> Confidence:
    """Fit on masks whose truth is known: evidence (N, 15) and whether each was right.

    Raises ValueError where none was right or none was wrong.
    """
    if right.all() or not right.any():
        raise ValueError("the confidence needs right and wrong masks to learn from")
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        network = Confidence()
    network.low.copy_(torch.from_numpy(np.quantile(rows, 0.005, axis=0)))
    network.high.copy_(torch.from_numpy(np.quantile(rows, 0.995, axis=0)))
    inputs, targets = torch.from_numpy(rows), torch.from_numpy(right.astype(np.float32))
    optimiser = torch.optim.AdamW(network.parameters(), lr=1e-2, weight_decay=0.0)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimiser, STEPS)
    for _ in range(STEPS):
        loss = nn.functional.binary_cross_entropy(network(inputs), targets)
        loss = loss + DECAY * sum((layer.square().sum() for layer in network.parameters()), torch.zeros(())) / 10
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        schedule.step()
    return network.eval()
