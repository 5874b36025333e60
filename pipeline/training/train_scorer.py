"""From folders of truth to the scorer's weights: how likely a mask is right, given all that is known of it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ... import weights
from ...core.errors import TruthError
from ...datasets import AnnotatedSlide
from ...datasets.boxed_slide import BoxedSlide
from ...datasets.gband import read_gband
from ...datasets.read_truth import has_boxes, training_and_validation, truth_name
from ..evaluation.box_scores import matched_boxes, with_usual_air
from ..evaluation.comparison import SlideComparison
from ..evaluation.error_stages import on_background
from ..evaluation.slide_scores import matches
from ..scoring.calibration import fit_calibration, keep_threshold, review_threshold
from ..scoring.candidate import Candidate
from ..scoring.features import FEATURE_NAMES, mask_features
from ..scoring.scorer import Scorer
from ..scoring.scoring_network import ScoringNetwork, fit_scoring_network
from ..settings import SplitSettings
from ..split import Splitter
from .provenance import entry_of

MAX_ON_BACKGROUND = 0.2
"""Where more of a slide's masks lie on nothing, its truth leaves out a metaphase."""
MAX_SLIDES = 64
"""Of a folder no more slides, evenly spread, are split to fit the network: so no stain outweighs the others."""
NOTHING_COMPLETE = "no slide's truth is complete enough to calibrate with: annotate all their chromosomes"
FOLDS = 5
"""Parts into which the validation slides are divided for cross-fitting."""
RIGHT_IOU = 0.5
"""From this IoU with a true mask, or with a true box, a mask is right."""


@dataclass(frozen=True)
class FittedScorer:
    """What came of fitting a scorer."""

    masks: int
    """Masks of the validation slides, which calibrate it."""
    right: float
    """Share of them that is right, 0..1."""
    review_below: float
    """Chromosomes with a lower score will be flagged."""


@dataclass(frozen=True, eq=False)
class _ScoredMasks:
    """Features of masks, and whether each is right."""

    rows: NDArray[np.float32]
    """float32, shape (N, features)."""
    right: NDArray[np.bool_]
    """bool, shape (N,)."""
    true: int
    """True chromosomes of their slides."""

    @classmethod
    def of(cls, parts: Sequence[_ScoredMasks]) -> _ScoredMasks:
        rows, right = np.concatenate([p.rows for p in parts]), np.concatenate([p.right for p in parts])
        return cls(rows, right, sum(p.true for p in parts))


def train_scorer(
    truths: Sequence[Path], folder: Path, device: str, threads: int | None, report: Callable[[str], None]
) -> FittedScorer:
    """Fit the scorer of the weights in a folder, and write it beside them as "confidence".

    Its network learns on training and validation slides: on the first the networks behind the masks make fewer errors
    than they will make. Its calibration and its thresholds come from validation slides, each judged by a network that
    was fitted without it (cross-fitting). The review threshold is the strictest that a folder of truth asks for: what
    is enough for one stain is not for another.

    Parameters
    ----------
    truths
        Folders of M-FISH maps, of COCO files with their slides, or of the G-band set.
    folder
        Of the weights of a detector and a segmenter.
    device, threads
        What the networks run on, as `choose_device` takes it; threads of torch, None leaves them to torch.
    report
        Called with one line after each slide.

    Raises
    ------
    TruthError
        Where the truth cannot be used, or that of no slide is complete enough.
    WeightsError
        Where the weights cannot be used.
    """
    splitter = Splitter(SplitSettings(weights_folder=str(folder), device=device, threads=threads))
    slides = [_training_and_validation(truth) for truth in truths]
    learning = _scored_masks([s for training, _ in slides for s in _spread(training)], splitter, report)
    validating = [_scored_masks(validation, splitter, report) for _, validation in slides if validation]
    if not validating:
        raise TruthError(NOTHING_COMPLETE)
    every = [slide for part in validating for slide in part]
    raw = np.concatenate(_held_out(learning, every))
    parts = [_ScoredMasks.of(part) for part in validating]
    right = [part.right for part in parts]
    all_right = np.concatenate(right)
    scorer = Scorer(_fitted([*learning, *every]), fit_calibration(raw, all_right))
    fitted = np.split(scorer.calibrated(raw), np.cumsum([len(part) for part in right])[:-1])
    what = f"{len(FEATURE_NAMES)} features per mask"
    data = "; ".join(truth_name(truth) for truth in truths)
    command = f"karyo-split train calibration{' TRUTH' * len(truths)}"
    entry = replace(
        entry_of("confidence", data, what, command, {}),
        calibration=scorer.calibration,
        review_below=max(map(review_threshold, fitted, right)),
        config={"keep_from": keep_threshold(fitted, right, [part.true for part in parts])},
    )
    weights.save(entry, scorer.network.state_dict(), folder)
    return FittedScorer(len(all_right), float(all_right.mean()), entry.review_below)


