"""From a folder of truth to the scorer's weights: how likely a mask is right, given all that is known of it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ... import weights
from ...core.errors import TruthError
from ...datasets import AnnotatedSlide
from ...datasets.read_truth import training_and_validation, truth_name
from ..evaluation.comparison import SlideComparison
from ..evaluation.error_stages import on_background
from ..evaluation.slide_scores import matches
from ..scoring.calibration import fit_calibration, review_threshold
from ..scoring.features import FEATURE_NAMES, mask_features
from ..scoring.scorer import Scorer
from ..scoring.scoring_network import fit_scoring_network
from ..settings import SplitSettings
from ..split import Splitter
from .provenance import entry_of

MAX_ON_BACKGROUND = 0.2
"""Where more of a slide's masks lie on nothing, its truth leaves out a metaphase."""
MIN_KEPT_SCORE = 0.5
"""Masks with a lower calibrated score are left out: more of them are wrong than right."""


@dataclass(frozen=True)
class FittedScorer:
    """What came of fitting a scorer."""

    masks: int
    """Masks of the validation slides, which calibrate it."""
    right: float
    """Share of them that is right, 0..1."""
    review_below: float
    """Chromosomes with a lower score will be flagged."""


def train_scorer(
    truth: Path, folder: Path, device: str, threads: int | None, report: Callable[[str], None]
) -> FittedScorer:
    """Fit the scorer of the weights in a folder, and write it beside them as "confidence".

    Its network learns on the training slides; its calibration and its thresholds come from the validation slides.

    Parameters
    ----------
    truth
        Folder of M-FISH maps, or of COCO files with their slides.
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
    training, validation = training_and_validation(truth)
    rows, right = _scored_masks(training, splitter, report)
    network = fit_scoring_network(rows, right)
    rows, right = _scored_masks(validation, splitter, report)
    raw = network.probabilities(rows)
    pairs = fit_calibration(raw, right)
    fitted = Scorer(network, pairs).calibrated(raw)
    what = f"{len(FEATURE_NAMES)} features per mask"
    entry = replace(
        entry_of("confidence", truth_name(truth), what, "karyo-split train calibration TRUTH", {}),
        calibration=pairs,
        review_below=review_threshold(fitted, right),
        config={"keep_from": MIN_KEPT_SCORE},
    )
    weights.save(entry, network.state_dict(), folder)
    return FittedScorer(len(raw), float(right.mean()), entry.review_below)


def _scored_masks(
    slides: Sequence[AnnotatedSlide], splitter: Splitter, report: Callable[[str], None]
) -> tuple[NDArray[np.float32], NDArray[np.bool_]]:
    """Features of every mask that the networks find on some slides, and whether it is right.

    Slides whose truth is incomplete are left out: there right masks count as wrong.
    """
    rows, right = [], []
    for slide in slides:
        found, length = splitter.find(slide.image_path)
        comparison = SlideComparison(
            slide.name, slide.shape, slide.chromosomes, tuple(c.placed for c in found), tuple(c.score for c in found)
        )
        beside = on_background(comparison)
        if beside > MAX_ON_BACKGROUND:
            report(f"{slide.name}: {beside:.2f} of {len(found)} masks lie where the truth has nothing: left out")
            continue
        rows.append(mask_features(found, slide.shape, length))
        right.append(matches(comparison))
        report(f"{slide.name}: {int(right[-1].sum())} of {len(found)} masks right")
    if rows and not sum(map(len, rows)):
        raise TruthError("these weights find no mask on any slide: there is nothing to calibrate")
    if not rows:
        raise TruthError("no slide's truth is complete enough to calibrate with: annotate all their chromosomes")
    return np.concatenate(rows), np.concatenate(right)
