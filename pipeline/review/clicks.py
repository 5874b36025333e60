"""A click on a slide: the chromosome under it, and a better one after further clicks."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from scipy import ndimage

from ... import weights
from ...core.box import Box
from ...core.device import choose_device
from ...core.errors import UsageError
from ...core.mask import EIGHT_CONNECTED, PlacedMask
from ...segmenter import Segmenter
from ...segmenter.crops import covering_frames, enlarge, nearest_frame
from ..detect import DetectedBoxes
from ..normalise import measure_slide
from ..result import SplitResult
from ..separate import SearchedSlide
from ..slide.slide import Slide
from .strokes import MAX_SEEDS

Seeds = Sequence[tuple[int, int]]
"""(row, column) in slide pixels."""


class Asker:
    """The segmenter, loaded when it is first asked."""

    def __init__(self, weights_folder: Path | None = None, device: str = "auto", threads: int | None = None) -> None:
        """weights_folder: None for the shipped ones. threads: of torch; None leaves it to torch."""
        self._folder, self._device, self._threads = weights_folder or weights.FOLDER, device, threads
        self._segmenter: Segmenter | None = None
        self._loading = threading.Lock()

    @property
    def segmenter(self) -> Segmenter:
        """The network, loaded once.

        Raises
        ------
        WeightsError
            Where weights are missing, altered or of another network.
        DeviceError
            Where this machine does not have the device.
        """
        with self._loading:
            if self._segmenter is None:
                if self._threads is not None:
                    torch.set_num_threads(self._threads)
                loaded = weights.load("segmenter", self._folder)
                self._segmenter = Segmenter.from_weights(loaded, device=choose_device(self._device))
            return self._segmenter


class ClickedSlide:
    """A slide on which clicks are answered. One click is answered at a time."""

    def __init__(self, asker: Asker, slide: Slide, known: SplitResult) -> None:
        """known: the slide's first answer, for its scale, its grey values and its clusters."""
        self._asker, self._slide, self._known = asker, slide, known
        self._searched: SearchedSlide | None = None
        self._busy = threading.Lock()
        self._clusters: dict[int, Box] = {}
        for chromosome in known.chromosomes:
            box = self._clusters.get(chromosome.cluster_id, chromosome.box_slide)
            self._clusters[chromosome.cluster_id] = box.enclose(chromosome.box_slide)

    def warm(self) -> None:
        """Load the network and measure the slide, so that the first click does not wait for it."""
        with self._busy:
            self._measured()
        _ = self._asker.segmenter

    def at(self, yes: Seeds, no: Seeds = ()) -> PlacedMask | None:
        """The chromosome that lies under some seeds and not under others; None where there is none.

        Parameters
        ----------
        yes
            Seeds of the chromosome that is meant.
        no
            Seeds of what does not belong to it: what belongs to them alone is left out, what both share stays.

        Returns
        -------
        PlacedMask or None
            In slide pixels. For one seed it is the answer of `Splitter.at`.

        Raises
        ------
        UsageError
            For no seed, too many, or one outside the slide.
        InputError
            Where the slide cannot be read there.
        """
        shape = self._slide.shape
        if not 1 <= len(yes) + len(no) <= MAX_SEEDS or not yes:
            raise UsageError(f"1 to {MAX_SEEDS} clicks are answered, at least one of them on the chromosome")
        for row, column in (*yes, *no):
            if not Box(0, 0, shape[1], shape[0]).holds(row, column):
                raise UsageError(f"the point {row, column} (row, column) lies outside a slide of {shape}")
        with self._busy:
            searched = self._measured()
            box = self._box_of(yes)
            region, image = searched.region_around(box)
            local = box.shift(-region.x0, -region.y0)
            seeds = [[(row - region.y0, column - region.x0) for row, column in some] for some in (yes, no)]
            if len(yes) == 1 and not no:
                found = self._asker.segmenter.at(image, local, seeds[0][0], searched.boxes.length_px)
                placed = found.placed if found else None
            else:
                placed = _agreed(self._asker.segmenter, image, local, seeds[0], seeds[1], searched.boxes.length_px)
        return None if placed is None else placed.shift(region.x0, region.y0)

    def _measured(self) -> SearchedSlide:
        if self._searched is None:
            normalisation = measure_slide(self._slide, self._known.normalisation.polarity)
            length = self._known.length_px or max(1.0, min(self._slide.shape) / 10)
            self._searched = SearchedSlide(self._slide, normalisation, DetectedBoxes((), length, True, 1.0))
        return self._searched

    def _box_of(self, yes: Seeds) -> Box:
        """What the network should see: the cluster that was clicked, or the surroundings, with all seeds."""
        row, column = yes[0]
        half = round((self._known.length_px or 30) / 2)
        under = [box for box in self._clusters.values() if box.holds(row, column)]
        box = max(under, key=lambda b: b.area, default=Box(column, row, column + 1, row + 1).grow(half))
        for row, column in yes[1:]:
            box = box.enclose(Box(column, row, column + 1, row + 1))
        return box.clip(self._slide.shape)


def _agreed(
    segmenter: Segmenter, image: NDArray[np.float32], box: Box, yes: Seeds, no: Seeds, length_px: float
) -> PlacedMask | None:
    """What seeds agree on: as much as any of `yes` claims, less what is more surely of one of `no` alone."""
    frames, cache = covering_frames(box, length_px), segmenter.cache(image)
    everywhere = Box(0, 0, image.shape[1], image.shape[0])
    seen = [nearest_frame(frames, row, column) for row, column in (*yes, *no)]
    crops = [frame.to_crop(*seed) for frame, seed in zip(seen, (*yes, *no), strict=True)]
    probability, _ = cache.answers(seen, crops)
    own, alien = np.zeros(image.shape, dtype=np.float32), np.zeros(image.shape, dtype=np.float32)
    for number, (frame, planes) in enumerate(zip(seen, probability, strict=True)):
        inside = frame.box.intersect(everywhere)
        if inside.is_empty:
            continue
        into, plane = (own, planes[1] + planes[3]) if number < len(yes) else (alien, planes[1])
        large = enlarge(plane, frame)[inside.shift(-frame.x0, -frame.y0).slices]
        into[inside.slices] = np.maximum(into[inside.slices], large)
    mask = (own > segmenter.settings.level) & (own > alien)
    for row, column in no:
        mask[row, column] = False
    parts, _ = ndimage.label(mask, structure=EIGHT_CONNECTED)
    reached = {int(parts[seed]) for seed in yes} - {0}
    return PlacedMask.from_dense(np.isin(parts, sorted(reached))) if reached else None
