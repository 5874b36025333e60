from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import tifffile
from hypothesis import given
from hypothesis import strategies as st
from karyo_split.core.errors import OutputError
from karyo_split.core.mask import PlacedMask, intersection_area
from karyo_split.pipeline.records import Chromosome, NormalisationInfo
from karyo_split.pipeline.result import SplitResult
from karyo_split.pipeline.writers.label_layers import MAX_IDS, LabelLayers, write_layers
from numpy.typing import NDArray

from ...strategies import placed_masks

SHAPE = (131, 117)


def chromosomes_of(masks: list[PlacedMask]) -> list[Chromosome]:
    return [Chromosome(i, m.box, m.mask, 0.9, 1, m.area, 0) for i, m in enumerate(masks, start=1)]


def assembled(layers: LabelLayers, step: int, side: int) -> NDArray[np.uint16]:
    """The tiles put together again: uint16 (layers, rows, columns)."""
    rows, columns = layers.level_shape(step)
    down, across = -(-rows // side), -(-columns // side)
    tiles = np.stack(list(layers.tiles(step, side))).reshape(len(layers.layers), down, across, side, side)
    return tiles.swapaxes(2, 3).reshape(len(layers.layers), down * side, across * side)[:, :rows, :columns]


MASKS = st.lists(placed_masks(low=0, high=80, largest=30), max_size=8)


@given(MASKS, st.sampled_from([16, 32, 48, 256]))
def test_every_chromosome_is_whole_in_one_layer_whatever_the_tile(masks: list[PlacedMask], side: int) -> None:
    chromosomes = chromosomes_of(masks)
    layers = LabelLayers.of(chromosomes, SHAPE)
    dense = assembled(layers, 1, side)
    for chromosome in chromosomes:
        homes = [layer for layer in dense if (layer == chromosome.id).any()]
        assert len(homes) == 1
        assert np.array_equal(homes[0][chromosome.box_slide.slices] == chromosome.id, chromosome.mask)
    assert np.count_nonzero(dense) == sum(c.area_px for c in chromosomes)


@given(MASKS)
def test_a_layer_more_only_where_masks_overlap(masks: list[PlacedMask]) -> None:
    overlap = any(intersection_area(a, b) for i, a in enumerate(masks) for b in masks[:i])
    assert (len(LabelLayers.of(chromosomes_of(masks), SHAPE).layers) > 1) == overlap


@given(MASKS, st.sampled_from([2, 4, 8]))
def test_reduced_copies_keep_every_second_pixel(masks: list[PlacedMask], step: int) -> None:
    layers = LabelLayers.of(chromosomes_of(masks), SHAPE)
    assert np.array_equal(assembled(layers, step, 16), assembled(layers, 1, 256)[:, ::step, ::step])


def test_a_large_slide_gets_a_pyramid(tmp_path: Path) -> None:
    shape = (2500, 4200)
    rod = Chromosome(7, *_rod(900, 3000), 0.9, 1, 400, 0)
    result = SplitResult("s", shape, None, (rod,), (), 35.0, NormalisationInfo("bright", 1, 0))
    write_layers(result, tmp_path / "a.ome.tif")
    write_layers(result, tmp_path / "b.ome.tif")
    assert (tmp_path / "a.ome.tif").read_bytes() == (tmp_path / "b.ome.tif").read_bytes()
    with tifffile.TiffFile(tmp_path / "a.ome.tif") as file:
        assert file.is_ome
        levels = [level.shape for level in file.series[0].levels]
        assert [shape[-2:] for shape in levels] == [(2500, 4200), (1250, 2100), (625, 1050), (313, 525)]
        whole = file.series[0].levels[0].asarray()
        assert np.count_nonzero(whole == 7) == 400
        assert np.array_equal(file.series[0].levels[2].asarray(), whole[..., ::4, ::4])


def test_more_chromosomes_than_sixteen_bits_number_are_refused() -> None:
    with pytest.raises(OutputError, match="65535"):
        LabelLayers.of([Chromosome(MAX_IDS + 1, *_rod(0, 0), 0.9, 1, 400, 0)], (100, 100))


def _rod(row: int, column: int):  # type: ignore[no-untyped-def]
    from karyo_split.core.box import Box

    return Box(column, row, column + 10, row + 40), np.ones((40, 10), dtype=bool)
