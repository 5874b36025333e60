"""Features and answers of the asking U-Net: a crop goes through its first part once, each seed through its second."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from .crops import Frame, extract
from .unet import CLASSES, CROP_SIDE, Features, SeededUNet, seed_planes


class AskingFeatureCache:
    """The features of one image's crops, and the answers of the network to seeds in them."""

    def __init__(self, network: SeededUNet, image: NDArray[np.float32], device: torch.device, batch: int) -> None:
        """image: float32, shape (rows, columns), normalised. batch: crops a forward pass."""
        self.shape = (image.shape[0], image.shape[1])
        self._network, self._image, self._device, self._batch = network, image, device, batch
        self._parts: list[Features] = []
        self._where: dict[Frame, tuple[int, int]] = {}

    def foreground(self, frames: Sequence[Frame]) -> Tensor:
        """Probability of chromosome, float32 (n, 88, 88), for each frame: what the empty seed says."""
        return 1 - self._classes(frames, [None] * len(frames))[:, 0]

    def answers(self, frames: Sequence[Frame], seeds: Sequence[tuple[float, float]]) -> Tensor:
        """Class probabilities, float32 (n, 4, 88, 88), for each frame and the seed in it; see `SeedAnswers`."""
        return self._classes(frames, seed_planes(torch.tensor(seeds, dtype=torch.float32)))

    def _classes(self, frames: Sequence[Frame], seeds: Sequence[Tensor | None] | Tensor) -> Tensor:
        """Class probabilities, float32 (n, 4, 88, 88), for each frame and its seed.

        seeds: planes, float32 (88, 88); None is the empty seed.
        """
        with torch.inference_mode():
            self._extract([frame for frame in dict.fromkeys(frames) if frame not in self._where])
            order = sorted(range(len(frames)), key=lambda i: self._where[frames[i]])
            answers = torch.zeros((len(frames), CLASSES, CROP_SIDE, CROP_SIDE))
            for first in range(0, len(order), self._batch):
                members = order[first : first + self._batch]
                empty = torch.zeros((CROP_SIDE, CROP_SIDE))
                planes = [empty if (seed := seeds[i]) is None else seed for i in members]
                stacked = torch.stack(planes).unsqueeze(1).to(self._device)
                logits = self._network.ask(self._features([frames[i] for i in members]), stacked)
                answers[torch.tensor(members)] = logits.softmax(dim=1).cpu()
            return answers

    def _extract(self, frames: Sequence[Frame]) -> None:
        for first in range(0, len(frames), self._batch):
            part = frames[first : first + self._batch]
            crops = extract(self._image, part).unsqueeze(1).to(self._device, memory_format=torch.channels_last)
            for place, frame in enumerate(part):
                self._where[frame] = (len(self._parts), place)
            self._parts.append(self._network.look(crops))

    def _features(self, frames: Sequence[Frame]) -> Features:
        """The features of some frames, in order; they are sorted by part."""
        places: dict[int, list[int]] = {}
        for part, place in (self._where[frame] for frame in frames):
            places.setdefault(part, []).append(place)
        taken = [self._parts[part].take(torch.tensor(members, device=self._device)) for part, members in places.items()]
        return taken[0] if len(taken) == 1 else Features.joined(taken)
