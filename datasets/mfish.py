"""The ADIR M-FISH image set: DAPI metaphases and their class maps.

Source: W. Schwartzkopf, Advanced Digital Imaging Research, 2000. One folder per slide and karyotype code;
`PSSNNKKD.tif` is the DAPI image and `PSSNNKKK.tif` its class map (0 background, 1..24 classes, 255 overlap).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import tifffile
from numpy.typing import NDArray
from scipy import ndimage

from ..core.box import Box
from ..core.errors import TruthError
from ..core.mask import EIGHT_CONNECTED, PlacedMask
from .karyotype import KARYOTYPE
from .truth import AnnotatedSlide

OVERLAP_CLASS = 255
MAX_CLASS = 24
MIN_FRAGMENT_PX = 6
MIN_CHROMOSOME_PX = 25
MIN_HOMOLOGUES_RATIO = 1.5
"""The only chromosome of its class that is this much larger than its class would be is perhaps two homologues."""
SPLITS = ("train", "validation", "test", "all")
VALIDATION_SLIDES = frozenset({"A05", "V16", "P08", "V19"})
TEST_SLIDES = frozenset({"A20", "A23", "P10", "V17", "V28", "A03"})


def split_of(name: str) -> str:
    """The split that an image belongs to, by its slide: the first three characters of its file name."""
    slide = name[:3].upper()
    if slide in VALIDATION_SLIDES:
        return "validation"
    return "test" if slide in TEST_SLIDES else "train"


def read_mfish(folder: Path, split: str = "all") -> Iterator[AnnotatedSlide]:
    """Yield the slides of a split that have a class map, in the order of their names.

    Images without a class map (the extreme cases) are left out.

    Parameters
    ----------
    folder
        With pairs of images and class maps, at any depth.
    split
        One of "train", "validation", "test", "all".

    Raises
    ------
    TruthError
        Where `split` is unknown or the folder has no class map for it.
    """
    if split not in SPLITS:
        raise TruthError(f"unknown split {split!r}: choose one of {', '.join(SPLITS)}")
    found = False
    for map_path in find_class_maps(folder):
        image_path = map_path.with_name(map_path.name[:7] + "D" + map_path.suffix)
        if split not in ("all", split_of(map_path.name)) or not image_path.is_file():
            continue
        found = True
        class_map = tifffile.imread(map_path)
        classified = classified_chromosomes(class_map)
        yield AnnotatedSlide(
            name=image_path.stem,
            image_path=image_path,
            shape=(int(class_map.shape[0]), int(class_map.shape[1])),
            chromosomes=tuple(placed for _, placed in classified),
            ambiguous=perhaps_two(classified),
        )
    if not found:
        raise TruthError(
            f"no slide of split {split!r} below {folder}: expected folders like A01__XY with pairs of "
            "A0101XYD.tif (DAPI image) and A0101XYK.tif (class map)"
        )


def find_class_maps(folder: Path) -> list[Path]:
    """The class maps below a folder, in the order of their names."""
    return sorted(
        (path for path in folder.rglob("*K.tif") if len(path.stem) == 8 and path.stem[0] in "APV"),
        key=lambda path: path.name,
    )


def perhaps_two(classified: Sequence[tuple[int, PlacedMask]]) -> frozenset[int]:
    """Indices of the chromosomes that may be two touching homologues drawn as one.

    A class of which the map holds one chromosome only, and that one is far larger than the class's length
    would make it, measured by the classes of which it holds two.
    """
    counts = np.bincount([value for value, _ in classified], minlength=MAX_CLASS + 1)
    lengths = np.array([0.0, *(length for length, _ in KARYOTYPE.values())])
    pairs = [placed.area / lengths[value] for value, placed in classified if counts[value] == 2]
    if len(pairs) < 4:
        return frozenset()
    unit = float(np.median(pairs))
    return frozenset(
        index
        for index, (value, placed) in enumerate(classified)
        if counts[value] == 1 and placed.area > MIN_HOMOLOGUES_RATIO * unit * lengths[value]
    )


def chromosomes_of(class_map: NDArray[np.integer]) -> list[PlacedMask]:
    """The chromosomes of a class map, without their classes: see `classified_chromosomes`."""
    return [placed for _, placed in classified_chromosomes(class_map)]


def classified_chromosomes(class_map: NDArray[np.integer]) -> list[tuple[int, PlacedMask]]:
    """The chromosomes of a class map with their classes, each with the overlap regions that it shares.

    1. The 8-connected components of a class are fragments; those under 6 px are dropped.
    2. Fragments of one class that touch the same overlap region (by one pixel) are one chromosome.
    3. A chromosome is its fragments and every overlap region that touches one of them; under 25 px it
       is dropped.

    Two touching homologues come out as one: the map does not tell them apart.

    Parameters
    ----------
    class_map
        Integers, shape (rows, columns); 0 background, 1..24 classes, 255 overlap.

    Raises
    ------
    TruthError
        Where the map is not two-dimensional or holds other classes.
    """
    if class_map.ndim != 2:
        raise TruthError(f"a class map has rows and columns, this one has shape {class_map.shape}")
    classes = np.unique(class_map)
    wrong = [int(c) for c in classes if not (0 <= c <= MAX_CLASS or c == OVERLAP_CLASS)]
    if wrong:
        raise TruthError(f"a class map holds 0..24 and 255, this one also holds {wrong[:5]}")
    regions, _ = ndimage.label(class_map == OVERLAP_CLASS, structure=EIGHT_CONNECTED)
    region_boxes = ndimage.find_objects(regions)
    found: list[tuple[int, PlacedMask]] = []
    for value in classes:
        if value in (0, OVERLAP_CLASS):
            continue
        for fragments, touched in _joined_fragments(class_map == value, regions):
            mask = fragments.copy()
            for region in touched:
                where = region_boxes[region - 1]
                mask[where] |= regions[where] == region
            placed = PlacedMask.from_dense(mask)
            if placed is not None and placed.area >= MIN_CHROMOSOME_PX:
                found.append((int(value), placed))
    return found


def _joined_fragments(
    of_class: NDArray[np.bool_], regions: NDArray[np.int32]
) -> Iterator[tuple[NDArray[np.bool_], set[int]]]:
    """Yield (pixels, overlap regions touched) for each set of fragments that overlaps hold together."""
    fragments, _ = ndimage.label(of_class, structure=EIGHT_CONNECTED)
    groups: list[tuple[set[int], set[int]]] = []
    for index, where in enumerate(ndimage.find_objects(fragments), start=1):
        box = Box(where[1].start, where[0].start, where[1].stop, where[0].stop).grow(1).clip(of_class.shape)
        pixels = fragments[box.slices] == index
        if np.count_nonzero(pixels) < MIN_FRAGMENT_PX:
            continue
        near = ndimage.binary_dilation(pixels, structure=EIGHT_CONNECTED)
        touched = set(np.unique(regions[box.slices][near]).tolist()) - {0}
        members = {index}
        kept = []
        for other_members, other_touched in groups:
            if touched & other_touched:
                members |= other_members
                touched |= other_touched
            else:
                kept.append((other_members, other_touched))
        groups = [*kept, (members, touched)]
    for members, touched in groups:
        yield np.isin(fragments, list(members)), touched
