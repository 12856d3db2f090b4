"""Spark's plans as trees: what ``LogicalPlan.toJSON`` writes, read back."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import msgspec

__all__ = ["Node", "plan_from_json"]


@dataclass(frozen=True, slots=True, eq=False)
class Node:
    """An operator of a plan, or an expression: its class, what it is made with, and its children."""

    kind: str
    """The class's own name, such as ``Project`` or ``AttributeReference``."""
    fields: Mapping[str, Any]
    children: tuple[Node, ...]

    @property
    def expression_id(self) -> int:
        """The number by which a plan knows a column."""
        return int(self.fields["exprId"]["id"])

    def expressions(self, field: str) -> Sequence[Node]:
        """Return the expressions of a field: one, or a list of them."""
        return _expressions(self.fields.get(field))

    def all_expressions(self) -> Iterator[Node]:
        """Yield the expressions of every field."""
        for value in self.fields.values():
            yield from _expressions(value)

    def child(self, field: str) -> Node:
        """Return the child that a field names."""
        at: int = self.fields[field]
        return self.children[at]


def plan_from_json(text: str) -> Node:
    """Return the plan. ``text`` lists its operators, each before its children."""
    listed: list[dict[str, Any]] = msgspec.json.decode(text)
    return _tree(listed)


def _tree(listed: Sequence[Mapping[str, Any]]) -> Node:
    left = iter(listed)

    def next_node() -> Node:
        fields = next(left)
        children = tuple(next_node() for _ in range(fields["num-children"]))
        return Node(fields["class"].rpartition(".")[2], fields, children)

    return next_node()


def _expressions(value: Any) -> list[Node]:
    """Return the expressions in a field's value: a tree is a list of objects, and trees may be listed in turn."""
    if isinstance(value, Node):
        return [value]
    if not isinstance(value, list) or not value:
        return []
    if isinstance(value[0], dict):
        return [_tree(value)] if "num-children" in value[0] else []
    return [found for each in value for found in _expressions(each)]
