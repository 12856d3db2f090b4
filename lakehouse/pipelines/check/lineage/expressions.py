"""What touches the value of an expression, and how."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from itertools import chain
from typing import Protocol

from lakehouse.pipelines.check.lineage.model import Influence
from lakehouse.pipelines.check.lineage.plan_tree import Node
from lakehouse.pipelines.check.lineage.touching import NOTHING, Edges, Touched, by_way_of

__all__ = ["Expressions", "PlanReader"]


class PlanReader(Protocol):
    """Reads a plan inside an expression: a subquery."""

    def __call__(self, plan: Node, outside: Mapping[int, Edges]) -> Touched:
        """Return what comes out of the plan, which may name columns of ``outside``."""


class Expressions:
    """Reads expressions over known columns. A function that nobody named here touches by all of its arguments."""

    def __init__(self, columns: Mapping[int, Edges], read_plan: PlanReader) -> None:
        self._columns = columns
        self._read_plan = read_plan

    def edges(self, expression: Node) -> Edges:
        """Return what touches the value."""
        special = _SPECIAL.get(expression.kind)
        if special is not None:
            return special(self, expression)
        return by_way_of(self._of_all(expression.children), Influence.TRANSFORMATION)

    def all_edges(self, expressions: Iterable[Node], how: Influence) -> Edges:
        """Return what touches any of the values, as it touches what they decide."""
        return by_way_of(self._of_all(expressions), how)

    def _of_all(self, expressions: Iterable[Node]) -> Edges:
        return frozenset(edge for each in expressions for edge in self.edges(each))

    def attribute(self, expression: Node) -> Edges:
        """Read a column; one that comes out of an operator that doesn't tell its columns may be of all there are."""
        found = self._columns.get(expression.expression_id)
        if found is not None:
            return found
        return by_way_of(chain.from_iterable(self._columns.values()), Influence.TRANSFORMATION)

    def attribute_if_there(self, expression: Node) -> Edges:
        """Read a number that a text shows, and that may be something else than a column's."""
        return self._columns.get(expression.expression_id, NOTHING)

    def same(self, expression: Node) -> Edges:
        return self._of_all(expression.children)

    def outer(self, expression: Node) -> Edges:
        """Read a column of the query around a subquery, which Spark keeps in a field and not as a child."""
        return self._of_all(expression.expressions("e"))

    def aggregate(self, expression: Node) -> Edges:
        function, *conditions = expression.children
        within = by_way_of(self.edges(function), Influence.AGGREGATION)
        return within | self.all_edges(conditions, Influence.FILTER)

    def choice(self, expression: Node) -> Edges:
        """Read ``IF`` and ``CASE``: conditions and values take turns; a last one without a partner is a value."""
        last = len(expression.children) - 1
        found: set[Edges] = set()
        for at, child in enumerate(expression.children):
            is_condition = at % 2 == 0 and at != last
            how = Influence.CONDITIONAL if is_condition else Influence.TRANSFORMATION
            found.add(by_way_of(self.edges(child), how))
        return frozenset().union(*found)

    def window(self, expression: Node) -> Edges:
        function, specification = expression.children
        made = by_way_of(self.edges(function), Influence.TRANSFORMATION)
        return made | by_way_of(self.edges(specification), Influence.WINDOW)

    def subquery(self, expression: Node) -> Edges:
        """Read a value, a list or the existence of rows: of what it gives, and of what decides which rows it has."""
        found = self.all_edges(expression.children, Influence.FILTER)
        for plan in expression.expressions("plan"):
            inner = self._read_plan(plan, self._columns)
            found |= by_way_of(inner.every(), Influence.TRANSFORMATION)
            found |= by_way_of(inner.rows, Influence.FILTER)
        return found


_SPECIAL: Mapping[str, Callable[[Expressions, Node], Edges]] = {
    "AttributeReference": Expressions.attribute,
    "AttributeIfThere": Expressions.attribute_if_there,
    "Alias": Expressions.same,
    "OuterReference": Expressions.outer,
    "AggregateExpression": Expressions.aggregate,
    "If": Expressions.choice,
    "CaseWhen": Expressions.choice,
    "WindowExpression": Expressions.window,
    "ScalarSubquery": Expressions.subquery,
    "ListQuery": Expressions.subquery,
    "Exists": Expressions.subquery,
    "LateralSubquery": Expressions.subquery,
    "FunctionTableSubqueryArgumentExpression": Expressions.subquery,
}
