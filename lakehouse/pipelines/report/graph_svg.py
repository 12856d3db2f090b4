"""The graph of a pipeline as static SVG: links that the keyboard reaches, and no script behind them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from lakehouse.pipelines.report.layout import Box, Drawing, Line, lay_out
from lakehouse.pipelines.report.links import link_to
from lakehouse.pipelines.report.markup import Html, element
from lakehouse.pipelines.report.model import ReportTable

__all__ = ["graph_svg"]


def graph_svg(tables: Sequence[ReportTable], *, with_states: bool) -> Html:
    """Return the drawing of tables, each after all that it reads; with how each stands where that is asked for."""
    there = {table.name for table in tables}
    inputs = {table.name: [each for each in table.reads if each in there] for table in tables}
    drawing = lay_out([table.name for table in tables], inputs)
    by_name = {table.name: table for table in tables}
    return element(
        "svg",
        element("g", *_lines(drawing), class_="e"),
        *(_node(box, by_name, with_states=with_states) for box in drawing.boxes),
        id="graph",
        width=drawing.width,
        height=drawing.height,
        viewBox=f"0 0 {drawing.width} {drawing.height}",
        role="group",
        aria_label="Tables, each to the right of those that it reads",
    )


def _lines(drawing: Drawing) -> list[Html]:
    return [
        element("path", d=_path(line, drawing), data_e=f"{line.start}-{line.end}") for line in drawing.lines
    ]


def _path(line: Line, drawing: Drawing) -> str:
    """Return the line in as few letters as SVG takes, for a page may have a thousand."""
    left, right = drawing.boxes[line.start], drawing.boxes[line.end]
    x, y = left.x + left.width, left.y + left.height // 2
    drawn, straight = f"M{x} {y}", 0
    for to_x, after_x, to_y in (*line.lanes, (right.x, right.x, right.y + right.height // 2)):
        if to_y == y:
            straight += to_x - x
        else:
            drawn += f"h{straight}" if straight else ""
            middle, down = (to_x - x) // 2, to_y - y
            drawn += f"c{middle} 0 {middle} {down} {to_x - x} {down}".replace(" -", "-")
            straight = 0
        straight += after_x - to_x
        x, y = after_x, to_y
    return f"{drawn}h{straight}" if straight else drawn


def _node(box: Box, tables: Mapping[str, ReportTable], *, with_states: bool) -> Html:
    table = tables[box.name]
    is_cut = len(box.name) > box.letters
    shown = f"{box.name[: box.letters - 1]}…" if is_cut else box.name
    left = 32 if with_states else 14
    below = f"{table.layer} · {table.state.word}" if with_states else table.layer
    return element(
        "a",
        element("title", box.name) if is_cut else None,
        element("rect", x=box.x, y=box.y, width=box.width, height=box.height),
        element("text", table.state.sign, x=box.x + 13, y=box.y + 25, class_="i") if with_states else None,
        element("text", shown, x=box.x + left, y=box.y + 18),
        element("text", below, x=box.x + left, y=box.y + 32, class_="w"),
        href=link_to(table.name),
        class_=f"n {table.state.key}" if with_states else "n",
    )
