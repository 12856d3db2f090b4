"""The graph of a pipeline as static SVG: links that the keyboard reaches, and no script behind them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from lakehouse.pipelines.report.layout import Box, Drawing, lay_out
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
    lines = []
    for start, end in drawing.edges:
        left, right = drawing.boxes[start], drawing.boxes[end]
        x, y = left.x + left.width, left.y + left.height // 2
        to_x, to_y = right.x, right.y + right.height // 2
        middle = (x + to_x) // 2
        curve = f"M{x} {y}C{middle} {y} {middle} {to_y} {to_x} {to_y}"
        lines.append(element("path", d=curve, data_e=f"{start} {end}"))
    return lines


def _node(box: Box, tables: Mapping[str, ReportTable], *, with_states: bool) -> Html:
    table = tables[box.name]
    is_cut = len(box.name) > box.letters
    shown = f"{box.name[: box.letters - 1]}…" if is_cut else box.name
    below = f"{table.layer} · {table.state.word}" if with_states else table.layer
    return element(
        "a",
        element("title", box.name) if is_cut else None,
        element("rect", x=box.x, y=box.y, width=box.width, height=box.height, rx=8),
        element("text", table.state.sign, x=box.x + 13, y=box.y + 25, class_="i") if with_states else None,
        element("text", shown, x=box.x + 32, y=box.y + 18),
        element("text", below, x=box.x + 32, y=box.y + 32, class_="w"),
        href=link_to(table.name),
        class_=f"n {table.state.key}" if with_states else "n",
    )
