"""Spark's plans as trees, read off the text that ``explain`` shows: all that Spark Connect tells of a plan.

The text is for people: a literal stands in it without quotes. Where it can't be told what belongs to what, every
column that comes out counts as made of all that go in, so that no edge is missing.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from lakehouse.pipelines.check.empty_tables import MARK
from lakehouse.pipelines.check.lineage.expression_text import (
    AmbiguousText,
    aggregate,
    attribute,
    expression,
    expressions,
    groups,
    listed,
)
from lakehouse.pipelines.check.lineage.plan_tree import Node

__all__ = ["plan_from_text"]

_LINE = re.compile(r"(?P<depth>(?:[: ] {2})*)(?:[:+]- )?(?P<kind>[A-Z][A-Za-z]*)(?P<rest>.*)", re.DOTALL)
_BRANCH = re.compile(r"(?:[: ] {2})*[:+]- ")
_INPUT_COLUMN = re.compile(r"cast\(null as .*?\) AS (.*?)#(\d+)L?(?=, cast\(null as |\]$)", re.DOTALL)


def plan_from_text(text: str, output: Sequence[int]) -> Node:
    """Return the plan that a text draws: an operator a line, its children below it, deeper by one step.

    The first one lists the columns that come out, of which ``output`` has the numbers.
    """
    columns = [attribute(number) for number in output]
    lines: list[_Line] = []
    try:
        lines = list(_lines(text))
        return Node("Project", {"projectList": columns}, (_tree(lines, 1, len(lines)),))
    except AmbiguousText:
        inputs = [
            Node("Project", {"projectList": _input_columns(each.rest)}, (_tree([below], 0, 1),))
            for each, below in pairwise(lines)
            if _is_input(each, below)
        ]
        return Node("text of the plan", {"output": columns}, tuple(inputs))


@dataclass(frozen=True, slots=True, kw_only=True)
class _Line:
    depth: int
    kind: str
    rest: str


def _lines(text: str) -> Iterator[_Line]:
    found: list[str] = []
    for line in text.strip("\n").split("\n"):
        if found and _BRANCH.match(line) is None:
            found[-1] += f"\n{line}"  # a literal with several lines
        else:
            found.append(line)
    for at, line in enumerate(found):
        match = _LINE.fullmatch(line)
        if match is None:
            raise AmbiguousText(line)
        depth = len(match["depth"]) // 3 + (1 if at else 0)
        yield _Line(depth=depth, kind=match["kind"], rest=match["rest"].strip())


def _tree(lines: Sequence[_Line], start: int, end: int) -> Node:
    """Return the operator at ``start``; lines up to ``end`` are below it, plans of subqueries deeper by two."""
    line = lines[start]
    children: list[Node] = []
    inside: list[Node] = []
    at = start + 1
    while at < end:
        first = at
        at += 1
        while at < end and lines[at].depth > lines[first].depth:
            at += 1
        place = inside if lines[first].depth > line.depth + 1 else children
        place.append(_tree(lines, first, at))
    return _operator(line, tuple(children), inside)


def _operator(line: _Line, children: tuple[Node, ...], inside: Sequence[Node]) -> Node:
    if line.kind == "Project" and len(children) == 1 and children[0].kind == "SubqueryAlias":
        name = children[0].fields["identifier"]["name"]
        if name.startswith(MARK):
            return Node("Project", {"projectList": _input_columns(line.rest)}, children)
    fields = dict(_FIELDS.get(line.kind, _others)(line.rest))
    if line.kind == "WithCTE":
        fields = {"cteDefs": list(range(len(children) - 1)), "plan": len(children) - 1}
    if inside:
        subqueries = tuple(Node("ScalarSubquery", {"plan": each}, ()) for each in inside)
        if line.kind == "LateralJoin":
            fields["right"] = subqueries[0]
        else:
            fields = _with_subqueries(fields, subqueries)
    return Node(line.kind, fields, children)


def _with_subqueries(fields: Mapping[str, Any], subqueries: tuple[Node, ...]) -> dict[str, Any]:
    """Return the fields; each expression that asks a subquery has all of the operator's among its children."""

    def asking(value: Any) -> Any:
        if isinstance(value, list):
            return [asking(each) for each in value]
        if not isinstance(value, Node) or not value.fields.get("asks"):
            return value
        return Node(value.kind, value.fields, (*value.children, *subqueries))

    return {name: asking(value) for name, value in fields.items()}