def _fitted(slides: Sequence[_ScoredMasks]) -> ScoringNetwork:
    masks = _ScoredMasks.of(slides)
    return fit_scoring_network(masks.rows, masks.right)


def _held_out(learning: Sequence[_ScoredMasks], validating: Sequence[_ScoredMasks]) -> list[NDArray[np.float64]]:
    """The raw scores of each validation slide's masks, from a network that was fitted without that slide."""
    raw: list[NDArray[np.float64]] = [np.zeros(0)] * len(validating)
    for fold in range(FOLDS):
        places = range(fold, len(validating), FOLDS)
        if places:
            others = [slide for place, slide in enumerate(validating) if place not in places]
            network = _fitted([*learning, *others])
            for place in places:
                raw[place] = network.probabilities(validating[place].rows)
    return raw


def _training_and_validation(
    truth: Path,
) -> tuple[Sequence[AnnotatedSlide | BoxedSlide], Sequence[AnnotatedSlide | BoxedSlide]]:
    if has_boxes(truth):
        return list(read_gband(truth, "train")), list(read_gband(truth, "validation"))
    return training_and_validation(truth)


def _spread(slides: Sequence[AnnotatedSlide | BoxedSlide]) -> list[AnnotatedSlide | BoxedSlide]:
    """All slides, or `MAX_SLIDES` of them, evenly spread."""
    places = np.linspace(0, len(slides) - 1, min(len(slides), MAX_SLIDES)).astype(int)
    return [slides[place] for place in places]


def _scored_masks(
    slides: Sequence[AnnotatedSlide | BoxedSlide], splitter: Splitter, report: Callable[[str], None]
) -> list[_ScoredMasks]:
    """Features of every mask that the networks find on some slides, and whether it is right, slide by slide.

    Slides whose truth is incomplete are left out: there right masks count as wrong.
    """
    parts = []
    for slide in slides:
        found, length = splitter.find(slide.image_path)
        right = _right_by_boxes(slide, found) if isinstance(slide, BoxedSlide) else _right_by_masks(slide, found)
        if right is None:
            report(f"{slide.name}: many of its {len(found)} masks lie where the truth has nothing: left out")
            continue
        true = len(slide.boxes if isinstance(slide, BoxedSlide) else slide.chromosomes)
        parts.append(_ScoredMasks(mask_features(found, slide.shape, length), right, true))
        report(f"{slide.name}: {int(right.sum())} of {len(found)} masks right")
    if parts and not any(len(part.right) for part in parts):
        raise TruthError("these weights find no mask on any slide: there is nothing to calibrate")
    if not parts:
        raise TruthError(NOTHING_COMPLETE)
    return parts


def _right_by_masks(slide: AnnotatedSlide, found: Sequence[Candidate]) -> NDArray[np.bool_] | None:
    """Which masks are right; None where the truth leaves out a metaphase."""
    comparison = SlideComparison(
        slide.name, slide.shape, slide.chromosomes, tuple(c.placed for c in found), tuple(c.score for c in found)
    )
    return None if on_background(comparison) > MAX_ON_BACKGROUND else matches(comparison)


def _right_by_boxes(slide: BoxedSlide, found: Sequence[Candidate]) -> NDArray[np.bool_]:
    """Which masks are right, as far as boxes can tell."""
    right = np.zeros(len(found), dtype=bool)
    aired = with_usual_air(slide.boxes, [c.placed.box for c in found])
    right[[mask for _, mask in matched_boxes(slide.boxes, aired, RIGHT_IOU)]] = True
    return right
