"""The directories of a TIFF: how many there are and what they claim, before a library follows them.

Each image of a TIFF has a directory that names the next one's place, and places of further ones. A damaged file leads
in circles, or through thousands of directories that lie across each other, and each costs time to read.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from ...core.errors import UnreadableSlide

MAX_DIRECTORIES = 100_000
"""More than any stack of images has."""
MAX_TAGS = 4096
"""A longer directory is none: tifffile ends the chain there."""
SPARE_BYTES = 2**20
"""Several directories may share what they point to, in a small file, too."""
TYPE_BYTES = (0, 1, 1, 2, 4, 8, 1, 1, 2, 4, 8, 4, 8, 4, 0, 0, 8, 8, 8)
"""Bytes of one value, by the number of its type."""
SUB_DIRECTORIES = 330
"""The tag that names the places of further directories."""


@dataclass(frozen=True)
class _Layout:
    """How the numbers of a TIFF are written."""

    first: int
    """Where the place of the first directory is written."""
    count: struct.Struct
    """Of the tags in a directory."""
    tag: struct.Struct
    """Its number, type and how many values it has; then, in as many bytes as a place takes, the values or theirs."""
    place: struct.Struct

    @classmethod
    def of(cls, head: bytes) -> _Layout | None:
        """The layout that the first bytes of a file tell; None where it is no TIFF."""
        order = {b"II": "<", b"MM": ">"}.get(head[:2])
        if order is None or len(head) < 4:
            return None
        (version,) = struct.unpack(f"{order}H", head[2:4])
        if version == 43:
            return cls(8, struct.Struct(f"{order}Q"), struct.Struct(f"{order}HHQ8s"), struct.Struct(f"{order}Q"))
        return cls(4, struct.Struct(f"{order}H"), struct.Struct(f"{order}HHI4s"), struct.Struct(f"{order}I"))


def check_directories(path: Path) -> None:
    """Refuse a TIFF whose directories lead in circles or claim more than the file holds.

    Parameters
    ----------
    path
        Of the file; one that is no TIFF, or breaks off, is left to its reader.

    Raises
    ------
    UnreadableSlide
        For a circle, for more than `MAX_DIRECTORIES`, and where the directories, or the values that they point to,
        take more bytes than there are.
    """
    size = path.stat().st_size
    with path.open("rb") as file:
        layout = _Layout.of(file.read(4))
        if layout is None or (path.suffix.lower() == ".ndpi" and size >= 2**32):  # that kind has places of its own
            return
        own = values = 0
        for number, directory in enumerate(_directories(path, file, layout, size), start=1):
            own, values = own + directory.own_bytes, values + directory.value_bytes
            if number > MAX_DIRECTORIES:
                raise UnreadableSlide(
                    f"{path} holds more than the {MAX_DIRECTORIES} images that are allowed: save the one that is meant "
                    "as a file of its own"
                )
            if own > size or values > size + SPARE_BYTES:
                raise UnreadableSlide(
                    f"{path} is damaged: the directories of its images claim more than is in it: copy it again"
                )


@dataclass(frozen=True)
class _Directory:
    """What one directory says, and the bytes that it takes."""

    following: list[int]
    """The place of the next one; empty behind the last."""
    below: list[int]
    """Places of the smaller images of the same one, which follow no further."""
    own_bytes: int
    value_bytes: int
    """Of the values that it points to."""


def _directories(path: Path, file: BinaryIO, layout: _Layout, size: int) -> Iterator[_Directory]:
    """Those of the chain, each followed by those below it; each is told once."""
    file.seek(layout.first)
    ahead = _places(file.read(layout.place.size), layout)
    chain, told = set[int](), set[int]()
    while ahead:
        place = ahead.pop()
        if place in chain:
            raise UnreadableSlide(f"{path} is damaged: its directories lead in a circle: copy it again")
        chain.add(place)
        directory = _read(file, place, layout, size)
        if directory is None:
            return
        if place not in told:
            yield directory
        told.add(place)
        for each in directory.below:
            under = None if each in told else _read(file, each, layout, size)
            told.add(each)
            if under is not None:
                yield under
        ahead = directory.following


def _read(file: BinaryIO, place: int, layout: _Layout, size: int) -> _Directory | None:
    """The directory at a place; None where there is none."""
    if place >= size:
        return None
    file.seek(place)
    head = file.read(layout.count.size)
    tags = layout.count.unpack(head)[0] if len(head) == layout.count.size else MAX_TAGS + 1
    if tags > MAX_TAGS:
        return None
    body = file.read(tags * layout.tag.size)
    following = _places(file.read(layout.place.size), layout)
    values, below = 0, list[int]()
    for number, kind, count, held in layout.tag.iter_unpack(body[: len(body) // layout.tag.size * layout.tag.size]):
        taken = count * (TYPE_BYTES[kind] if kind < len(TYPE_BYTES) else 0)
        data = held[:taken]
        if taken > len(held):
            (at,) = layout.place.unpack(held)
            taken = max(0, min(taken, size - at))
            values += taken
            if number == SUB_DIRECTORIES:
                file.seek(min(at, size))
                data = file.read(min(taken, MAX_DIRECTORIES * layout.place.size))
        if number == SUB_DIRECTORIES:
            below += _places(data, layout)
    return _Directory(following, below, layout.count.size + len(body) + layout.place.size, values)


def _places(data: bytes, layout: _Layout) -> list[int]:
    """Places in a file, of which 0 stands for none."""
    whole = data[: len(data) // layout.place.size * layout.place.size]
    return [place for (place,) in layout.place.iter_unpack(whole) if place]
