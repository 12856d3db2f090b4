"""The work on one batch by its groups: from all rows, from new rows and what is kept, or from the groups they touch."""

from __future__ import annotations

import dataclasses
import functools
import operator
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import msgspec
from pyspark.sql import Column, DataFrame, Observation
from pyspark.sql import functions as F
from pyspark.sql.types import ArrayType, CalendarIntervalType, DataType, MapType, NullType, StructType

from lakehouse.delta_log import Predicate
from lakehouse.pipelines.declare.definition import TableDefinition
from lakehouse.pipelines.declare.sources import ReadRequest
from lakehouse.pipelines.declare.steps import KeptGroups, Step, goes_row_by_row, may_vary, runs_code
from lakehouse.pipelines.declare.views import WithViews
from lakehouse.pipelines.refresh.batches import Batch
from lakehouse.pipelines.refresh.context import PinnedTables, RefreshContext
from lakehouse.pipelines.refresh.groups.grouped_flow import GroupedFlow
from lakehouse.pipelines.refresh.groups.kept_state import KeptState
from lakehouse.pipelines.refresh.groups.skipping import may_be_of_groups
from lakehouse.pipelines.refresh.groups.value_runs import ValueRuns, are_few, grown, in_one_part
from lakehouse.pipelines.refresh.row_counts import RowCounter, rows
from lakehouse.tables import SPARK_ERRORS, StagedRows, quoted

__all__ = ["ApplySteps", "GroupWork"]

ApplySteps = Callable[[DataFrame, Sequence[Step], Batch, RowCounter], DataFrame]

_KEY = "__lakehouse_key_{}"
_COLUMN = "c{}"
_MANY_GROUPS = 10_000
"""Above this many touched groups the source is read without leaving out files."""

