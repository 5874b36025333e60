"""Square pieces of a slide, resized to 88 x 88 and back.

A frame says which square of the image a crop shows. Its side follows the box, so that a lone chromosome
fills its crop, within limits that follow the slide's own scale: the long side of its lone chromosomes. A box
that is larger than the largest frame is seen through several.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from ..core.box import Box
from .conditional import CROP_SIDE

MARGIN = 1.3
"""A frame's side over the long side of its box."""
MIN_FRAME = 1.4
MAX_FRAME = 3.2
"""Limits of a frame's side, in typical chromosome lengths of the slide."""
NEAR_FRAME = 2.5
"""The same upper limit where a frame shows several chromosomes and is looked at a second time."""


@dataclass(frozen=True)
class Frame:
    """A square of the image that becomes one crop."""

    x0: int
    """Its first column in image pixels; may lie outside the image."""
    y0: int
    """Its first row in image pixels; may lie outside the image."""
    side: int
    """Its side in image pixels."""

    @property
    def box(self) -> Box:
        """The square as a box in image pixels."""
        return Box(self.x0, self.y0, self.x0 + self.side, self.y0 + self.side)

    def to_crop(self, row: float, column: float) -> tuple[float, float]:
        """Where an image pixel's centre (row, column) lies in the 88 x 88 crop."""
        zoom = CROP_SIDE / self.side
        return (row + 0.5 - self.y0) * zoom - 0.5, (column + 0.5 - self.x0) * zoom - 0.5

    def to_image(self, row: float, column: float) -> tuple[float, float]:
        """Where a crop pixel's centre (row, column) lies in the image: the inverse of `to_crop`."""
        zoom = self.side / CROP_SIDE
        return (row + 0.5) * zoom - 0.5 + self.y0, (column + 0.5) * zoom - 0.5 + self.x0


def frame_side(box: Box, length_px: float, most: float = MAX_FRAME) -> int:
    """The side of the frames for a box, in image pixels.

    Parameters
    ----------
    length_px
        The slide's typical chromosome length.
    most
        Upper limit of the side, in typical lengths.
    """
    wanted = MARGIN * box.long_side
    return round(min(max(wanted, MIN_FRAME * length_px), most * length_px))


def frame_at(row: float, column: float, side: int) -> Frame:
    """The frame of a side whose centre is (row, column) in image pixels.

    Parameters
    ----------
    row, column
        Of its centre, in image pixels.
    side
        In image pixels.
    """
    return Frame(round(column + 0.5 - side / 2), round(row + 0.5 - side / 2), side)


def covering_frames(box: Box, length_px: float, most: float = MAX_FRAME) -> list[Frame]:
    """Frames that together show a whole box: one where it fits, else a grid with half a frame of overlap.

    Parameters
    ----------
    box
        In image pixels.
    length_px
        The slide's typical chromosome length.
    most
        Upper limit of their sides, in typical lengths.
    """
    side = frame_side(box, length_px, most)
    centres_y = _centres(box.y0, box.y1, side)
    centres_x = _centres(box.x0, box.x1, side)
    return [frame_at(y - 0.5, x - 0.5, side) for y in centres_y for x in centres_x]


def _centres(first: int, end: int, side: int) -> list[float]:
    """Centres, as positions between pixels, of the intervals of `side` that cover first..end."""
    if MARGIN * (end - first) <= side * 1.02:
        return [(first + end) / 2]
    inner = side / MARGIN
    count = 1 + int(np.ceil((end - first - inner) / (inner / 2)))
    return np.linspace(first + inner / 2, end - inner / 2, count).tolist()


def nearest_frame(frames: Sequence[Frame], row: float, column: float) -> Frame:
    """Of the frames that cover a box, the one whose middle is nearest to a seed (row, column)."""
    return min(
        frames,
        key=lambda f: max(abs(f.y0 + (f.side - 1) / 2 - row), abs(f.x0 + (f.side - 1) / 2 - column)),
    )


def extract(image: NDArray[np.float32], frames: Sequence[Frame]) -> Tensor:
    """Cut frames out of an image: bilinear, with averaging where the image has many more pixels than the crop.

    Parameters
    ----------
    image
        float32, shape (rows, columns), normalised; what lies outside counts as background, 0.

    Returns
    -------
    Tensor
        float32, shape (len(frames), 88, 88).
    """
    if not frames:
        return torch.zeros((0, CROP_SIDE, CROP_SIDE))
    plane = torch.from_numpy(np.ascontiguousarray(image, dtype=np.float32))[None, None]
    samples = [max(1, round(frame.side / CROP_SIDE - 0.25)) for frame in frames]
    crops = torch.empty((len(frames), CROP_SIDE, CROP_SIDE))
    for ratio in sorted(set(samples)):
        members = [i for i, s in enumerate(samples) if s == ratio]
        grid = torch.cat([_sampling_grid(frames[i], CROP_SIDE * ratio, image.shape) for i in members])
        fine = torch.nn.functional.grid_sample(plane, grid[None], mode="bilinear", align_corners=False)
        sampled = fine.view(len(members), CROP_SIDE * ratio, CROP_SIDE * ratio)
        crops[torch.tensor(members)] = torch.nn.functional.avg_pool2d(sampled, ratio)
    return crops


def _sampling_grid(frame: Frame, side: int, shape: tuple[int, ...]) -> Tensor:
    """Where side x side evenly spread points of a frame lie in an image, as grid_sample counts: (side, side, 2)."""
    steps = (torch.arange(side, dtype=torch.float64) + 0.5) * (frame.side / side)
    down = (frame.y0 + steps) * (2 / shape[0]) - 1
    across = (frame.x0 + steps) * (2 / shape[1]) - 1
    return torch.stack(torch.meshgrid(across, down, indexing="xy"), dim=-1).float()


def enlarge(probabilities: Tensor, frame: Frame) -> NDArray[np.float32]:
    """Bring a crop's probabilities, shape (88, 88), back to image pixels: float32, shape (side, side).

    Parameters
    ----------
    probabilities
        float32, shape (88, 88).
    frame
        Where the crop lies.
    """
    plane = torch.nn.functional.interpolate(
        probabilities[None, None], size=(frame.side, frame.side), mode="bilinear", align_corners=False
    )
    return plane[0, 0].numpy()
