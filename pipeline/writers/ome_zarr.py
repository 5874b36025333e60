"""slide.ome.zarr: the slide and its label layers, as OME-NGFF 0.5 on zarr 3 (ngff.openmicroscopy.org/0.5).

The image has axes y and x and a pyramid; below labels/ there is one label image per layer, with the same pyramid.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...core.atomic import write_folder
from ...core.box import Box
from ..records import Chromosome, SplitRecord
from ..slide.slide import Slide
from .label_layers import LabelLayers, level_shape, pyramid_steps
from .preview import colour_of

VERSION = "0.5"
CHUNK_PX = 512


def write_ome_zarr(result: SplitRecord, slide: Slide, folder: Path) -> None:
    """Write slide and labels to a folder, tile by tile; an earlier one is replaced once the new one is whole.

    Parameters
    ----------
    result
        What was found on the slide.
    slide
        The open slide.
    folder
        Final name of the zarr group.

    Raises
    ------
    OutputError
        Where it cannot be written.
    """
    import zarr

    def write(part: Path) -> None:
        root = zarr.open_group(part, mode="w", zarr_format=3)
        steps = pyramid_steps(result.shape)
        _write_image(root, result, slide, steps)
        _write_labels(root, result, steps)

    write_folder(folder, write)


def _write_image(root: Any, result: SplitRecord, slide: Slide, steps: list[int]) -> None:
    dtype = np.dtype(slide.info.dtype)
    levels = [_array(root, str(number), result.shape, step, dtype) for number, step in enumerate(steps)]
    root.attrs["ome"] = {"version": VERSION, "multiscales": [_multiscale(result, steps, "mean")]}
    for box in _tiles(result.shape):
        levels[0][box.slices] = _as(slide.read(box), dtype)
    for finer, coarser in pairwise(levels):
        for box in _tiles(coarser.shape):
            region = finer[2 * box.y0 : 2 * box.y1, 2 * box.x0 : 2 * box.x1].astype(np.float32)
            padded = np.pad(region, [(0, side % 2) for side in region.shape], mode="edge")
            halved = padded.reshape(padded.shape[0] // 2, 2, padded.shape[1] // 2, 2).mean(axis=(1, 3))
            coarser[box.slices] = _as(halved, dtype)


def _write_labels(root: Any, result: SplitRecord, steps: list[int]) -> None:
    layers = LabelLayers.of(result.chromosomes, result.shape)
    names = [f"layer_{number}" for number in range(1, 1 + len(layers.layers))]
    labels = root.create_group("labels")
    labels.attrs["ome"] = {"version": VERSION, "labels": names}
    groups = [labels.create_group(name) for name in names]
    for group, members in zip(groups, layers.layers, strict=True):
        group.attrs["ome"] = {
            "version": VERSION,
            "multiscales": [_multiscale(result, steps, "nearest")],
            "image-label": {
                "version": VERSION,
                "colors": [{"label-value": c.id, "rgba": [*colour_of(c.id), 255]} for c in members],
                "properties": [_properties(c) for c in members],
                "source": {"image": "../../"},
            },
        }
    for number, step in enumerate(steps):
        arrays = [_array(group, str(number), result.shape, step, np.dtype(np.uint16)) for group in groups]
        tiles = layers.tiles(step, CHUNK_PX)
        for array in arrays:
            for box in _tiles(array.shape):
                tile = next(tiles)
                if tile.any():
                    array[box.slices] = tile[: box.height, : box.width]


def _properties(chromosome: Chromosome) -> dict[str, Any]:
    return {
        "label-value": chromosome.id,
        "metaphase": chromosome.metaphase_id,
        "cluster": chromosome.cluster_id,
        "score": round(chromosome.score, 4),
        "flags": " ".join(chromosome.flags),
    }


def _array(group: Any, name: str, shape: tuple[int, int], step: int, dtype: np.dtype[Any]) -> Any:
    rows, columns = level_shape(shape, step)
    return group.create_array(
        name,
        shape=(rows, columns),
        chunks=(min(CHUNK_PX, rows), min(CHUNK_PX, columns)),
        dtype=dtype,
        dimension_names=("y", "x"),
    )


def _multiscale(result: SplitRecord, steps: list[int], kind: str) -> dict[str, Any]:
    size, unit = result.pixel_size_um or 1.0, {"unit": "micrometer"} if result.pixel_size_um is not None else {}
    return {
        "name": result.name,
        "type": kind,
        "axes": [{"name": axis, "type": "space", **unit} for axis in ("y", "x")],
        "datasets": [
            {
                "path": str(number),
                "coordinateTransformations": [{"type": "scale", "scale": [size * step, size * step]}],
            }
            for number, step in enumerate(steps)
        ],
    }


def _tiles(shape: tuple[int, ...]) -> Iterator[Box]:
    """The chunks of an array, row by row."""
    for y0 in range(0, shape[0], CHUNK_PX):
        for x0 in range(0, shape[1], CHUNK_PX):
            yield Box(x0, y0, min(x0 + CHUNK_PX, shape[1]), min(y0 + CHUNK_PX, shape[0]))


def _as(grey: NDArray[np.float32], dtype: np.dtype[Any]) -> NDArray[Any]:
    return np.round(grey).astype(dtype) if dtype.kind in "ui" else grey.astype(dtype)
