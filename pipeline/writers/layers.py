"""masks.ome.tif: label layers, in none of which two masks overlap."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import tifffile
from numpy.typing import NDArray

from ...errors import OutputError
from ..result import Chromosome, SplitResult
from .atomic import write_atomically

MOST_IDS = 65_535
TILE_PX = 256


def label_layers(chromosomes: Sequence[Chromosome], shape: tuple[int, int]) -> NDArray[np.uint16]:
    """Lay each chromosome's id into the first layer in which its pixels are free.

    Returns uint16, shape (layers, rows, columns), at least one layer; every chromosome is whole in exactly one.
    Raises OutputError for more chromosomes than 16 bits can number.
    """
    if any(c.id > MOST_IDS for c in chromosomes):
        raise OutputError(f"label layers number at most {MOST_IDS} chromosomes: leave out --format labels")
    layers = [np.zeros(shape, dtype=np.uint16)]
    for chromosome in chromosomes:
        where = chromosome.box_slide.slices
        for layer in layers:
            if not layer[where][chromosome.mask].any():
                break
        else:
            layer = np.zeros(shape, dtype=np.uint16)
            layers.append(layer)
        layer[where][chromosome.mask] = chromosome.id
    return np.stack(layers)


def write_layers(result: SplitResult, path: Path) -> None:
    """Write the layers of a result as a tiled, compressed OME-TIFF with axes CYX."""
    layers = label_layers(result.chromosomes, result.shape)
    metadata: dict[str, object] = {
        "axes": "CYX",
        "Channel": {"Name": [f"layer {number}" for number in range(1, len(layers) + 1)]},
    }
    if result.pixel_size_um is not None:
        metadata |= {
            "PhysicalSizeX": result.pixel_size_um,
            "PhysicalSizeXUnit": "µm",
            "PhysicalSizeY": result.pixel_size_um,
            "PhysicalSizeYUnit": "µm",
        }

    def write(part: Path) -> None:
        tifffile.imwrite(
            part,
            layers,
            ome=True,
            metadata=metadata,
            photometric="minisblack",
            tile=(TILE_PX, TILE_PX),
            compression="zlib",
            bigtiff=layers.nbytes > 2**31,
        )

    def check(part: Path) -> None:
        with tifffile.TiffFile(part) as file:
            if file.series[0].size != layers.size:
                raise ValueError(f"{file.series[0].shape} instead of {layers.shape}")

    write_atomically(path, write, check)
