"""The state of the decoding: pieces of foreground, what was asked and found in them, and where to ask next."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage
from scipy.sparse.csgraph import connected_components

from ..core.box import Box
from ..core.mask import EIGHT_CONNECTED, PlacedMask, any_within, union
from .crops import MARGIN, NEAR_FRAME, Frame, covering_frames
from .parts import join_parts
from .seeds import ridge_seeds
from .selection import DecodingSettings, ExpectedBox, SeedAnswer, Separated


class Canvas:
    """The state of one piece of foreground while it is decoded, in a window of the image."""

    def __init__(self, frames: Sequence[Frame], window: Box, foreground: NDArray[np.bool_]) -> None:
        self.frames, self.window, self.foreground = frames, window, foreground
        self.answers: list[SeedAnswer] = []
        self.expected: list[ExpectedBox] = []
        self.found: list[Separated] = []
        self.twice = False

    @classmethod
    def of(cls, pieces: Sequence[Canvas]) -> Canvas:
        """One canvas of pieces that belong together."""
        if len(pieces) == 1:
            return pieces[0]
        foreground = union([PlacedMask(piece.window, piece.foreground) for piece in pieces])
        canvas = cls([frame for piece in pieces for frame in piece.frames], foreground.box, foreground.mask)
        canvas.answers = [answer for piece in pieces for answer in piece.answers]
        return canvas

    @property
    def is_cluster(self) -> bool:
        """True where the answers are not all one chromosome."""
        return len(self.found) != 1

    def look_closer(self, length_px: float) -> None:
        """Forget the answers; see the piece twice from now on, in smaller frames where the answers fit into them."""
        longest = max((answer.extent.long_side for answer in self.answers), default=0)
        most = max(NEAR_FRAME, MARGIN * longest / length_px)
        if max(frame.side for frame in self.frames) > most * length_px:
            self.frames = covering_frames(self.window, length_px, most)
        self.answers, self.twice = [], True

    def explained(self) -> NDArray[np.bool_]:
        return any_within((separated.placed for separated in self.found), self.window)

    def left_seeds(self, settings: DecodingSettings, length_px: float) -> list[tuple[int, int]]:
        """The deepest point of each unexplained piece of a chromosome's size."""
        left = self.unexplained(settings, length_px)
        pieces, count = ndimage.label(left, structure=EIGHT_CONNECTED)
        seeds = []
        depth = ndimage.distance_transform_edt(left)
        for index in range(1, count + 1):
            row, column = divmod(int(np.argmax(np.where(pieces == index, depth, 0))), left.shape[1])
            seeds.append((row + self.window.y0, column + self.window.x0))
        return seeds

    def missed_seeds(self, settings: DecodingSettings, length_px: float) -> list[tuple[int, int]]:
        """Points in each box where a chromosome is expected and none was found: it may lie on top of another one."""
        seeds = []
        usual = settings.spacing * length_px
        for expected in self.expected:
            box = expected.box.intersect(self.window)
            filled = max((expected.box.iou(found.placed.box) for found in self.found), default=0.0)
            if box.is_empty or filled >= settings.filled or expected.score < settings.min_expected:
                continue
            inside = self.foreground[box.shift(-self.window.x0, -self.window.y0).slices]
            apart = max(2.0, min(usual, box.long_side / settings.seeds_in_missed))
            points = ridge_seeds(inside, apart, settings.seeds_in_missed)
            seeds += [(row + box.y0, column + box.x0) for row, column in points]
        return seeds

    def first_seeds(self, settings: DecodingSettings, length_px: float) -> list[tuple[int, int]]:
        """Points along the ridges of the foreground."""
        apart = max(2.0, settings.spacing * length_px)
        y0, x0 = self.window.y0, self.window.x0
        return [(y + y0, x + x0) for y, x in ridge_seeds(self.foreground, apart, settings.max_seeds)]

    def unexplained(self, settings: DecodingSettings, length_px: float) -> NDArray[np.bool_]:
        """Unexplained foreground without thin rims and small crumbs."""
        left = self.foreground & ~self.explained()
        core = ndimage.binary_opening(left, structure=EIGHT_CONNECTED)
        pieces, count = ndimage.label(core, structure=EIGHT_CONNECTED)
        if count == 0:
            return core
        sizes = np.bincount(pieces.ravel())
        sizes[0] = 0
        return (sizes >= settings.min_area * length_px**2)[pieces]


def linked(pieces: Sequence[Canvas]) -> list[Canvas]:
    """One canvas for the pieces of foreground that an answer joins; in the order of the first of them."""
    joined = iter(join_parts([answer for piece in pieces for answer in piece.answers]))
    links = np.eye(len(pieces), dtype=bool)
    for number, piece in enumerate(pieces):
        before, piece.answers = piece.answers, [next(joined) for _ in piece.answers]
        for old, new in zip(before, piece.answers, strict=True):
            if new.placed is not old.placed:
                links[number] |= [_lies_in(new.placed, other) for other in pieces]
    _, groups = connected_components(links, directed=False)
    return [
        Canvas.of([p for p, g in zip(pieces, groups, strict=True) if g == group]) for group in dict.fromkeys(groups)
    ]


def _lies_in(placed: PlacedMask, piece: Canvas) -> bool:
    """True where a mask holds pixels of a piece of foreground."""
    return bool((placed.within(piece.window) & piece.foreground).any())
