"""Where the tables of a graph stand in a drawing: columns by longest path, rows by the middle of the neighbours.

The same graph gives the same drawing, whatever order its edges come in.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

__all__ = ["Box", "Drawing", "lay_out"]

_SWEEPS = 6
HEIGHT, WIDTH_LEAST, WIDTH_MOST = 40, 156, 270
_GAP_ACROSS, _GAP_DOWN, _MARGIN = 64, 14, 8
_LETTER, _PADDING = 7.3, 42


@dataclass(frozen=True, slots=True, kw_only=True)
class Box:
    """A table's place, in pixels from the upper left."""

    name: str
    x: int
    y: int
    width: int
    height: int = HEIGHT

    @property
    def letters(self) -> int:
        """How many letters of its name there is room for."""
        return int((self.width - _PADDING) / _LETTER)


@dataclass(frozen=True, slots=True, kw_only=True)
class Drawing:
    """All boxes, and which of them are joined: pairs of positions in ``boxes``."""

    boxes: tuple[Box, ...]
    edges: tuple[tuple[int, int], ...]
    width: int
    height: int


def lay_out(order: Sequence[str], inputs: Mapping[str, Sequence[str]]) -> Drawing:
    """Return the drawing of tables in ``order``, each after all that it reads (``inputs``)."""
    inputs = {name: sorted(inputs[name]) for name in order}
    depth: dict[str, int] = {}
    for name in order:
        depth[name] = max((depth[each] + 1 for each in inputs[name]), default=0)
    columns = _columns(order, depth)
    readers: dict[str, list[str]] = {name: [] for name in order}
    for name in order:
        for each in inputs[name]:
            readers[each].append(name)
    for sweep in range(_SWEEPS):
        beside, ordered = (inputs, columns) if sweep % 2 == 0 else (readers, columns[::-1])
        _sort_by_middle(ordered, beside)
    return _drawing(order, columns, inputs)


def _columns(order: Sequence[str], depth: Mapping[str, int]) -> list[list[str]]:
    columns: list[list[str]] = [[] for _ in range(max(depth.values(), default=-1) + 1)]
    for name in order:
        columns[depth[name]].append(name)
    return columns


def _sort_by_middle(columns: Sequence[list[str]], beside: Mapping[str, Sequence[str]]) -> None:
    """Sort each column by the middle of the places of its neighbours; who has none stays about where it is."""
    place: dict[str, float] = {}
    for column in columns:
        for at, name in enumerate(column):
            place[name] = (at + 0.5) / len(column)
    for column in columns:
        middle = {
            name: sum(place[each] for each in beside[name]) / len(beside[name])
            if beside[name]
            else place[name]
            for name in column
        }
        column.sort(key=lambda name: (middle[name], name))
        for at, name in enumerate(column):
            place[name] = (at + 0.5) / len(column)


def _drawing(
    order: Sequence[str], columns: Sequence[Sequence[str]], inputs: Mapping[str, Sequence[str]]
) -> Drawing:
    heights = [len(column) * (HEIGHT + _GAP_DOWN) - _GAP_DOWN for column in columns]
    tallest = max(heights, default=0)
    boxes: dict[str, Box] = {}
    x = _MARGIN
    for column, height in zip(columns, heights, strict=True):
        width = _width(column)
        top = _MARGIN + (tallest - height) // 2
        for at, name in enumerate(column):
            boxes[name] = Box(name=name, x=x, y=top + at * (HEIGHT + _GAP_DOWN), width=width)
        x += width + _GAP_ACROSS
    position = {name: at for at, name in enumerate(order)}
    edges = ((position[each], position[name]) for name in order for each in inputs[name])
    return Drawing(
        boxes=tuple(boxes[name] for name in order),
        edges=tuple(sorted(edges)),
        width=max(x - _GAP_ACROSS + _MARGIN, 2 * _MARGIN),
        height=tallest + 2 * _MARGIN,
    )


def _width(names: Sequence[str]) -> int:
    longest = max(len(name) for name in names)
    return round(min(max(longest * _LETTER + _PADDING, WIDTH_LEAST), WIDTH_MOST))
