"""masks.ome.tif: label layers, in none of which two masks overlap. Written tile by tile: no layer is ever whole."""

from __future__ import annotations

import uuid
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import tifffile
from numpy.typing import NDArray

from ...core.atomic import write_atomically
from ...core.box import Box
from ...core.errors import OutputError
from ...core.grid_index import GridIndex
from ...core.mask import PlacedMask, intersection_area
from ..records import Chromosome, SplitRecord

MAX_IDS = 65_535
TILE_PX = 256
MAX_LAST_LEVEL_PX = 1024
"""Reduced copies are added until the longer side is at most this."""
MAX_CLASSIC_BYTES = 2**31


def level_shape(shape: tuple[int, int], step: int) -> tuple[int, int]:
    """(rows, columns) of the copy of a slide that keeps every `step`-th pixel."""
    return -(-shape[0] // step), -(-shape[1] // step)


def pyramid_steps(shape: tuple[int, int]) -> list[int]:
    """1, 2, 4, ...: pixels of the slide, a side, in one of each level."""
    steps = [1]
    while max(level_shape(shape, steps[-1])) > MAX_LAST_LEVEL_PX:
        steps.append(2 * steps[-1])
    return steps


@dataclass(frozen=True, eq=False)
class LabelLayers:
    """Chromosomes by layers."""

    layers: tuple[tuple[Chromosome, ...], ...]
    """The chromosomes of each layer, none of which overlap; at least one layer."""
    shape: tuple[int, int]
    """(rows, columns) of the slide."""

    @classmethod
    def of(cls, chromosomes: Sequence[Chromosome], shape: tuple[int, int]) -> LabelLayers:
        """Put each chromosome, whole, into the first layer in which its pixels are free.

        Parameters
        ----------
        chromosomes
            In the order of their ids.
        shape
            (rows, columns) of the slide.

        Raises
        ------
        OutputError
            For more chromosomes than 16 bits can number.
        """
        if any(c.id > MAX_IDS for c in chromosomes):
            raise OutputError(f"label layers number at most {MAX_IDS} chromosomes: leave out --format labels")
        cells = GridIndex()
        layer_of: list[int] = []
        for index, chromosome in enumerate(chromosomes):
            near = cells.near(chromosome.box_slide)
            taken = {layer_of[i] for i in near if intersection_area(chromosomes[i].placed, chromosome.placed)}
            layer_of.append(next(layer for layer in range(len(taken) + 1) if layer not in taken))
            cells.add(index, chromosome.box_slide)
        members = [
            tuple(c for c, own in zip(chromosomes, layer_of, strict=True) if own == layer)
            for layer in range(1 + max(layer_of, default=0))
        ]
        return cls(tuple(members), shape)

    def level_shape(self, step: int) -> tuple[int, int]:
        """(rows, columns) of the copy that keeps every `step`-th pixel."""
        return level_shape(self.shape, step)

    def tiles(self, step: int = 1, side: int = TILE_PX) -> Iterator[NDArray[np.uint16]]:
        """The tiles of all layers, row by row, of the copy that keeps every `step`-th pixel: uint16, (side, side)."""
        rows, columns = self.level_shape(step)
        for members in self.layers:
            cells = GridIndex.of(chromosome.box_slide for chromosome in members)
            for y0 in range(0, rows, side):
                for x0 in range(0, columns, side):
                    window = Box(x0 * step, y0 * step, (x0 + side) * step, (y0 + side) * step)
                    tile = np.zeros((side, side), dtype=np.uint16)
                    for index in cells.near(window):
                        _paint(tile, members[index].placed, members[index].id, window, step)
                    yield tile


def _paint(tile: NDArray[np.uint16], placed: PlacedMask, number: int, window: Box, step: int) -> None:
    """Write a number where a mask lies under the tile's pixels."""
    shared = placed.box.intersect(window)
    y0, x0 = (-(-(shared.y0 - window.y0) // step), -(-(shared.x0 - window.x0) // step))
    seen = placed.mask[
        window.y0 + y0 * step - placed.box.y0 : max(0, shared.y1 - placed.box.y0) : step,
        window.x0 + x0 * step - placed.box.x0 : max(0, shared.x1 - placed.box.x0) : step,
    ]
    if not shared.is_empty and seen.size:
        tile[y0 : y0 + seen.shape[0], x0 : x0 + seen.shape[1]][seen] = number


def _compressed(tiles: Iterator[NDArray[np.uint16]]) -> Iterator[bytes]:
    """Tiles as tifffile writes them as they are; most of a large slide's are empty, and compressed once."""
    empty = zlib.compress(bytes(2 * TILE_PX**2))
    for tile in tiles:
        yield zlib.compress(tile.astype("<u2").tobytes()) if tile.any() else empty


def write_layers(result: SplitRecord, path: Path) -> None:
    """Write the layers of a result as a tiled, compressed OME-TIFF with axes CYX, a large one with a pyramid.

    Parameters
    ----------
    result
        What was found on the slide.
    path
        Of the file.
    """
    layers = LabelLayers.of(result.chromosomes, result.shape)
    count = len(layers.layers)
    steps = pyramid_steps(result.shape)

    def write(part: Path) -> None:
        big = 2 * count * result.shape[0] * result.shape[1] > MAX_CLASSIC_BYTES
        with tifffile.TiffWriter(part, ome=True, bigtiff=big, byteorder="<") as out:
            for step in steps:
                out.write(
                    _compressed(layers.tiles(step)),
                    shape=(count, *layers.level_shape(step)),
                    dtype=np.uint16,
                    photometric="minisblack",
                    tile=(TILE_PX, TILE_PX),
                    compression="zlib",
                    subifds=len(steps) - 1 if step == 1 else 0,
                    subfiletype=0 if step == 1 else 1,
                    metadata=_metadata(result, count) if step == 1 else None,
                )

    def check(part: Path) -> None:
        with tifffile.TiffFile(part) as file:
            series = file.series[0]
            if series.size != count * result.shape[0] * result.shape[1] or len(series.levels) != len(steps):
                raise ValueError(f"{series.shape} in {len(series.levels)} levels")

    write_atomically(path, write, check)


def _metadata(result: SplitRecord, layers: int) -> dict[str, object]:
    metadata: dict[str, object] = {
        "axes": "CYX",
        "Channel": {"Name": [f"layer {number}" for number in range(1, layers + 1)]},
        "UUID": str(uuid.uuid5(uuid.NAMESPACE_URL, f"{result.name} {result.shape} {len(result)}")),
    }
    if result.pixel_size_um is not None:
        metadata |= {
            "PhysicalSizeX": result.pixel_size_um,
            "PhysicalSizeXUnit": "µm",
            "PhysicalSizeY": result.pixel_size_um,
            "PhysicalSizeYUnit": "µm",
        }
    return metadata
