"""Where the tables of a graph stand in a drawing: columns by longest path, rows by the middle of the neighbours.

The same graph gives the same drawing, whatever order its edges come in.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

__all__ = ["Box", "Drawing", "Line", "lay_out"]

_SWEEPS = 6
_LANE = 4
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
class Line:
    """From a table to one that reads it, past all that stands between them."""

    start: int
    end: int
    """Positions in ``boxes``."""
    lanes: tuple[tuple[int, int, int], ...] = ()
    """Where it passes a column of tables: from x to x, at y."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Drawing:
    """All boxes, and the lines that join them."""

    boxes: tuple[Box, ...]
    lines: tuple[Line, ...]
    width: int
    height: int


def lay_out(order: Sequence[str], inputs: Mapping[str, Sequence[str]]) -> Drawing:
    """Return the drawing of tables in ``order``, each after all that it reads (``inputs``).

    A table that is read in a later column than the next has a lane through each column between, so that no line
    crosses a box.
    """
    inputs = {name: sorted(inputs[name]) for name in order}
    depth: dict[str, int] = {}
    for name in order:
        depth[name] = max((depth[each] + 1 for each in inputs[name]), default=0)
    columns = _columns(order, depth)
    before: dict[str, list[str]] = {}
    for name in order:
        before[name] = [_beside(each, depth[name] - 1, depth) for each in inputs[name]]
        for each in inputs[name]:
            for at in range(depth[each] + 1, depth[name]):
                lane = _lane(each, at)
                if lane not in before:
                    before[lane] = [_beside(each, at - 1, depth)]
                    columns[at].append(lane)
    behind: dict[str, list[str]] = {each: [] for column in columns for each in column}
    for each, needs in before.items():
        for need in needs:
            behind[need].append(each)
    for sweep in range(_SWEEPS):
        beside, ordered = (before, columns) if sweep % 2 == 0 else (behind, columns[::-1])
        _sort_by_middle(ordered, beside)
    return _drawing(order, columns, inputs, depth)


def _lane(name: str, column: int) -> str:
    """Return what stands for a table's lane among the names of tables, none of which has such a letter."""
    return f"{name}\0{column}"


def _is_lane(name: str) -> bool:
    return "\0" in name


def _beside(name: str, column: int, depth: Mapping[str, int]) -> str:
    """Return what leads from a table into the column behind this one: itself, or its lane."""
    return name if depth[name] == column else _lane(name, column)


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
    order: Sequence[str],
    columns: Sequence[Sequence[str]],
    inputs: Mapping[str, Sequence[str]],
    depth: Mapping[str, int],
) -> Drawing:
    heights = [sum(map(_height, column)) + (len(column) - 1) * _GAP_DOWN for column in columns]
    tallest = max(heights, default=0)
    boxes: dict[str, Box] = {}
    lanes: dict[str, tuple[int, int, int]] = {}
    x = _MARGIN
    for column, height in zip(columns, heights, strict=True):
        width = _width([name for name in column if not _is_lane(name)])
        y = _MARGIN + (tallest - height) // 2
        for name in column:
            if _is_lane(name):
                lanes[name] = (x, x + width, y + _LANE // 2)
            else:
                boxes[name] = Box(name=name, x=x, y=y, width=width)
            y += _height(name) + _GAP_DOWN
        x += width + _GAP_ACROSS
    position = {name: at for at, name in enumerate(order)}
    lines = (
        Line(
            start=position[each],
            end=position[name],
            lanes=tuple(lanes[_lane(each, at)] for at in range(depth[each] + 1, depth[name])),
        )
        for name in order
        for each in inputs[name]
    )
    return Drawing(
        boxes=tuple(boxes[name] for name in order),
        lines=tuple(sorted(lines, key=lambda line: (line.start, line.end))),
        width=max(x - _GAP_ACROSS + _MARGIN, 2 * _MARGIN),
        height=tallest + 2 * _MARGIN,
    )


def _height(name: str) -> int:
    return _LANE if _is_lane(name) else HEIGHT


def _width(names: Sequence[str]) -> int:
    longest = max(len(name) for name in names)
    return round(min(max(longest * _LETTER + _PADDING, WIDTH_LEAST), WIDTH_MOST))
