from __future__ import annotations

import numpy as np
import pytest
from karyo_split.study.pair_intensities import analyse


def test_the_best_threshold_of_a_worked_example() -> None:
    labels = np.zeros((1, 88, 88), dtype=np.uint8)
    grey = np.zeros((1, 88, 88), dtype=np.uint8)
    labels[0, 0, :60], grey[0, 0, :60] = 1, 50
    labels[0, 1, :20], grey[0, 1, :20] = 2, 120
    labels[0, 2, :30], grey[0, 2, :30] = 3, 120
    labels[0, 3, :10], grey[0, 3, :10] = 3, 40
    found = analyse(grey, labels)
    assert 50 < found.threshold <= 120
    assert found.iou == pytest.approx(30 / 60)  # 30 caught, 20 wrong, 10 missed
    assert found.accuracy == pytest.approx(90 / 120)
    assert found.commonest == pytest.approx(80 / 120)
    assert found.shared_area == pytest.approx(0.25)


def test_separate_intensities_need_one_threshold_only() -> None:
    labels = np.tile(np.array([1, 3], dtype=np.uint8), (2, 88, 44))
    found = analyse(labels * 60, labels)
    assert (found.iou, found.accuracy, found.shared_area) == (1.0, 1.0, 0.0)


def test_a_set_without_overlaps_has_no_threshold() -> None:
    labels = np.ones((1, 88, 88), dtype=np.uint8)
    with pytest.raises(ValueError, match="overlaps"):
        analyse(labels, labels)
