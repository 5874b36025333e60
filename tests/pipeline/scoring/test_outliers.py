from __future__ import annotations

from karyo_split.pipeline.scoring.candidate import Candidate
from karyo_split.pipeline.scoring.outliers import split_outliers

from ...strategies import rod


def test_nuclei_and_smears_are_told_from_chromosomes() -> None:
    rods = [Candidate(rod(10, 20 * i, 40, 8 + i % 3), 0.9, brightness=0.4 + 0.05 * i) for i in range(10)]
    nucleus, smear = Candidate(rod(100, 100, 50, 50), 0.9), Candidate(rod(200, 200, 40, 9), 0.9, brightness=0.05)
    kept, outliers = split_outliers([*rods, nucleus, smear])
    assert kept == rods
    assert outliers == [nucleus, smear]
    assert split_outliers([nucleus, smear, rods[0]])[1] == []
