"""Expressions as Spark's plans show them: which columns stand in a text, and in which part."""

from __future__ import annotations

import re
from collections.abc import Sequence

from lakehouse.pipelines.check.lineage.plan_tree import Node

__all__ = [
    "AmbiguousText",
    "aggregate",
    "attribute",
    "expression",
    "expressions",
    "groups",
    "listed",
    "numbers_in",
]

_NO_COLUMN = re.compile(r"lambda \S+#\d+L?|(?:subquery|list|exists|argument)\S*#\d+ \[[^\]]*\]")
"""A variable of a lambda; a subquery, with the columns around it that its own plan names."""
_COLUMN = re.compile(r"(?P<end>.?)#(?P<number>\d+)L?", re.DOTALL)
_BARE = re.compile(r"(?!NOT )[\w. ]+#\d+L?")
_ALIAS = re.compile(r"(?P<of>.*) AS (?P<name>.*)#(?P<number>\d+)L?", re.DOTALL)
_CHOICE_WORD = re.compile(r"\bCASE WHEN\b|\bWHEN\b|\bTHEN\b|\bELSE\b|\bEND\b|.?#\d+L?", re.DOTALL)
_RANKING = re.compile(r"(row_number|rank|dense_rank|percent_rank|cume_dist|ntile|lag|lead|nth_value)\(")
_WINDOW, _FILTER, _IF = " windowspecdefinition(", " FILTER (WHERE ", "if ("
_ENDS = {")": "(", "]": "["}


class AmbiguousText(ValueError):  # noqa: N818 - never leaves this room
    """A literal in a plan's text hides where one expression ends and the next begins."""


def groups(text: str) -> list[str]:
    """Return the parts between the commas that stand in no bracket. Raises AmbiguousText."""
    opened: list[str] = []
    parts, start = [], 0
    for at, letter in enumerate(text):
        if letter in "([":
            opened.append(letter)
        elif letter in _ENDS and (not opened or opened.pop() != _ENDS[letter]):
            raise AmbiguousText(text)
        elif letter == "," and not opened and text[at : at + 2] == ", ":
            parts.append(text[start:at])
            start = at + 2
    if opened:
        raise AmbiguousText(text)
    return [*parts, text[start:]] if text else []


def listed(text: str) -> list[str]:
    """Return the parts of a list in square brackets. Raises AmbiguousText."""
    if not (text.startswith("[") and text.endswith("]")):
        raise AmbiguousText(text)
    return groups(text[1:-1])


def expressions(text: str) -> list[Node]:
    """Return the expressions of a list in square brackets; lists in a list are taken apart too."""
    found: list[Node] = []
    for each in listed(text):
        found += expressions(each) if each.startswith("[") else [expression(each)]
    return found


def attribute(number: int) -> Node:
    """Return a column by its number."""
    return Node("AttributeReference", {"exprId": {"id": number}}, ())


def numbers_in(text: str) -> list[int]:
    """Return the numbers of all columns that a text names, in order."""
    found = (int(each["number"]) for each in _COLUMN.finditer(_NO_COLUMN.sub("", text)))
    return list(dict.fromkeys(found))


def expression(text: str) -> Node:
    """Return an expression: a column, or what is made of columns, with the number that it gets."""
    if (found := _ALIAS.fullmatch(text)) is not None:
        return _alias(text, found["of"], int(found["number"]), _value(found["of"]))
    return _value(text)


def aggregate(text: str, grouping: Sequence[str]) -> Node:
    """Return a column of an aggregation: a grouping expression, or what is made of values of a group."""
    found = _ALIAS.fullmatch(text)
    of = text if found is None else found["of"]
    if of in grouping:
        return expression(text)
    value = _aggregate(of)
    return value if found is None else _alias(text, of, int(found["number"]), value)


def _alias(text: str, of: str, number: int, value: Node) -> Node:
    # A name may hold the word itself: then the text is the column of that number, which is there already.
    children = (value,) if numbers_in(of) else (value, _if_there(number))
    return Node("Alias", {"exprId": {"id": number}, "asks": _asks(text)}, children)


def _value(text: str) -> Node:
    if _BARE.fullmatch(text):
        return attribute(numbers_in(text)[0])
    if _WINDOW in text:
        function, _, specification = text.partition(_WINDOW)
        made = _columns(function) if _RANKING.match(function) else _aggregate(function)
        return Node("WindowExpression", {}, (made, _columns(specification)))
    conditions, values = _choice(text)
    if conditions:
        chosen = (Node("Columns", {}, tuple(conditions)), Node("Columns", {}, tuple(values)))
        return Node("CaseWhen", {"asks": _asks(text)}, chosen)
    return _columns(text)


def _aggregate(text: str) -> Node:
    function, _, condition = text.partition(_FILTER)
    children = [_value(function)] + ([_columns(condition)] if condition else [])
    return Node("AggregateExpression", {"asks": _asks(text)}, tuple(children))


def _columns(text: str) -> Node:
    plain = _NO_COLUMN.sub("", text)
    found = tuple(_column(each["end"], int(each["number"])) for each in _COLUMN.finditer(plain))
    return Node("Columns", {"asks": _asks(text)}, found)


def _column(end: str, number: int) -> Node:
    # Behind a bracket it may be the number of a function's call.
    return _if_there(number) if end == ")" else attribute(number)


def _if_there(number: int) -> Node:
    return Node("AttributeIfThere", {"exprId": {"id": number}}, ())


def _choice(text: str) -> tuple[list[Node], list[Node]]:
    """Return the columns in conditions of ``CASE`` and ``if``, and all others."""
    conditions: list[Node] = []
    values: list[Node] = []
    inside_if = _conditions_of_if(text)
    states = ["value"]
    for found in _CHOICE_WORD.finditer(_NO_COLUMN.sub(lambda each: " " * len(each[0]), text)):
        word = found[0]
        if word in ("CASE WHEN", "WHEN"):
            states[len(states) - (word == "WHEN") :] = ["condition"]
        elif word in ("THEN", "ELSE"):
            states[-1] = "value"
        elif word == "END":
            states = states[:-1] or ["value"]
        else:
            number = int(word.partition("#")[2].rstrip("L"))
            is_condition = states[-1] == "condition" or any(at <= found.start() < to for at, to in inside_if)
            (conditions if is_condition else values).append(_column(word[0], number))
    return conditions, values


def _conditions_of_if(text: str) -> list[tuple[int, int]]:
    """Return from where to where conditions of ``if (…) … else …`` stand."""
    found = []
    at = text.find(_IF)
    while at >= 0:
        depth, to = 1, at + len(_IF)
        while to < len(text) and depth:
            depth += {"(": 1, ")": -1}.get(text[to], 0)
            to += 1
        found.append((at, to))
        at = text.find(_IF, at + 1)
    return found


def _asks(text: str) -> bool:
    """Say whether the text holds a subquery, whose plan stands elsewhere."""
    return any(not each[0].startswith("lambda") for each in _NO_COLUMN.finditer(text))
