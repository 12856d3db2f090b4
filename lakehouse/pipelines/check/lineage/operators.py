"""What each operator of a plan does to columns. One that nobody knows here is opaque, and is said to be."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from itertools import chain

from lakehouse.pipelines.check.empty_tables import MARK
from lakehouse.pipelines.check.lineage.expressions import Expressions
from lakehouse.pipelines.check.lineage.model import ColumnName, Edge, Influence
from lakehouse.pipelines.check.lineage.plan_tree import Node
from lakehouse.pipelines.check.lineage.touching import NOTHING, Edges, Promise, Touched, by_way_of

__all__ = ["read_plan"]


def read_plan(plan: Node, promised: Mapping[int, Promise] | None = None) -> Touched:
    """Return what comes out of a plan, and which columns of its inputs touch it.

    ``promised``: by number, columns that are made of one other, whatever the plan looks at to make them.
    """
    return _Reader(promised or {}).read(plan, {})


class _Reader:
    """Walks one plan. Common table expressions are read once, and known by number behind that."""

    def __init__(self, promised: Mapping[int, Promise]) -> None:
        self._promised = promised
        self._shared: dict[int, Touched] = {}

    def read(self, plan: Node, outside: Mapping[int, Edges]) -> Touched:
        """Return what comes out of ``plan``, which may name columns of ``outside``."""
        if plan.kind == "Project" and (found := _input(plan)) is not None:
            return found
        operator = _OPERATORS.get(plan.kind)
        if operator is not None:
            return operator(self, plan, outside)
        return self.unknown(plan, outside)

    def below(self, plan: Node, outside: Mapping[int, Edges]) -> Touched:
        """Read all children, their columns side by side."""
        return _side_by_side(self.children(plan, outside))

    def children(self, plan: Node, outside: Mapping[int, Edges]) -> Sequence[Touched]:
        """Read each child by itself."""
        return [self.read(child, outside) for child in plan.children]

    def over(self, columns: Mapping[int, Edges], outside: Mapping[int, Edges]) -> Expressions:
        """Return the reader of expressions over these columns."""
        return Expressions({**outside, **columns}, self.read)

    # Operators

    def passes(self, plan: Node, outside: Mapping[int, Edges]) -> Touched:
        return self.below(plan, outside)

    def leaf(self, plan: Node, outside: Mapping[int, Edges]) -> Touched:
        output = [each.expression_id for each in plan.expressions("output")]
        return Touched(order=tuple(output), columns=dict.fromkeys(output, NOTHING))

    def project(self, plan: Node, outside: Mapping[int, Edges]) -> Touched:
        return self._made(plan.expressions("projectList"), self.below(plan, outside), outside)

    def aggregate(self, plan: Node, outside: Mapping[int, Edges]) -> Touched:
        below = self.below(plan, outside)
        grouping = plan.expressions("groupingExpressions")
        groups = self.over(below.columns, outside).all_edges(grouping, Influence.GROUP_BY)
        made = self._made(plan.expressions("aggregateExpressions"), below, outside)
        return _with_rows(made, groups)

    def _made(self, made: Sequence[Node], below: Touched, outside: Mapping[int, Edges]) -> Touched:
        """Return the rows below with these columns."""
        reader = self.over(below.columns, outside)
        columns = {each.expression_id: reader.edges(each) for each in made}
        for number in columns.keys() & self._promised.keys():
            promise = self._promised[number]
            if promise.of in below.columns:
                columns[number] = by_way_of(below.columns[promise.of], promise.how)
        return Touched(
            order=tuple(each.expression_id for each in made),
            columns={**below.columns, **columns},
            rows=below.rows,
            opaque=below.opaque,
        )

    def filter(self, plan: Node, outside: Mapping[int, Edges]) -> Touched:
        return self._chosen(plan, outside, Influence.FILTER)

    def sort(self, plan: Node, outside: Mapping[int, Edges]) -> Touched:
        return self._chosen(plan, outside, Influence.SORT)

    def deduplicate(self, plan: Node, outside: Mapping[int, Edges]) -> Touched:
        return self._chosen(plan, outside, Influence.GROUP_BY)

    def distinct(self, plan: Node, outside: Mapping[int, Edges]) -> Touched:
        below = self.below(plan, outside)
        return _with_rows(below, by_way_of(below.every(), Influence.GROUP_BY))

    def _chosen(self, plan: Node, outside: Mapping[int, Edges], how: Influence) -> Touched:
        """Return the rows below, of which the operator's expressions decide which there are, or in which order."""
        below = self.below(plan, outside)
        return _with_rows(below, self.over(below.columns, outside).all_edges(plan.all_expressions(), how))

    def join(self, plan: Node, outside: Mapping[int, Edges]) -> Touched:
        left, right = self.children(plan, outside)
        both = _side_by_side([left, right])
        condition = self.over(both.columns, outside).all_edges(plan.all_expressions(), Influence.JOIN)
        both = _with_rows(both, condition)
        kind = plan.fields.get("joinType")
        text = str(kind.get("object", "")) if isinstance(kind, dict) else str(kind)
        if "LeftSemi" not in text and "LeftAnti" not in text:
            return both
        return Touched(order=left.order, columns=both.columns, rows=both.rows, opaque=both.opaque)

    def lateral_join(self, plan: Node, outside: Mapping[int, Edges]) -> Touched:
        left = self.below(plan, outside)
        (right,) = plan.expressions("right")
        inner = self.read(right.expressions("plan")[0], {**outside, **left.columns})
        both = Touched(
            order=(*left.order, *inner.order),
            columns={**left.columns, **inner.columns},
            rows=left.rows | inner.rows,
            opaque=(*left.opaque, *inner.opaque),
        )
        condition = plan.expressions("condition")
        return _with_rows(both, self.over(both.columns, outside).all_edges(condition, Influence.JOIN))

    def window(self, plan: Node, outside: Mapping[int, Edges]) -> Touched:
        below = self.below(plan, outside)
        reader = self.over(below.columns, outside)
        made = {each.expression_id: reader.edges(each) for each in plan.expressions("windowExpressions")}
        return Touched(
            order=(*below.order, *made),
            columns={**below.columns, **made},
            rows=below.rows,
            opaque=below.opaque,
        )

    def generate(self, plan: Node, outside: Mapping[int, Edges]) -> Touched:
        """Read ``explode`` and its like: of the values come new columns, and as many rows as they have."""
        below = self.below(plan, outside)
        reader = self.over(below.columns, outside)
        edges = reader.all_edges(plan.expressions("generator"), Influence.TRANSFORMATION)
        made = {each.expression_id: edges for each in plan.expressions("generatorOutput")}
        whole = Touched(
            order=(*below.order, *made),
            columns={**below.columns, **made},
            rows=below.rows,
            opaque=below.opaque,
        )
        return _with_rows(whole, by_way_of(edges, Influence.FILTER))

    def union(self, plan: Node, outside: Mapping[int, Edges]) -> Touched:
        """Read branches by position: the columns have the numbers of the first."""
        return _united(self.children(plan, outside))

    def compare(self, plan: Node, outside: Mapping[int, Edges]) -> Touched:
        """Read ``INTERSECT`` and ``EXCEPT``: whole rows are compared."""
        left, right = self.children(plan, outside)
        united = _united([left, right])
        kept = Touched(order=left.order, columns=left.columns, rows=united.rows, opaque=united.opaque)
        return _with_rows(kept, by_way_of(united.every(), Influence.FILTER))

    def expand(self, plan: Node, outside: Mapping[int, Edges]) -> Touched:
        """Read what rollups and unpivots make of a row: several, each by a list of expressions."""
        below = self.below(plan, outside)
        reader = self.over(below.columns, outside)
        output = [each.expression_id for each in plan.expressions("output")]
        made = plan.expressions("projections")
        columns = {
            key: frozenset().union(*(reader.edges(each) for each in made[at :: len(output)]))
            for at, key in enumerate(output)
        }
        return Touched(
            order=tuple(output),
            columns={**below.columns, **columns},
            rows=below.rows,
            opaque=below.opaque,
        )

    def loop(self, plan: Node, outside: Mapping[int, Edges]) -> Touched:
        """Read a recursive query: it reads its own rows, so that any column may be of every one."""
        united = _united(self.children(plan, outside))
        every = united.every()
        anything = by_way_of(every, Influence.TRANSFORMATION)
        return Touched(
            order=united.order,
            columns={**united.columns, **dict.fromkeys(united.order, anything)},
            rows=united.rows | by_way_of(every, Influence.FILTER),
            opaque=united.opaque,
        )

    def with_shared(self, plan: Node, outside: Mapping[int, Edges]) -> Touched:
        """Read common table expressions, each before what names it."""
        for at in plan.fields["cteDefs"]:
            definition = plan.children[at]
            self._shared[definition.fields["id"]] = self.below(definition, outside)
        return self.read(plan.child("plan"), outside)

    def shared(self, plan: Node, outside: Mapping[int, Edges]) -> Touched:
        """Read a reference to a common table expression: its columns in order, with numbers of their own."""
        read = self._shared.get(plan.fields["cteId"])
        output = [each.expression_id for each in plan.expressions("output")]
        if read is None:
            return self.unknown(plan, outside)
        columns = {key: read.columns[of] for key, of in zip(output, read.order, strict=True)}
        return Touched(order=tuple(output), columns=columns, rows=read.rows, opaque=read.opaque)

    def unknown(self, plan: Node, outside: Mapping[int, Edges]) -> Touched:
        """Take each column that comes out as made of all that go in."""
        below = self.below(plan, outside)
        output = [each.expression_id for each in plan.expressions("output")] or list(below.order)
        every = below.every()
        return Touched(
            order=tuple(output),
            columns={
                **below.columns,
                **dict.fromkeys(output, by_way_of(every, Influence.TRANSFORMATION)),
            },
            rows=below.rows | by_way_of(every, Influence.FILTER),
            opaque=(*below.opaque, plan.kind),
        )


