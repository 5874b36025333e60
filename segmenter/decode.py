"""From a box to its chromosomes: ask the network from many seeds, keep what the answers agree on.

1. The empty seed gives the foreground of every box.
2. Seeds are spread along its ridges and asked all at once.
3. Answers from different seeds inside one chromosome should be the same mask. A mask's support is the share of the
   seeds inside it that answered alike; the best supported masks that explain new foreground are kept, each averaged
   over the answers that agree.
4. What is left is seeded again at its deepest point, until nothing of a chromosome's size is left.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from scipy import ndimage
from skimage.feature import peak_local_max
from torch import Tensor

from ..geometry import EIGHT_CONNECTED, Box, PlacedMask, any_within, bounding_box
from .crops import Frame, covering_frames, enlarge, extract, frame_at, seed_frame, seed_plane
from .model import SeededUNet
from .pieces import add, belonging, piece_at

RECENTRED_MARGIN = 1.5
WIDENED = 1.4
"""A mask that its frame cuts is asked again in a frame of 1.5 times its extent, at most 1.4 times the first."""


@dataclass(frozen=True)
class DecodingSettings:
    """Thresholds; lengths and areas are relative to the slide's typical chromosome length L.

    level: probability at which a pixel belongs to a mask. alike: IoU from which two answers are the same.
    new_share: share of a mask that must not be explained yet. covered: a mask is dropped in the end where the
    others cover more of it. spacing: distance of seeds, in L.
    smallest: area of the smallest chromosome, in L squared. rounds: extra rounds of seeds.
    most_seeds: seeds asked at most in one piece of foreground. batch: crops a forward pass.
    """

    level: float = 0.5
    alike: float = 0.6
    new_share: float = 0.5
    covered: float = 0.75
    spacing: float = 0.22
    smallest: float = 0.04
    rounds: int = 2
    most_seeds: int = 60
    batch: int = 32


@dataclass(frozen=True, eq=False)
class Separated:
    """One chromosome that the segmenter found.

    placed: its mask in image pixels. certainty: mean probability over the mask, 0.5..1.
    support: share of the seeds inside it that agree, 0..1. seeds: how many were asked inside it.
    """

    placed: PlacedMask
    certainty: float
    support: float
    seeds: int


@dataclass(frozen=True, eq=False)
class BoxAnswer:
    """What the segmenter found in one box.

    chromosomes: the separated ones. unexplained: foreground of the box that none of them explains, or None.
    """

    chromosomes: tuple[Separated, ...]
    unexplained: PlacedMask | None


@dataclass(frozen=True, eq=False)
class _Answer:
    """What one seed brought: its mask, and the probabilities over the part of its frame inside the image."""

    seed: tuple[int, int]
    seen: Box
    probability: NDArray[np.float32]
    placed: PlacedMask
    certainty: float

    def is_cut(self, shape: tuple[int, ...]) -> bool:
        """True where the mask reaches a side of what was seen that is not the image's own edge."""
        mask, seen = self.placed.box, self.seen
        return (
            (mask.x0 == seen.x0 > 0)
            or (mask.y0 == seen.y0 > 0)
            or (mask.x1 == seen.x1 < shape[1])
            or (mask.y1 == seen.y1 < shape[0])
        )


class _Canvas:
    """The state of one box while it is decoded, in a window of the image."""

    def __init__(self, box: Box, window: Box, foreground: NDArray[np.bool_]) -> None:
        self.box, self.window, self.foreground = box, window, foreground
        self.answers: list[_Answer] = []
        self.found: list[Separated] = []

    def explained(self) -> NDArray[np.bool_]:
        return any_within((separated.placed for separated in self.found), self.window)


