"""Slides as the detector's training sees them: at the scale of its work, with what else lies on slides around them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from ...core.box import Box
from ...core.grey_scale import as_uint8
from ...core.mask import PlacedMask, any_within
from ...datasets.boxed_slide import BoxedSlide
from ...datasets.gband import read_gband
from ...datasets.read_truth import has_boxes, training_and_validation
from ...datasets.simulate import STAINS, SlideRecipe, simulate_slide
from ...datasets.simulate.burnt_in import burn_in
from ...detector.yolo_dataset import LabelledSlide
from ..detect import resample
from ..slide.slide import to_grey
from ..working_scale import WORKING_LENGTH_PX
from .box_truth import masks_from_boxes
from .prepared_slides import PreparedSlide, prepare, prepared
from .training_slides import MIN_MEASURED, normalised

LENGTH_SPREAD = 0.2
"""Standard deviation of the logarithm of the scale at which a slide is shown, beside the trainer's own."""
EMPTY_SHARE, MARKED_SHARE = 0.08, 0.5
"""Shares of the simulated slides without a chromosome, and of those with burnt-in marks."""
MAX_MARKED = 0.2
"""A chromosome of which marks hide more is none to be found."""
MARKS = ("text", "scale bar", "arrows", "frame", "numbers", "hot pixels")


def labelled_slides(
    folders: Sequence[Path], simulated: int, seed: int
) -> tuple[Iterator[LabelledSlide], Iterator[LabelledSlide]]:
    """Read folders of truth for the detector's training.

    Parameters
    ----------
    folders
        Each of M-FISH maps, of COCO files with their slides, or of the G-band set.
    simulated
        Simulated slides to add to the training.
    seed
        Of the first simulated slide.

    Returns
    -------
    training, validation
        Slides that are read one after the other.
    """
    return _parts(folders, "train", simulated, seed), _parts(folders, "validation", 0, seed)


def _parts(folders: Sequence[Path], part: str, simulated: int, seed: int) -> Iterator[LabelledSlide]:
    for folder in folders:
        if has_boxes(folder):
            yield from labelled_with_boxes(read_gband(folder, part))
        else:
            training, validation = training_and_validation(folder)
            yield from labelled_with_masks(prepare(training if part == "train" else validation))
    for number in range(simulated):
        yield labelled_simulation(seed + number)


def labelled_with_masks(slides: Iterable[PreparedSlide]) -> Iterator[LabelledSlide]:
    """Slides with masks, at their own scale."""
    for slide in slides:
        yield LabelledSlide(slide.name, as_uint8(slide.image), slide.masks, slide.clusters)


def labelled_with_boxes(slides: Iterable[BoxedSlide]) -> Iterator[LabelledSlide]:
    """Slides with boxes: lone chromosomes by their masks, the others by what is foreground in their boxes."""
    for number, slide in enumerate(slides):
        image, _ = normalised(slide)
        truth = masks_from_boxes(image, slide.boxes)
        lone = [truth.regions[c[0]].box for c in truth.clusters if len(c) == 1]
        length = float(np.median([b.long_side for b in lone])) if len(lone) >= MIN_MEASURED else truth.length_px
        scaled = LabelledSlide(slide.name, as_uint8(image), truth.regions, truth.clusters)
        yield at_working_scale(scaled, image, length, np.random.default_rng([2, number]))


def labelled_simulation(seed: int) -> LabelledSlide:
    """A simulated slide: of four two are hard to separate, some hold no chromosome, half bear burnt-in marks."""
    rng = np.random.default_rng([5, seed])
    empty = rng.random() < EMPTY_SHARE
    recipe = SlideRecipe(
        seed=seed,
        stain=STAINS[seed % 2],
        hard=seed % 4 >= 2,
        chromosomes=0 if empty else 46,
        nuclei=int(rng.integers(3, 14)) if empty else None,
        debris=int(rng.integers(0, 40)) if empty or rng.random() < 0.3 else None,
    )
    drawn = simulate_slide(recipe)
    image, masks = drawn.image, list(drawn.chromosomes)
    if rng.random() < MARKED_SHARE:
        marks = tuple(str(kind) for kind in rng.choice(MARKS, size=int(rng.integers(1, 3)), replace=False))
        image = burn_in(image, marks, rng, any_within(masks, Box(0, 0, recipe.shape[1], recipe.shape[0])))
        marked = (image != drawn.image).reshape(*recipe.shape, -1).any(axis=2)
        masks = [m for m in masks if marked[m.box.slices][m.mask].mean() <= MAX_MARKED]
    slide = prepared(f"simulated-{seed}", to_grey(image), masks)
    labelled = LabelledSlide(slide.name, as_uint8(slide.image), slide.masks, slide.clusters)
    return at_working_scale(labelled, slide.image, slide.length_px, rng)


def at_working_scale(
    slide: LabelledSlide, image: NDArray[np.float32], length_px: float, rng: Generator
) -> LabelledSlide:
    """A slide near the scale at which slides are searched, its truth with it.

    Parameters
    ----------
    slide
        At its own scale.
    image
        float32, shape (rows, columns), its pixels before they became uint8.
    length_px
        Typical length of its chromosomes.
    rng
        Draws how near.
    """
    zoom = WORKING_LENGTH_PX / length_px * float(np.exp(rng.normal(0, LENGTH_SPREAD)))
    scaled = resample(image, zoom)
    masks = {i: m for i, placed in enumerate(slide.masks) if (m := _resized(placed, zoom, scaled.shape)) is not None}
    number = {index: place for place, index in enumerate(masks)}
    clusters = (tuple(number[i] for i in members if i in number) for members in slide.clusters)
    return LabelledSlide(slide.name, as_uint8(scaled), tuple(masks.values()), tuple(c for c in clusters if c))


def _resized(placed: PlacedMask, zoom: float, shape: tuple[int, ...]) -> PlacedMask | None:
    mask = resample(placed.mask.astype(np.float32), zoom) > 0.4
    box = Box(0, 0, mask.shape[1], mask.shape[0]).shift(round(placed.box.x0 * zoom), round(placed.box.y0 * zoom))
    inside = box.clip((shape[0], shape[1]))
    seen = mask[: inside.height, : inside.width]
    return PlacedMask(inside, seen) if not inside.is_empty and seen.any() else None
