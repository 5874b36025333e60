"""A coarse grid over the plane, to find what lies near without comparing all with all."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator

from .box import Box

CELL_PX = 256


class GridIndex:
    """Numbered boxes by the cells of a grid that they touch."""

    def __init__(self) -> None:
        self._members: defaultdict[tuple[int, int], list[int]] = defaultdict(list)

    @classmethod
    def of(cls, boxes: Iterable[Box]) -> GridIndex:
        """Boxes numbered in their order, from 0."""
        cells = cls()
        for index, box in enumerate(boxes):
            cells.add(index, box)
        return cells

    def add(self, index: int, box: Box) -> None:
        """Enter a box under its number."""
        for cell in self._cells(box):
            self._members[cell].append(index)

    def near(self, box: Box) -> set[int]:
        """The numbers of all boxes that intersect `box`, and of some that only lie near."""
        return {index for cell in self._cells(box) for index in self._members.get(cell, ())}

    @staticmethod
    def _cells(box: Box) -> Iterator[tuple[int, int]]:
        for row in range(box.y0 // CELL_PX, (box.y1 - 1) // CELL_PX + 1):
            for column in range(box.x0 // CELL_PX, (box.x1 - 1) // CELL_PX + 1):
                yield row, column
