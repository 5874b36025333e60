"""From boxes to chromosomes: ask the network from many seeds, keep what the answers agree on.

1. The network says without a seed what is foreground in every box; each connected piece of it is decoded on its own.
2. Seeds are spread along its ridges and asked all at once.
3. The fewest masks that serve all seeds are kept, each averaged over the answers that agree (see `selection`).
4. Pieces that hold several chromosomes, by these answers, are asked anew: from nearer, and in mirrored frames, too.
5. What is left is seeded again at its deepest point, until nothing of a chromosome's size is left.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import inf

import numpy as np
import torch
from numpy.typing import NDArray

from ..core.box import Box, bounding_box
from ..core.mask import PlacedMask
from ..weights import LoadedWeights
from .canvas import Canvas, linked
from .components import add, components_in, reached_parts
from .conditional import ConditionalConfig, ConditionalUNet
from .crops import Frame, covering_frames, enlarge, frame_at, nearest_frame
from .feature_cache import FeatureCache, TooManySeeds
from .parts import join_parts
from .selection import DecodingSettings, ExpectedBox, SeedAnswer, Separated, select_masks

RECENTRED_MARGIN = 1.5
MAX_WIDENING = 1.4
"""A mask that its frame cuts is asked again in a frame of 1.5 times its extent, at most 1.4 times the first."""


MIN_SAME_FRAME_IOU = 0.8
"""A piece of foreground whose box has this IoU with a detector's box is seen through that box's frames."""


MIN_HELD, MIN_MORE, MIN_HOLDING = 0.85, 1.25, 0.3
"""A box of one chromosome, of so much score, that holds so much of a piece's box and is so much larger shows more of
the chromosome than the piece does."""


@dataclass(frozen=True, eq=False)
class ComponentAnswer:
    """What the segmenter found in one connected piece of foreground."""

    chromosomes: tuple[Separated, ...]
    """The separated ones."""
    unexplained: PlacedMask | None
    """Foreground that none of them explains, or None."""


class Segmenter:
    """The seeded network and its decoding. Knows arrays and boxes only."""

    def __init__(
        self,
        network: ConditionalUNet,
        settings: DecodingSettings | None = None,
        device: torch.device | None = None,
    ) -> None:
        self.device = device or torch.device("cpu")
        self.settings = settings or DecodingSettings()
        self.network = network.to(self.device, memory_format=torch.channels_last).eval()  # type: ignore[call-overload]

    @classmethod
    def from_weights(
        cls, loaded: LoadedWeights, settings: DecodingSettings | None = None, device: torch.device | None = None
    ) -> Segmenter:
        """Make the segmenter of a weights file.

        Parameters
        ----------
        loaded
            Of a segmenter.
        settings
            Thresholds of the decoding.
        device
            None for the CPU.

        Raises
        ------
        WeightsError
            Where the tensors do not fit the network.
        """
        network = loaded.fill(ConditionalUNet(ConditionalConfig.from_dict(loaded.entry.config)))
        return cls(network.fuse(), settings, device)

    def separate(
        self,
        image: NDArray[np.float32],
        boxes: Sequence[Box],
        length_px: float,
        expected: Sequence[ExpectedBox] = (),
    ) -> list[ComponentAnswer]:
        """Separate the chromosomes in each box.

        Parameters
        ----------
        image
            float32, shape (rows, columns), normalised.
        boxes
            In its pixels.
        length_px
            Typical chromosome length, the scale of all thresholds.
        expected
            Where one chromosome each is expected, in the image's pixels.

        Returns
        -------
        list of ComponentAnswer
            One answer per connected piece of foreground that lies in the boxes, in reading order.

        Raises
        ------
        TooManySeeds
            Where the picture holds far more than chromosomes have room for: fine lines or dots, for example.
        """
        room = image.size / length_px**2
        most_seeds = self.settings.seeds_always + self.settings.seeds_by_area * room
        most_crops = self.settings.crops_always + self.settings.crops_by_area * room
        cache = self.cache(image, most_seeds, most_crops)
        pieces = self._canvases(cache, boxes, length_px, expected)
        self._ask(cache, self._first_requests(pieces, length_px, round(most_seeds / 2)), length_px)
        canvases = linked(pieces)
        for canvas in canvases:
            canvas.expected = [e for e in expected if not e.box.intersect(canvas.window).is_empty]
            canvas.found = select_masks(canvas.answers, self.settings, length_px, canvas.expected)
        self._ask_again(cache, [canvas for canvas in canvases if canvas.is_cluster], length_px)
        for number in range(1 + self.settings.max_rounds):
            seeds_of = Canvas.missed_seeds if number == 0 else Canvas.left_seeds
            requests = [(canvas, seed) for canvas in canvases for seed in seeds_of(canvas, self.settings, length_px)]
            self._ask_and_select(cache, requests, length_px)
        return [self._answer(canvas, length_px) for canvas in canvases]

    def at(self, image: NDArray[np.float32], box: Box, seed: tuple[int, int], length_px: float) -> Separated | None:
        """The chromosome under one seed (row, column), seen through the frame that its box gives; None if none.

        Parameters
        ----------
        image
            float32, shape (rows, columns), normalised.
        box
            In its pixels: gives the frame that is seen.
        seed
            (row, column) in its pixels.
        length_px
            Typical chromosome length, the scale of all thresholds.
        """
        canvas = Canvas(covering_frames(box, length_px), box, np.zeros((box.height, box.width), dtype=bool))
        cache = self.cache(image)
        self._ask(cache, [(canvas, seed)], length_px)
        if not canvas.answers:
            return None
        answer = canvas.answers[0]
        return Separated(answer.placed, answer.certainty, 1.0, 1, answer.quality)

    def cache(self, image: NDArray[np.float32], most_seeds: float = inf, most_crops: float = inf) -> FeatureCache:
        """What the network says of an image, float32, shape (rows, columns), normalised.

        Parameters
        ----------
        most_seeds, most_crops
            How many may be asked and looked at.
        """
        return FeatureCache(self.network, image, self.device, self.settings.batch, most_seeds, most_crops)

    def _canvases(
        self, cache: FeatureCache, boxes: Sequence[Box], length_px: float, expected: Sequence[ExpectedBox]
    ) -> list[Canvas]:
        """Find the foreground of every box, and make one canvas of each connected piece of foreground.

        So a cluster that two boxes share is decoded once, and each is framed by its own extent, not by its box's. But a
        piece that is only a part of what fills a box of one chromosome, such as a chromatid, is seen with the rest.
        """
        frames = [covering_frames(box, length_px) for box in boxes]
        flat = [frame for several in frames for frame in several]
        chromosome = cache.foreground(flat)
        everywhere = Box(0, 0, cache.shape[1], cache.shape[0])
        total = np.zeros(cache.shape, dtype=np.float32)
        times = np.zeros_like(total)
        for frame, plane in zip(flat, chromosome, strict=True):
            add(total, times, everywhere, frame.box, enlarge(plane, frame))
        foreground = total > self.settings.foreground * np.maximum(times, 1)
        canvases = []
        for piece in components_in(foreground, boxes):
            window = piece.box.grow(2).clip(cache.shape)
            around = _holding(piece.box, expected) or piece.box
            known = [f for box, f in zip(boxes, frames, strict=True) if box.iou(around) >= MIN_SAME_FRAME_IOU]
            own = known[0] if known else covering_frames(around, length_px)
            canvases.append(Canvas(own, window, piece.within(window)))
        return canvases

    def _first_requests(
        self, pieces: Sequence[Canvas], length_px: float, most: int
    ) -> list[tuple[Canvas, tuple[int, int]]]:
        """The seeds along the ridges of all pieces; `most` of them leave room for the rounds after."""
        if len(pieces) > most:
            raise TooManySeeds
        requests: list[tuple[Canvas, tuple[int, int]]] = []
        for piece in pieces:
            requests += [(piece, seed) for seed in piece.first_seeds(self.settings, length_px)]
            if len(requests) > most:
                raise TooManySeeds
        return requests

    def _ask(self, cache: FeatureCache, requests: Sequence[tuple[Canvas, tuple[int, int]]], length_px: float) -> None:
        """Ask all seeds at once and file the answers with their boxes.

        A mask that its frame cuts is asked once more in a frame around the mask.
        """
        frames = [nearest_frame(canvas.frames, row, column) for canvas, (row, column) in requests]
        twice = [canvas.twice for canvas, _ in requests]
        answers = self._answers(cache, [seed for _, seed in requests], frames, twice, length_px)
        cut = [(i, answer) for i, answer in enumerate(answers) if answer is not None and answer.is_cut(cache.shape)]
        wider = [_frame_around(answer, frames[i]) for i, answer in cut]
        again = self._answers(cache, [answer.seed for _, answer in cut], wider, [twice[i] for i, _ in cut], length_px)
        for (index, before), after in zip(cut, again, strict=True):
            answers[index] = after or before
        for (canvas, _), answer in zip(requests, answers, strict=True):
            if answer is not None:
                canvas.answers.append(answer)

    def _ask_again(self, cache: FeatureCache, pieces: Sequence[Canvas], length_px: float) -> None:
        """Ask every seed of some pieces anew, from nearer and twice: their frames as they are, and mirrored."""
        requests = [(piece, answer.seed) for piece in pieces for answer in piece.answers]
        for piece in pieces:
            piece.look_closer(length_px)
        self._ask_and_select(cache, requests, length_px)

    def _ask_and_select(
        self, cache: FeatureCache, requests: Sequence[tuple[Canvas, tuple[int, int]]], length_px: float
    ) -> None:
        """Ask all seeds at once, and choose the masks of their pieces anew."""
        self._ask(cache, requests, length_px)
        for piece in {id(piece): piece for piece, _ in requests}.values():
            piece.answers = join_parts(piece.answers)
            piece.found = select_masks(piece.answers, self.settings, length_px, piece.expected)

    def _answers(
        self,
        cache: FeatureCache,
        seeds: Sequence[tuple[int, int]],
        frames: Sequence[Frame],
        twice: Sequence[bool],
        length_px: float,
    ) -> list[SeedAnswer | None]:
        """The mask under each seed as its frame shows it; None where there is none of a chromosome's size."""
        if not seeds:
            return []
        within = [frame.to_crop(*seed) for frame, seed in zip(frames, seeds, strict=True)]
        answers: list[SeedAnswer | None] = []
        probability, quality = cache.answers(frames, within, twice)
        seeded = probability[:, 1] + probability[:, 3]
        expected = quality.tolist()
        for seed, frame, plane, both, iou in zip(seeds, frames, seeded, probability[:, 3], expected, strict=True):
            inside = frame.box.clip(cache.shape)
            visible = inside.shift(-frame.x0, -frame.y0).slices
            large = enlarge(plane, frame)[visible]
            at = (seed[0] - inside.y0, seed[1] - inside.x0)
            mask, others = reached_parts(large, at, self.settings.level, self.settings.reach)
            box = bounding_box(mask)
            if box is None or np.count_nonzero(mask) < self.settings.min_area * length_px**2:
                answers.append(None)
                continue
            placed = PlacedMask(box.shift(inside.x0, inside.y0), mask[box.slices])
            shared = enlarge(both, frame)[visible]
            parts = tuple(filter(None, (PlacedMask.from_dense(o, (inside.y0, inside.x0)) for o in others)))
            answers.append(SeedAnswer(seed, inside, large, shared, placed, float(large[mask].mean()), parts, iou))
        return answers

    def _answer(self, canvas: Canvas, length_px: float) -> ComponentAnswer:
        left = PlacedMask.from_dense(canvas.unexplained(self.settings, length_px), (canvas.window.y0, canvas.window.x0))
        return ComponentAnswer(tuple(canvas.found), left)


def _holding(piece: Box, expected: Sequence[ExpectedBox]) -> Box | None:
    """The surest box of one chromosome that holds a piece of foreground and more; None without one."""
    holding = [e for e in expected if e.box.intersect(piece).area >= MIN_HELD * piece.area and e.score >= MIN_HOLDING]
    best = max(holding, key=lambda e: e.score, default=None)
    return best.box if best is not None and best.box.area >= MIN_MORE * piece.area else None


def _frame_around(answer: SeedAnswer, frame: Frame) -> Frame:
    """A frame around a mask that `frame` cut, with room on the sides where it goes on."""
    box = answer.extent
    side = min(max(frame.side, round(RECENTRED_MARGIN * box.long_side)), round(MAX_WIDENING * frame.side))
    return frame_at((box.y0 + box.y1 - 1) / 2, (box.x0 + box.x1 - 1) / 2, side)