def _side_by_side(read: Sequence[Touched]) -> Touched:
    return Touched(
        order=tuple(chain.from_iterable(each.order for each in read)),
        columns={key: edges for each in read for key, edges in each.columns.items()},
        rows=frozenset().union(*(each.rows for each in read)),
        opaque=tuple(chain.from_iterable(each.opaque for each in read)),
    )


def _united(branches: Sequence[Touched]) -> Touched:
    """Return branches one below the other."""
    first, beside = branches[0], _side_by_side(branches)
    columns = {
        key: frozenset().union(*(each.columns[each.order[at]] for each in branches))
        for at, key in enumerate(first.order)
    }
    return Touched(
        order=first.order, columns={**beside.columns, **columns}, rows=beside.rows, opaque=beside.opaque
    )


def _with_rows(below: Touched, edges: Edges) -> Touched:
    return Touched(order=below.order, columns=below.columns, rows=below.rows | edges, opaque=below.opaque)


def _input(plan: Node) -> Touched | None:
    """Return the columns of an input, if the plan is an input's empty frame; None for any other."""
    (below,) = plan.children
    if below.kind != "SubqueryAlias":
        return None
    name = str(below.fields["identifier"]["name"])
    if not name.startswith(MARK):
        return None
    table = name.removeprefix(MARK)
    columns = {
        each.expression_id: frozenset({Edge(ColumnName(table, str(each.fields["name"])), Influence.IDENTITY)})
        for each in plan.expressions("projectList")
    }
    return Touched(order=tuple(columns), columns=columns)