class Segmenter:
    """The seeded network and its decoding. Knows arrays and boxes only."""

    def __init__(
        self, network: SeededUNet, settings: DecodingSettings | None = None, device: torch.device | None = None
    ) -> None:
        self.device = device or torch.device("cpu")
        self.settings = settings or DecodingSettings()
        self.network = network.to(self.device, memory_format=torch.channels_last).eval()  # type: ignore[call-overload]

    def separate(self, image: NDArray[np.float32], boxes: Sequence[Box], length_px: float) -> list[BoxAnswer]:
        """Separate the chromosomes in each box.

        image: float32, shape (rows, columns), normalised. boxes: in its pixels.
        length_px: typical chromosome length, the scale of all thresholds.
        Returns one answer per box, in order.
        """
        canvases = self._foregrounds(image, boxes, length_px)
        requests = [(canvas, seed) for canvas in canvases for seed in self._first_seeds(canvas, length_px)]
        for round_number in range(1 + self.settings.rounds):
            if not requests:
                break
            self._ask(image, requests, length_px)
            touched = {id(canvas): canvas for canvas, _ in requests}
            for canvas in touched.values():
                self._choose(canvas, length_px)
            if round_number < self.settings.rounds:
                requests = [(c, seed) for c in touched.values() for seed in self._left_seeds(c, length_px)]
        return [self._answer(canvas, length_px) for canvas in canvases]

    def at(self, image: NDArray[np.float32], box: Box, seed: tuple[int, int], length_px: float) -> Separated | None:
        """The chromosome under one seed (row, column), seen through the frame that its box gives; None if none."""
        canvas = _Canvas(box, box, np.zeros((box.height, box.width), dtype=bool))
        self._ask(image, [(canvas, seed)], length_px)
        if not canvas.answers:
            return None
        answer = canvas.answers[0]
        return Separated(answer.placed, answer.certainty, 1.0, 1)

    def probabilities(self, crops: Tensor, seeds: Tensor) -> Tensor:
        """Class probabilities: crops and seeds float32 (N, 88, 88) to (N, 4, 88, 88)."""
        outputs = []
        stacked = torch.stack([crops, seeds], dim=1)
        with torch.inference_mode():
            for part in stacked.split(self.settings.batch):
                part = part.to(self.device, memory_format=torch.channels_last)
                outputs.append(self.network(part).softmax(dim=1).cpu())
        return torch.cat(outputs) if outputs else torch.zeros((0, 4, *crops.shape[1:]))

    def _foregrounds(self, image: NDArray[np.float32], boxes: Sequence[Box], length_px: float) -> list[_Canvas]:
        """Ask with the empty seed and keep, per box, the pieces that lie mostly inside it."""
        frames = [covering_frames(box, length_px) for box in boxes]
        flat = [frame for several in frames for frame in several]
        crops = extract(image, flat)
        probability = self.probabilities(crops, torch.zeros_like(crops))
        chromosome = 1 - probability[:, 0]
        canvases = []
        position = 0
        shape = (image.shape[0], image.shape[1])
        for box, several in zip(boxes, frames, strict=True):
            window = several[0].box
            for frame in several[1:]:
                window = window.enclose(frame.box)
            window = window.clip(shape)
            total = np.zeros((window.height, window.width), dtype=np.float32)
            times = np.zeros_like(total)
            for frame in several:
                add(total, times, window, frame.box, enlarge(chromosome[position], frame))
                position += 1
            foreground = total / np.maximum(times, 1) > self.settings.level
            canvases.append(_Canvas(box, window, belonging(foreground, window, box)))
        return canvases

    def _first_seeds(self, canvas: _Canvas, length_px: float) -> list[tuple[int, int]]:
        depth = ndimage.distance_transform_edt(np.pad(canvas.foreground, 1))[1:-1, 1:-1]
        spacing = max(2, round(self.settings.spacing * length_px))
        pieces, count = ndimage.label(canvas.foreground, structure=EIGHT_CONNECTED)
        if count == 0:
            return []
        peaks = peak_local_max(
            depth,
            min_distance=spacing,
            labels=pieces,
            num_peaks_per_label=self.settings.most_seeds,
            exclude_border=False,
        )
        return [(int(r) + canvas.window.y0, int(c) + canvas.window.x0) for r, c in peaks]

    def _left_seeds(self, canvas: _Canvas, length_px: float) -> list[tuple[int, int]]:
        """The deepest point of each unexplained piece of a chromosome's size."""
        left = self._left(canvas, length_px)
        pieces, count = ndimage.label(left, structure=EIGHT_CONNECTED)
        seeds = []
        depth = ndimage.distance_transform_edt(left)
        for index in range(1, count + 1):
            row, column = divmod(int(np.argmax(np.where(pieces == index, depth, 0))), left.shape[1])
            seeds.append((row + canvas.window.y0, column + canvas.window.x0))
        return seeds

    def _left(self, canvas: _Canvas, length_px: float) -> NDArray[np.bool_]:
        """Unexplained foreground without thin rims and small crumbs."""
        left = canvas.foreground & ~canvas.explained()
        core = ndimage.binary_opening(left, structure=EIGHT_CONNECTED)
        pieces, count = ndimage.label(core, structure=EIGHT_CONNECTED)
        if count == 0:
            return core
        sizes = np.bincount(pieces.ravel())
        sizes[0] = 0
        return (sizes >= self.settings.smallest * length_px**2)[pieces]

    def _ask(
        self, image: NDArray[np.float32], requests: Sequence[tuple[_Canvas, tuple[int, int]]], length_px: float
    ) -> None:
        """Ask all seeds at once and file the answers with their boxes.

        A mask that its frame cuts is asked once more in a frame around the mask.
        """
        frames = [seed_frame(canvas.box, row, column, length_px) for canvas, (row, column) in requests]
        answers = self._answers(image, [seed for _, seed in requests], frames, length_px)
        cut = [(i, answer) for i, answer in enumerate(answers) if answer is not None and answer.is_cut(image.shape)]
        wider = [_frame_around(answer, frames[i]) for i, answer in cut]
        again = self._answers(image, [answer.seed for _, answer in cut], wider, length_px)
        for (index, before), after in zip(cut, again, strict=True):
            answers[index] = after or before
        for (canvas, _), answer in zip(requests, answers, strict=True):
            if answer is not None:
                canvas.answers.append(answer)

    def _answers(
        self, image: NDArray[np.float32], seeds: Sequence[tuple[int, int]], frames: Sequence[Frame], length_px: float
    ) -> list[_Answer | None]:
        """The mask under each seed as its frame shows it; None where there is none of a chromosome's size."""
        if not seeds:
            return []
        planes = [seed_plane(*frame.to_crop(*seed)) for frame, seed in zip(frames, seeds, strict=True)]
        probability = self.probabilities(extract(image, frames), torch.stack(planes))
        seeded = probability[:, 1] + probability[:, 3]
        shape = (image.shape[0], image.shape[1])
        answers: list[_Answer | None] = []
        for seed, frame, plane in zip(seeds, frames, seeded, strict=True):
            inside = frame.box.clip(shape)
            large = enlarge(plane, frame)[inside.shift(-frame.x0, -frame.y0).slices]
            mask = piece_at(large > self.settings.level, seed[0] - inside.y0, seed[1] - inside.x0)
            box = bounding_box(mask)
            if box is None or np.count_nonzero(mask) < self.settings.smallest * length_px**2:
                answers.append(None)
                continue
            placed = PlacedMask(box.shift(inside.x0, inside.y0), mask[box.slices])
            answers.append(_Answer(seed, inside, large, placed, float(large[mask].mean())))
        return answers

    def _choose(self, canvas: _Canvas, length_px: float) -> None:
        """Keep the best supported answers that explain new foreground; those chosen in earlier rounds may change."""
        answers = canvas.answers
        if not answers:
            return
        window = answers[0].placed.box
        for answer in answers[1:]:
            window = window.enclose(answer.placed.box)
        planes = np.stack([a.placed.within(window).ravel() for a in answers]).astype(np.float32)
        areas = planes.sum(axis=1)
        shared = planes @ planes.T
        alike = shared / np.maximum(areas[:, None] + areas[None, :] - shared, 1) >= self.settings.alike
        at = [(a.seed[0] - window.y0) * window.width + a.seed[1] - window.x0 for a in answers]
        in_window = np.array([_contains(window, a.seed) for a in answers])
        seeds_inside = (planes[:, np.where(in_window, at, 0)] > 0) & in_window[None, :]
        agreeing = (alike & seeds_inside).sum(axis=1)
        asked = seeds_inside.sum(axis=1)
        support = (agreeing + 0.5) / (asked + 1.0)
        rank = support * np.array([a.certainty for a in answers])
        explained = np.zeros(planes.shape[1], dtype=bool)
        found: list[Separated] = []
        for index in np.argsort(-rank, kind="stable"):
            mask = planes[index] > 0
            if np.count_nonzero(mask & ~explained) < self.settings.new_share * areas[index]:
                continue
            separated = self._consensus(
                [answers[j] for j in np.flatnonzero(alike[index])],
                answers[index],
                float(support[index]),
                int(asked[index]),
            )
            if separated.placed.area < self.settings.smallest * length_px**2:
                continue
            explained |= separated.placed.within(window).ravel()
            found.append(separated)
        canvas.found = _needed(found, self.settings.covered)

    def _consensus(self, alike: Sequence[_Answer], best: _Answer, support: float, asked: int) -> Separated:
        """Average the probabilities of the answers that agree, each where its frame sees."""
        box = best.placed.box
        for answer in alike:
            box = box.enclose(answer.placed.box)
        total = np.zeros((box.height, box.width), dtype=np.float32)
        times = np.zeros_like(total)
        for answer in alike:
            add(total, times, box, answer.seen, answer.probability)
        mean = total / np.maximum(times, 1)
        row, column = best.seed
        mask = piece_at(mean > self.settings.level, row - box.y0, column - box.x0)
        where = bounding_box(mask)
        if where is None:
            return Separated(best.placed, best.certainty, support, asked)
        placed = PlacedMask(where.shift(box.x0, box.y0), mask[where.slices])
        return Separated(placed, float(mean[mask].mean()), support, asked)

    def _answer(self, canvas: _Canvas, length_px: float) -> BoxAnswer:
        left = PlacedMask.from_dense(self._left(canvas, length_px), (canvas.window.y0, canvas.window.x0))
        return BoxAnswer(tuple(canvas.found), left)


def _needed(found: Sequence[Separated], covered: float) -> list[Separated]:
    """Drop masks that the others explain: the crossing of two chromosomes is none of its own. Weakest first."""
    kept = list(found)
    for candidate in sorted(found, key=lambda s: s.support * s.certainty):
        seen = any_within((other.placed for other in kept if other is not candidate), candidate.placed.box)
        if np.count_nonzero(seen & candidate.placed.mask) > covered * candidate.placed.area:
            kept.remove(candidate)
    return kept


def _contains(box: Box, seed: tuple[int, int]) -> bool:
    return box.y0 <= seed[0] < box.y1 and box.x0 <= seed[1] < box.x1


def _frame_around(answer: _Answer, frame: Frame) -> Frame:
    """A frame around a mask that `frame` cut, with room on the sides where it goes on."""
    box = answer.placed.box
    side = min(max(frame.side, round(RECENTRED_MARGIN * max(box.width, box.height))), round(WIDENED * frame.side))
    return frame_at((box.y0 + box.y1 - 1) / 2, (box.x0 + box.x1 - 1) / 2, side)
