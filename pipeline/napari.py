"""The napari plugin: reads finished folders, and splits the image that is open. Its manifest is napari.yaml.

Layers are plain tuples (data, options, kind), so that this file needs no napari.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from ..core.box import Box
from .batch.run_batch import splitter_of
from .notebook import dense_layers
from .read_folder import read_result
from .result import SplitResult
from .settings import SplitSettings
from .write_folder import is_complete

Layer = tuple[Any, dict[str, Any], str]


def get_reader(path: str | Sequence[str]) -> Callable[[str | Sequence[str]], list[Layer]] | None:
    """napari's question whether this plugin reads a path: it reads finished folders."""
    first = Path(path if isinstance(path, str) else path[0])
    return read_folder if is_complete(first) else None


def read_folder(path: str | Sequence[str]) -> list[Layer]:
    """The layers of a finished folder: the slide where slide.ome.zarr holds it, labels, boxes, seeds."""
    folder = Path(path if isinstance(path, str) else path[0])
    layers: list[Layer] = []
    image = folder / "slide.ome.zarr" / "0"
    if image.exists():
        import zarr

        layers.append((zarr.open_array(image, mode="r"), {"name": "slide", "colormap": "gray"}, "image"))
    for data, options, kind in layers_of(read_result(folder)):
        known = options.get("metadata", {})
        layers.append((data, options | {"metadata": known | {"folder": str(folder.absolute())}}, kind))
    return layers


def split_image(image: napari.layers.Image) -> list[napari.types.LayerDataTuple]:  # type: ignore[name-defined] # noqa: F821
    """Split the chosen image, of a pyramid its full size, and add labels, boxes and seeds where the image lies."""
    pixels = np.asarray(image.data[0] if image.multiscale else image.data)
    place = {"scale": image.scale[-2:], "translate": image.translate[-2:]}
    layers = layers_of(splitter_of(SplitSettings()).split(pixels))
    return [(data, options | place, kind) for data, options, kind in layers]


def layers_of(result: SplitResult) -> list[Layer]:
    """One Labels layer per plane, the boxes as rectangles, and a seed in each chromosome."""
    facts = {
        "id": [c.id for c in result.chromosomes],
        "metaphase": [c.metaphase_id for c in result.chromosomes],
        "score": [round(c.score, 4) for c in result.chromosomes],
        "flags": [" ".join(c.flags) for c in result.chromosomes],
    }
    layers: list[Layer] = [
        (plane, {"name": f"chromosomes {number}", "metadata": {"warnings": list(result.warnings)}}, "labels")
        for number, plane in enumerate(dense_layers(result), start=1)
    ]
    if result.chromosomes:
        corners = [corners_of(c.box_slide) for c in result.chromosomes]
        style = {"shape_type": "rectangle", "edge_color": "yellow", "face_color": "transparent", "edge_width": 1}
        layers.append((corners, {"name": "boxes", "features": facts, **style}, "shapes"))
        points = np.array([c.middle for c in result.chromosomes])
        layers.append((points, {"name": "seeds", "features": facts, "size": 4, "face_color": "white"}, "points"))
    return layers


def corners_of(box: Box) -> list[tuple[float, float]]:
    """The corners of a box in napari's world, in which a pixel's centre is a whole number."""
    top, left, bottom, right = box.y0 - 0.5, box.x0 - 0.5, box.y1 - 0.5, box.x1 - 0.5
    return [(top, left), (top, right), (bottom, right), (bottom, left)]