_SETTINGS = (
    "spark.sql.ansi.enabled",
    "spark.sql.caseSensitive",
    "spark.sql.decimalOperations.allowPrecisionLoss",
    "spark.sql.session.timeZone",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupWork:
    """One batch of one table: its rows up to the step that makes groups."""

    context: RefreshContext
    table: TableDefinition
    flow: GroupedFlow
    batch: Batch
    request: ReadRequest
    apply_steps: ApplySteps
    counter: RowCounter
    rows: DataFrame
    """Those that are new; all of them in a batch that is made from all."""
    most_rows: int | None
    """How many new rows there can be; None where that is not known before they are read."""
    groups: KeptGroups
    kept: DataFrame
    """What is kept of ``rows``."""

    @classmethod
    def of(
        cls,
        context: RefreshContext,
        table: TableDefinition,
        flow: GroupedFlow,
        batch: Batch,
        request: ReadRequest,
        apply_steps: ApplySteps,
    ) -> GroupWork | None:
        """Return the work; None where the groups can't be kept."""
        counter = RowCounter()
        request = dataclasses.replace(request, inputs=batch.inputs if batch.added is None else batch.added)
        rows = apply_steps(table.flow.source.read(context, request), flow.before, batch, counter)
        if may_vary(rows):
            return None
        most_rows = None
        if batch.added is not None and goes_row_by_row(rows) and not runs_code(rows):
            most_rows = table.flow.source.row_count(context, request.inputs)  # else one may become many
        rows = in_one_part(rows, most_rows)
        pinned = PinnedTables(context=context, versions=batch.pinned)
        groups = flow.grouping.groups(rows, WithViews(tables=pinned, views=table.views))
        if groups is None or not (groups.merges or groups.key_columns):
            return None
        kept = groups.of(rows)
        schemas = [kept.schema, *(values.of(rows).schema for values in groups.distinct)]
        if not all(_is_writable(field.dataType) for schema in schemas for field in schema.fields):
            return None
        return cls(
            context=context,
            table=table,
            flow=flow,
            batch=batch,
            request=request,
            apply_steps=apply_steps,
            counter=counter,
            rows=rows,
            most_rows=most_rows,
            groups=groups,
            kept=kept,
        )

    @property
    def settings(self) -> dict[str, str]:
        """What the session says that values may depend on."""
        conf = self.context.spark.conf
        return {name: conf.get(name) or "" for name in _SETTINGS}

    def why_not_from(self, state: KeptState) -> str | None:
        """Say why these groups can't go on from kept ones; None where they can."""
        for name, value in self.settings.items():
            if state.settings.get(name) != value:
                return f"{name} was {state.settings.get(name)!r} when groups were kept, and is {value!r}"
        pairs = [values.of(self.rows).schema for values in self.groups.distinct]
        kept = [runs[0].schema for runs in state.values if runs]
        if [_types(each) for each in (self.kept.schema, *pairs)] == [
            _types(each) for each in (state.rows.schema, *kept)
        ]:
            return None
        return "the kept groups have other types"

    def is_readable(self, state: KeptState) -> bool:
        """Say whether every value of kept rows can be read."""
        try:
            for each in state.everything():
                frame = each.frame(self.context.spark)
                frame.agg(F.bit_xor(F.xxhash64(F.to_json(F.struct("*"))))).collect()
        except SPARK_ERRORS:
            return False
        return True

    def read_back(self, state: KeptState) -> DataFrame:
        """Return kept rows under their own names."""
        kept = in_one_part(state.rows.frame(self.context.spark), state.rows.row_count)
        return kept.toDF(*self.kept.columns)

    def whole(self, folder: str, *, why: str) -> KeptState:
        """Compute the groups from all rows; ``why`` says so of a batch that was to be made from new ones."""
        work, how = self, self.batch.how
        if self.batch.added is not None:
            everything = msgspec.structs.replace(self.batch, added=None)
            again = GroupWork.of(
                self.context, self.table, self.flow, everything, self._request(), self.apply_steps
            )
            assert again is not None  # noqa: S101 - the types of all rows are those of the new ones
            work, how = again, f"whole: {why}"
        staged = _written(work.kept, folder)
        values = tuple((StagedRows.write(each.of(work.rows), folder),) for each in work.groups.distinct)
        state = work._state(staged, staged.row_count, work._request(), values)
        return msgspec.structs.replace(state, how=how)

    def brought_up_to_date(self, state: KeptState, folder: str) -> KeptState:
        """Go on from what was kept of earlier rows."""
        if self.groups.merges:
            return self._merged(state, folder)
        return self._computed_again(state, folder)

    def _merged(self, state: KeptState, folder: str) -> KeptState:
        new, grown_values = self.kept, []
        write, few = partial(StagedRows.write, table_path=folder), are_few(self.most_rows)
        for values, runs in zip(self.groups.distinct, state.values, strict=True):
            found = grown(runs, values, values.of(self.rows), write, at_most=self.most_rows)
            new = values.counted(new, self.groups.key_columns, found.unseen, in_one_part=few)
            grown_values.append(found.runs)
        point = Observation()
        new = new.observe(point, F.count(F.lit(1)).alias("rows"))
        together = self.read_back(state).union(new)
        if few:
            together = in_one_part(together, state.rows.row_count)
        staged = _written(self.groups.merged(together), folder)
        return self._state(staged, rows(point), self.request, tuple(grown_values))

    def _computed_again(self, state: KeptState, folder: str) -> KeptState:
        touched = self.rows.select(*self._keys()).distinct().persist()
        try:
            first = touched.limit(_MANY_GROUPS + 1).collect()
            count = len(first) if len(first) <= _MANY_GROUPS else touched.count()
            request = self._request(where=self._where(first))
            source = self.table.flow.source.read(self.context, request)
            again = self.apply_steps(source, self.flow.before, self.batch, RowCounter())
            fresh = self.groups.of(_of_groups(again, self._keys(), touched))
            held = self.read_back(state)
            columns = [F.col(quoted(name)) for name in self.groups.key_columns]
            stay = held.join(touched, _alike(columns, touched), "left_anti")
            return self._state(_written(stay.union(fresh), folder), count, request)
        finally:
            touched.unpersist()

    def _keys(self) -> list[Column]:
        return [F.expr(text).alias(_KEY.format(number)) for number, text in enumerate(self.flow.keys)]

    def _where(self, groups: Sequence[Any]) -> Predicate | None:
        if not 0 < len(groups) <= _MANY_GROUPS:
            return None
        sources = self.table.flow.source.tables()
        state = self.context.state(sources[0].table) if sources else None
        return may_be_of_groups(self.flow.keys, groups, self.flow.before, state.schema) if state else None

    def _request(self, *, where: Predicate | None = None) -> ReadRequest:
        return dataclasses.replace(self.request, inputs=self.batch.inputs, where=where)

    def _state(
        self, staged: StagedRows, touched: int, request: ReadRequest, values: tuple[ValueRuns, ...] = ()
    ) -> KeptState:
        reads = self.table.flow.source.reads(self.context, request)
        return KeptState(
            rows=staged,
            settings=self.settings,
            steps=self.counter.steps(),
            counts={"groups": staged.row_count, "groups_touched": touched, **reads},
            how=self.batch.how,
            values=values,
        )


def _types(schema: StructType) -> list[str]:
    return [field.dataType.simpleString() for field in schema.fields]


def _written(kept: DataFrame, folder: str) -> StagedRows:
    """Write kept rows; their columns are named by position, for a key's name may be any expression."""
    names = [_COLUMN.format(number) for number in range(len(kept.columns))]
    return StagedRows.write(kept.toDF(*names), folder)


def _of_groups(frame: DataFrame, keys: Sequence[Column], touched: DataFrame) -> DataFrame:
    own = [f"{name}_own" for name in touched.columns]
    placed = frame.select("*", *(key.alias(name) for key, name in zip(keys, own, strict=True)))
    return placed.join(touched, _alike([F.col(name) for name in own], touched), "left_semi").drop(*own)


def _alike(columns: Sequence[Column], touched: DataFrame) -> Column:
    pairs = zip(columns, touched.columns, strict=True)
    return functools.reduce(operator.and_, (column.eqNullSafe(touched[name]) for column, name in pairs))


def _is_writable(data_type: DataType) -> bool:
    if isinstance(data_type, ArrayType):
        return _is_writable(data_type.elementType)
    if isinstance(data_type, MapType):
        return _is_writable(data_type.keyType) and _is_writable(data_type.valueType)
    if isinstance(data_type, StructType):
        return all(_is_writable(field.dataType) for field in data_type.fields)
    return not isinstance(data_type, NullType | CalendarIntervalType)
