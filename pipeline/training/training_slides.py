"""Slides as the segmenter's training sees them, and the mixture of scenes that they give."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ...core.box import Box
from ...core.errors import TruthError
from ...core.mask import PlacedMask
from ...datasets.boxed_slide import BoxedSlide
from ...datasets.gband import read_gband
from ...datasets.read_truth import has_boxes, training_and_validation, truth_name
from ...datasets.simulate import STAINS, SlideRecipe, simulate_slide
from ...segmenter.training.examples import Scenes
from ...segmenter.training.scene import TrainingSlide
from ...segmenter.training.scene_sources import MIN_LONE, ComposedScenes, MixedScenes, SimulatedScenes, SlideScenes
from ...segmenter.training.synthetic_pairs import SyntheticPairs, lending
from ..normalise import measure
from ..slide.slide import Slide, to_grey
from ..split import Splitter
from .box_truth import BoxTruth, masks_from_boxes
from .prepared_slides import SIMULATION_SEED, PreparedSlide, prepare, prepared
from .verified_clusters import verified_clusters, without

COMPOSED_OF_BOXED, COMPOSED_OF_VERIFIED = 0.8, 0.6
"""Share of composed scenes of slides with boxes: their real clusters have no masks, or only verified ones."""
MIN_MEASURED = 4
"""Lone chromosomes from which a slide's typical length is measured."""


@dataclass(frozen=True, eq=False)
class TrainingScenes:
    """What a training draws its crops from."""

    training: Scenes
    """Of all folders of truth and of simulated slides."""
    validation: dict[str, Scenes]
    """By the folder's name; empty where no folder has slides to validate with."""
    data: str
    """What the slides are, for the manifest."""


def training_scenes(
    folders: Sequence[Path], simulated_share: float, pairs_share: float, verifier: Splitter | None = None
) -> TrainingScenes:
    """Read folders of truth for the segmenter's training.

    Parameters
    ----------
    folders
        Each of M-FISH maps, of COCO files with their slides, or of the G-band set.
    simulated_share
        Share of the crops that come from an endless row of simulated slides, 0 to 1; the folders share the rest alike.
    pairs_share
        Share of the folders' crops that are two lone chromosomes of a fluorescence slide with masks, laid on each other
        so that their light adds up exactly, 0 to 1; none where no such slide has two.
    verifier
        Its masks of real clusters are truth where boxes confirm them; None takes none.

    Raises
    ------
    TruthError
        Where a folder cannot be used, or none is given and nothing is simulated.
    """
    sources: list[Scenes] = []
    lenders: list[TrainingSlide] = []
    validation: dict[str, Scenes] = {}
    for number, folder in enumerate(folders, start=1):
        if has_boxes(folder):
            boxed = slides_with_boxes(read_gband(folder, "train"), verifier)
            slides = [s for s in boxed if len(s.lone) >= MIN_LONE]
            others = slides_with_boxes(read_gband(folder, "validation", may_be_empty=True))
            validating = [s for s in others if len(s.lone) >= MIN_LONE]
            source = SlideScenes(slides, COMPOSED_OF_VERIFIED if verifier else COMPOSED_OF_BOXED)
            scenes_to_validate: Scenes = ComposedScenes(validating)
        else:
            training, other = training_and_validation(folder)
            slides, validating = slides_with_masks(prepare(training)), slides_with_masks(prepare(other))
            source, scenes_to_validate = SlideScenes(slides), SlideScenes(validating)
            lenders += lending(slides)
        if not any(set(members) - slide.ambiguous for slide in slides for members in slide.clusters):
            raise TruthError(
                f"{folder} has no chromosome to learn from: slides with masks, or with {MIN_LONE} lone boxes"
            )
        sources.append(source)
        if validating:
            name = folder.resolve().name
            validation[f"{name}-{number}" if name in validation else name] = scenes_to_validate
    shares = [(1 - simulated_share) / len(sources)] * len(sources) if sources else []
    names = [truth_name(folder) for folder in folders]
    if lenders and pairs_share > 0:
        shares = [share * (1 - pairs_share) for share in shares] + [(1 - simulated_share) * pairs_share]
        sources.append(SyntheticPairs(lenders))
        names.append(
            f"pairs made from lone chromosomes of {len(lenders)} slides with masks: {shares[-1]:.2g} of the crops"
        )
    if simulated_share > 0:
        sources.append(SimulatedScenes(simulated_slide))
        shares.append(simulated_share if shares else 1.0)
        names.append(f"simulated slides, seeds from {SIMULATION_SEED}: {simulated_share:g} of the crops")
    if not sources:
        raise TruthError("name a folder of slides with truth, or a share of simulated ones")
    return TrainingScenes(MixedScenes(sources, shares), validation, "; ".join(names))


