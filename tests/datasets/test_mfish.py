from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import tifffile
from karyo_split.core.clusters import clusters_of
from karyo_split.core.errors import TruthError
from karyo_split.datasets.mfish import chromosomes_of, read_mfish, split_of


def crossing_map() -> np.ndarray:
    """A vertical 1 and a horizontal 2 that cross in a 4 x 4 overlap; a lone 3."""
    labels = np.zeros((40, 60), dtype=np.uint8)
    labels[4:30, 10:14] = 1
    labels[15:19, 2:26] = 2
    labels[15:19, 10:14] = 255
    labels[5:20, 40:45] = 3
    return labels


def test_a_crossing_gives_each_chromosome_both_arms_and_the_shared_overlap() -> None:
    first, second, lone = chromosomes_of(crossing_map())
    assert first.area == 26 * 4
    assert second.area == 24 * 4
    assert lone.area == 15 * 5
    assert clusters_of([first, second, lone]) == [(0, 1), (2,)]


def test_fragments_apart_are_two_chromosomes_and_crumbs_are_dropped() -> None:
    labels = np.zeros((30, 60), dtype=np.uint8)
    labels[2:10, 2:10] = 7
    labels[2:10, 30:38] = 7
    labels[20:21, 20:25] = 7  # 5 px: no fragment
    labels[20:24, 40:46] = 8  # 24 px: no chromosome
    assert [m.area for m in chromosomes_of(labels)] == [64, 64]


def test_one_fragment_can_hold_several_others_together() -> None:
    labels = np.zeros((20, 60), dtype=np.uint8)
    labels[5:10, 2:50] = 4
    for column in (12, 30):
        labels[0:18, column : column + 3] = 9
        labels[5:10, column : column + 3] = 255
    assert sorted(m.area for m in chromosomes_of(labels)) == [18 * 3, 18 * 3, 48 * 5]


@pytest.mark.parametrize("wrong", [np.zeros((4, 4, 3), np.uint8), np.full((9, 9), 40, np.uint8)])
def test_what_is_no_class_map_is_refused(wrong: np.ndarray) -> None:
    with pytest.raises(TruthError):
        chromosomes_of(wrong)


def test_splits_go_by_slide() -> None:
    assert [split_of(n) for n in ("A0501XYD", "A2301XYD", "V1301XYD")] == ["validation", "test", "train"]


def test_reader_pairs_images_with_maps(tmp_path: Path) -> None:
    for name in ("A0101XY", "A0501XY"):
        tifffile.imwrite(tmp_path / f"{name}K.tif", crossing_map())
        tifffile.imwrite(tmp_path / f"{name}D.tif", np.zeros((40, 60), np.uint8))
    tifffile.imwrite(tmp_path / "A2301EXD.tif", np.zeros((40, 60), np.uint8))
    assert [s.name for s in read_mfish(tmp_path)] == ["A0101XYD", "A0501XYD"]
    assert [s.name for s in read_mfish(tmp_path, "validation")] == ["A0501XYD"]
    with pytest.raises(TruthError, match="no slide of split 'test'"):
        list(read_mfish(tmp_path, "test"))
    with pytest.raises(TruthError, match="unknown split"):
        list(read_mfish(tmp_path, "tset"))


def test_real_maps_have_the_clusters_that_are_known(mfish: Path) -> None:
    slides = list(read_mfish(mfish, "test"))
    sizes = [len(c) for s in slides for c in clusters_of(s.chromosomes)]
    assert len(slides) == 30
    assert (sizes.count(1), sizes.count(2)) == (964, 88)
