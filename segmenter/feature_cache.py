"""The features of an image's crops: each crop goes through the U-Net once, however many seeds are asked in it.

Where seeds disagree a crop is looked at a second time, mirrored, and the two answers to a seed are averaged.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import inf

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from .conditional import CLASSES, CROP_SIDE, ConditionalUNet, Features
from .crops import Frame, extract


class TooManySeeds(Exception):
    """More was to be asked than the chromosomes that a picture has room for give reason to."""


class FeatureCache:
    """The features of one image's crops, and the answers to seeds in them."""

    def __init__(
        self,
        network: ConditionalUNet,
        image: NDArray[np.float32],
        device: torch.device,
        batch: int,
        most_seeds: float = inf,
        most_crops: float = inf,
    ) -> None:
        """image: float32, shape (rows, columns), normalised. batch: crops in one forward pass."""
        self.shape = (image.shape[0], image.shape[1])
        self._most_seeds, self._most_crops, self._asked = most_seeds, most_crops, 0
        self._network, self._image, self._device, self._batch = network, image, device, batch
        self._features: dict[tuple[Frame, bool], Features] = {}

    def foreground(self, frames: Sequence[Frame]) -> Tensor:
        """Probability of chromosome, float32 (n, 88, 88), for each frame."""
        if not frames:
            return torch.zeros((0, CROP_SIDE, CROP_SIDE))
        with torch.inference_mode():
            self._extract(frames)
            dense = torch.cat([self._features[frame, False].dense for frame in frames])
            return 1 - dense.float().softmax(dim=1)[:, 0].cpu()

    def answers(
        self, frames: Sequence[Frame], seeds: Sequence[tuple[float, float]], twice: Sequence[bool] = ()
    ) -> tuple[Tensor, Tensor]:
        """What every pixel of a frame is to the chromosome under a seed. All seeds of a frame are answered at once.

        Parameters
        ----------
        frames
            One for each seed; a frame may come several times.
        seeds
            (row, column) in crop pixels.
        twice
            For each seed, whether its frame is seen mirrored as well, and the two answers are averaged; empty for none.

        Returns
        -------
        probability
            float32 (n, 4, 88, 88): of background, the seeded chromosome alone, others alone, and both.
        quality
            float32 (n,): the IoU that the network expects of the seeded chromosome's mask, 0..1.

        Raises
        ------
        TooManySeeds
            Where more than `most_seeds` would have been asked in this image, with those before, or more than
            `most_crops` looked at.
        """
        if self._asked + len(frames) > self._most_seeds:
            raise TooManySeeds
        self._asked += len(frames)
        probability = torch.zeros((len(frames), CLASSES, CROP_SIDE, CROP_SIDE))
        quality = torch.zeros(len(frames))
        looks = [(False, range(len(frames))), (True, [index for index, again in enumerate(twice) if again])]
        with torch.inference_mode():
            for mirrored, indices in looks:
                self._extract([frames[index] for index in indices], mirrored)
                members: dict[Frame, list[int]] = {}
                for index in indices:
                    members.setdefault(frames[index], []).append(index)
                for frame, of_frame in members.items():
                    planes, expected = self._answer(frame, [seeds[index] for index in of_frame], mirrored)
                    probability[of_frame] += planes
                    quality[of_frame] += expected
            seen = 1 + torch.tensor(twice or [False] * len(frames), dtype=torch.float32)
        return probability / seen[:, None, None, None], quality / seen

    def _answer(self, frame: Frame, seeds: Sequence[tuple[float, float]], mirrored: bool) -> tuple[Tensor, Tensor]:
        """Probability (k, 4, 88, 88) and expected IoU (k,) of the seeds in one frame, as one look gives them."""
        at = (torch.tensor(seeds, device=self._device) + 0.5) * (2 / CROP_SIDE) - 1
        if mirrored:
            at = at * at.new_tensor([1, -1])
        answers = self._network.answer(self._features[frame, mirrored], at[None])
        planes = answers.second[0].float().softmax(dim=1)
        return (planes.flip(-1) if mirrored else planes).cpu(), answers.quality[0].float().sigmoid().cpu()

    def _extract(self, frames: Sequence[Frame], mirrored: bool = False) -> None:
        new = [frame for frame in dict.fromkeys(frames) if (frame, mirrored) not in self._features]
        if len(self._features) + len(new) > self._most_crops:
            raise TooManySeeds
        for first in range(0, len(new), self._batch):
            part = new[first : first + self._batch]
            crops = extract(self._image, part).unsqueeze(1).to(self._device, memory_format=torch.channels_last)
            features = self._network.encode(crops.flip(-1) if mirrored else crops)
            self._features |= {(frame, mirrored): features.crop(place) for place, frame in enumerate(part)}
