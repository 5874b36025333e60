"""The features of an image's crops: each crop goes through the U-Net once, however many seeds are asked in it."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from .conditional import CLASSES, CROP_SIDE, ConditionalUNet, Features
from .crops import Frame, extract


class FeatureCache:
    """The features of one image's crops, and the answers to seeds in them."""

    def __init__(self, network: ConditionalUNet, image: NDArray[np.float32], device: torch.device, batch: int) -> None:
        """image: float32, shape (rows, columns), normalised. batch: crops in one forward pass."""
        self.shape = (image.shape[0], image.shape[1])
        self._network, self._image, self._device, self._batch = network, image, device, batch
        self._features: dict[Frame, Features] = {}

    def foreground(self, frames: Sequence[Frame]) -> Tensor:
        """Probability of chromosome, float32 (n, 88, 88), for each frame."""
        if not frames:
            return torch.zeros((0, CROP_SIDE, CROP_SIDE))
        with torch.inference_mode():
            self._extract(frames)
            dense = torch.cat([self._features[frame].dense for frame in frames])
            return 1 - dense.float().softmax(dim=1)[:, 0].cpu()

    def answers(self, frames: Sequence[Frame], seeds: Sequence[tuple[float, float]]) -> tuple[Tensor, Tensor]:
        """What every pixel of a frame is to the chromosome under a seed. All seeds of a frame are answered at once.

        Parameters
        ----------
        frames
            One for each seed; a frame may come several times.
        seeds
            (row, column) in crop pixels.

        Returns
        -------
        probability
            float32 (n, 4, 88, 88): of background, the seeded chromosome alone, others alone, and both.
        quality
            float32 (n,): the IoU that the network expects of the seeded chromosome's mask, 0..1.
        """
        probability = torch.zeros((len(frames), CLASSES, CROP_SIDE, CROP_SIDE))
        quality = torch.zeros(len(frames))
        with torch.inference_mode():
            self._extract(frames)
            members: dict[Frame, list[int]] = {}
            for index, frame in enumerate(frames):
                members.setdefault(frame, []).append(index)
            for frame, indices in members.items():
                at = torch.tensor([seeds[index] for index in indices], device=self._device)
                answers = self._network.answer(self._features[frame], ((at + 0.5) * (2 / CROP_SIDE) - 1)[None])
                probability[indices] = answers.second[0].float().softmax(dim=1).cpu()
                quality[indices] = answers.quality[0].float().sigmoid().cpu()
        return probability, quality

    def _extract(self, frames: Sequence[Frame]) -> None:
        new = [frame for frame in dict.fromkeys(frames) if frame not in self._features]
        for first in range(0, len(new), self._batch):
            part = new[first : first + self._batch]
            crops = extract(self._image, part).unsqueeze(1).to(self._device, memory_format=torch.channels_last)
            features = self._network.encode(crops)
            self._features |= {frame: features.crop(place) for place, frame in enumerate(part)}