_PASSING = (
    "SubqueryAlias",
    "View",
    "CollectMetrics",
    "Repartition",
    "RepartitionByExpression",
    "RebalancePartitions",
    "ResolvedHint",
    "UnresolvedHint",
    "EventTimeWatermark",
    "GlobalLimit",
    "LocalLimit",
    "Offset",
    "Tail",
    "Sample",
    "CTERelationDef",
)
_LEAVES = (
    "Range",
    "LocalRelation",
    "OneRowRelation",
    "LogicalRDD",
    "UnionLoopRef",
)

_OPERATORS: Mapping[str, Callable[[_Reader, Node, Mapping[int, Edges]], Touched]] = {
    **dict.fromkeys(_PASSING, _Reader.passes),
    **dict.fromkeys(_LEAVES, _Reader.leaf),
    "Project": _Reader.project,
    "Aggregate": _Reader.aggregate,
    "Filter": _Reader.filter,
    "Sort": _Reader.sort,
    "Distinct": _Reader.distinct,
    "Deduplicate": _Reader.deduplicate,
    "DeduplicateWithinWatermark": _Reader.deduplicate,
    "Join": _Reader.join,
    "AsOfJoin": _Reader.join,
    "LateralJoin": _Reader.lateral_join,
    "Window": _Reader.window,
    "Generate": _Reader.generate,
    "Union": _Reader.union,
    "UnionLoop": _Reader.loop,
    "Intersect": _Reader.compare,
    "Except": _Reader.compare,
    "Expand": _Reader.expand,
    "WithCTE": _Reader.with_shared,
    "CTERelationRef": _Reader.shared,
}