def slides_with_masks(slides: Iterable[PreparedSlide]) -> list[TrainingSlide]:
    """Slides with masks as the training sees them, without those that have none."""
    return [
        TrainingSlide(s.image, s.masks, s.clusters, s.length_px, s.ambiguous, s.absorbing) for s in slides if s.masks
    ]


def slides_with_boxes(slides: Iterable[BoxedSlide], verifier: Splitter | None = None) -> Iterator[TrainingSlide]:
    """Slides with boxes as the training sees them.

    Lone chromosomes are asked about, and the clusters that a verifier separates as the boxes say; all other
    foreground in the boxes is neighbours.

    Parameters
    ----------
    slides
        With a box for each chromosome.
    verifier
        Separates the real clusters; None takes none of them.
    """
    for slide in slides:
        image, absorbing = normalised(slide)
        truth = masks_from_boxes(image, slide.boxes)
        found = [c.placed for c in verifier.find(slide.image_path)[0]] if verifier else []
        verified = verified_clusters(slide.boxes, found, truth)
        yield boxed_training_slide(image, absorbing, truth, verified)


def boxed_training_slide(
    image: NDArray[np.float32],
    absorbing: bool,
    truth: BoxTruth,
    verified: Sequence[Sequence[PlacedMask]] = (),
) -> TrainingSlide:
    """A slide with boxes as the training sees it: lone chromosomes, verified clusters, and what is neither."""
    masks = list(truth.lone)
    clusters: list[tuple[int, ...]] = [(index,) for index in range(len(masks))]
    for members in verified:
        clusters.append(tuple(range(len(masks), len(masks) + len(members))))
        masks += members
    rest = without(truth.rest, masks[len(truth.lone) :])
    sides = [placed.box.long_side for placed in truth.lone]
    return TrainingSlide(
        image.astype(np.float16),
        (*masks, *rest),
        tuple(clusters),
        float(np.median(sides)) if len(sides) >= MIN_MEASURED else truth.length_px,
        frozenset(range(len(masks), len(masks) + len(rest))),
        absorbing,
    )


def normalised(slide: BoxedSlide) -> tuple[NDArray[np.float32], bool]:
    """Read and normalise a slide: float32, shape (rows, columns), and whether it is bright field."""
    everywhere = Box(0, 0, slide.shape[1], slide.shape[0])
    with Slide.open(slide.image_path) as opened:
        grey = opened.read(everywhere)
    scale = measure(grey, slide.shape)
    return scale.apply(grey, everywhere), scale.polarity == "dark"


def simulated_slide(number: int) -> TrainingSlide:
    """The simulated slide of a number: fluorescence and bright field in turn, of four three hard to separate."""
    recipe = SlideRecipe(seed=SIMULATION_SEED + number, stain=STAINS[number % 2], hard=number % 4 >= 1)
    drawn = simulate_slide(recipe)
    slide = prepared(f"simulated-{number}", to_grey(drawn.image), drawn.chromosomes)
    absorbing = recipe.stain == "giemsa"
    return TrainingSlide(slide.image, slide.masks, slide.clusters, slide.length_px, slide.ambiguous, absorbing)