def _is_input(line: _Line, below: _Line) -> bool:
    is_alias = below.kind == "SubqueryAlias" and below.depth == line.depth + 1
    return line.kind == "Project" and is_alias and below.rest.startswith(f"`{MARK}")


def _input_columns(text: str) -> list[Node]:
    return [
        Node("Alias", {"name": name, "exprId": {"id": int(number)}}, ())
        for name, number in _INPUT_COLUMN.findall(text.removeprefix("["))
    ]


# What stands behind an operator's name


def _project(text: str) -> Mapping[str, Any]:
    return {"projectList": _with_numbers(expressions(text))}


def _aggregate(text: str) -> Mapping[str, Any]:
    *grouping, made = groups(text)
    by = listed(grouping[0]) if grouping else []
    return {
        "groupingExpressions": [expression(each) for each in by],
        "aggregateExpressions": _with_numbers([aggregate(each, by) for each in listed(made)]),
    }


def _with_numbers(made: list[Node]) -> list[Node]:
    """Return columns that an operator makes. Raises AmbiguousText where one shows no number."""
    for each in made:
        if "exprId" not in each.fields:
            raise AmbiguousText(str(each.fields))
    return made


def _filter(text: str) -> Mapping[str, Any]:
    return {"condition": expression(text)}


def _first_list(text: str) -> Mapping[str, Any]:
    return {"keys": expressions(groups(text)[0])}


def _join(text: str) -> Mapping[str, Any]:
    kind, _, condition = text.partition(", ")
    return {"joinType": kind, "condition": expression(condition)}


def _lateral_join(text: str) -> Mapping[str, Any]:
    return {"condition": [expression(each) for each in groups(text)[2:]]}


def _window(text: str) -> Mapping[str, Any]:
    return {"windowExpressions": expressions(groups(text)[0])}


def _generate(text: str) -> Mapping[str, Any]:
    parts = groups(text)
    return {"generator": expression(parts[0]), "generatorOutput": expressions(parts[-1])}


def _expand(text: str) -> Mapping[str, Any]:
    made, output = groups(text)
    return {"projections": expressions(made), "output": expressions(output)}


def _shared_definition(text: str) -> Mapping[str, Any]:
    return {"id": groups(text)[0]}


def _shared_reference(text: str) -> Mapping[str, Any]:
    return {"cteId": groups(text)[0], **_others(text)}


def _alias(text: str) -> Mapping[str, Any]:
    return {"identifier": {"name": text.strip("`")}}


def _others(text: str) -> Mapping[str, Any]:
    """Return the last list of columns, which is what comes out of an operator that shows one."""
    shown = [part[: part.rindex("]") + 1] for part in groups(text) if part.startswith("[")]
    return {"output": expressions(shown[-1])} if shown else {}


def _nothing(text: str) -> Mapping[str, Any]:
    return {}


_FIELDS: Mapping[str, Callable[[str], Mapping[str, Any]]] = {
    "Project": _project,
    "Aggregate": _aggregate,
    "Filter": _filter,
    "Sort": _first_list,
    "Deduplicate": _first_list,
    "DeduplicateWithinWatermark": _first_list,
    "Join": _join,
    "LateralJoin": _lateral_join,
    "Window": _window,
    "Generate": _generate,
    "Expand": _expand,
    "CTERelationDef": _shared_definition,
    "CTERelationRef": _shared_reference,
    "SubqueryAlias": _alias,
    "View": _nothing,
    "Range": _nothing,
}
