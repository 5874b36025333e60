from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch
from karyo_split.core.box import Box
from karyo_split.core.errors import WeightsError
from karyo_split.core.mask import PlacedMask
from karyo_split.pipeline.scoring.candidate import Candidate
from karyo_split.pipeline.scoring.features import FEATURE_NAMES, mask_features, rim_contrast
from karyo_split.pipeline.scoring.scorer import Scorer
from karyo_split.pipeline.scoring.scoring_network import ScoringNetwork, fit_scoring_network
from karyo_split.weights import LoadedWeights

from karyo_split import weights


def rod(row: int, column: int, height: int = 40, width: int = 10) -> PlacedMask:
    return PlacedMask(Box(column, row, column + width, row + height), np.ones((height, width), dtype=bool))


def column(rows: np.ndarray, name: str) -> np.ndarray:
    return rows[:, FEATURE_NAMES.index(name)]


def test_features_are_relative_to_the_slide() -> None:
    found = [
        Candidate(rod(10, 10), 0.9),
        Candidate(rod(10, 60), 0.9),
        Candidate(rod(100, 60, 40, 20), 0.9, brightness=1.0),
    ]
    rows = mask_features(found, (200, 200), 40.0)
    assert rows.shape == (3, len(FEATURE_NAMES))
    assert column(rows, "log area") == pytest.approx([0, 0, np.log(2)])
    assert column(rows, "log long side") == pytest.approx([0, 0, 0])
    assert column(rows, "log brightness") == pytest.approx([0, 0, np.log(2)])
    assert column(rows, "log cluster size") == pytest.approx([0, 0, 0])
    doubled = [Candidate(PlacedMask(f.placed.box, f.placed.mask), f.score, brightness=2 * f.brightness) for f in found]
    assert column(mask_features(doubled, (200, 200), 40.0), "log brightness") == pytest.approx([0, 0, np.log(2)])


def test_features_know_clusters_overlaps_and_edges() -> None:
    rows = mask_features(
        [Candidate(rod(0, 10), 1.0), Candidate(rod(30, 10), 1.0), Candidate(rod(90, 90), 1.0)], (200, 200), 40.0
    )
    assert column(rows, "log cluster size") == pytest.approx([np.log(2), np.log(2), 0])
    assert column(rows, "share overlapped") == pytest.approx([0.25, 0.25, 0])
    assert column(rows, "edge").tolist() == [1, 0, 0]


def test_no_masks_have_no_features() -> None:
    assert mask_features([], (10, 10), 35.0).shape == (0, len(FEATURE_NAMES))


def test_the_rim_stands_out_from_the_background_but_not_from_a_neighbour() -> None:
    image = np.zeros((100, 100), np.float32)
    image[20:60, 20:40] = 0.7
    left, right = rod(20, 20), rod(20, 30)
    assert rim_contrast(image, left, [left, right]) == pytest.approx(0.7)
    assert rim_contrast(np.full((100, 100), 0.7, np.float32), left, [left]) == pytest.approx(0, abs=1e-6)


@pytest.fixture(scope="module")
def fitted() -> tuple[ScoringNetwork, np.ndarray, np.ndarray]:
    rng = np.random.default_rng(0)
    rows = rng.random((1200, len(FEATURE_NAMES))).astype(np.float32)
    right = rng.random(1200) < np.where(rows[:, 0] * rows[:, 9] > 0.25, 0.95, 0.1)
    return fit_scoring_network(rows, right), rows, right


def test_the_fit_tells_right_from_wrong(fitted: tuple[ScoringNetwork, np.ndarray, np.ndarray]) -> None:
    network, rows, right = fitted
    answers = network.probabilities(rows)
    assert np.mean((answers > 0.5) == right) > 0.85
    assert abs(answers.mean() - right.mean()) < 0.03


def test_a_fit_can_be_stored_and_repeated(fitted: tuple[ScoringNetwork, np.ndarray, np.ndarray]) -> None:
    network, rows, right = fitted
    stored = LoadedWeights(replace(weights.entry_named("confidence"), calibration=()), network.state_dict())
    again = Scorer.from_weights(stored).network
    assert np.array_equal(again.probabilities(rows), network.probabilities(rows))
    assert np.allclose(fit_scoring_network(rows, right).probabilities(rows), network.probabilities(rows))
    with pytest.raises(WeightsError, match="do not fit"):
        Scorer.from_weights(replace(stored, tensors={"low": torch.zeros(3)}))


def test_features_beyond_what_was_seen_counts_as_its_extreme(
    fitted: tuple[ScoringNetwork, np.ndarray, np.ndarray],
) -> None:
    network, rows, _ = fitted
    far = rows[:1].copy()
    far[0, 0], near = 100.0, rows[:1].copy()
    near[0, 0] = rows[:, 0].max()
    assert network.probabilities(far) == pytest.approx(network.probabilities(near))


def test_a_fit_needs_right_and_wrong_masks() -> None:
    with pytest.raises(ValueError, match="right and wrong"):
        fit_scoring_network(np.zeros((5, len(FEATURE_NAMES)), np.float32), np.ones(5, dtype=bool))


class ByBrightness(ScoringNetwork):
    def probabilities(self, rows: np.ndarray) -> np.ndarray:
        return np.clip(column(rows, "log brightness") + 0.5, 0, 1).astype(float)


def test_what_touches_a_mask_that_was_left_out_is_unresolved() -> None:
    found = [
        Candidate(rod(10, 10), 0.9, brightness=1.0),
        Candidate(rod(10, 20), 0.9, brightness=0.5),
        Candidate(rod(90, 90), 0.9, brightness=1.0),
    ]
    scorer = Scorer(ByBrightness(), ((0.0, 0.0), (0.5, 0.9)), 0.95, 0.2)
    kept, left_out = scorer.divide(found, (200, 200), 40.0)
    assert [f.placed.box for f in left_out] == [found[1].placed.box]
    assert [(f.score, f.unresolved) for f in kept] == [(0.9, True), (0.9, False)]
