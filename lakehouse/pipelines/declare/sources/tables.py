"""Another table of the pipeline as a source."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from pyspark.sql import DataFrame, SparkSession
from pyspark.sql.types import StructType

from lakehouse.pipelines.declare.language import Call, Language
from lakehouse.pipelines.declare.sources.arrivals import Arrivals, arriving_files
from lakehouse.pipelines.declare.sources.history import History, Inputs
from lakehouse.pipelines.declare.sources.interface import (
    NewInputs,
    ReadRequest,
    Source,
    SourceContext,
    TableReference,
    TablesBeside,
)
from lakehouse.pipelines.declare.sources.row_changes import row_changes, with_change_columns
from lakehouse.pipelines.declare.yaml_part import YamlPart
from lakehouse.pipelines.errors import ReplacedInputError
from lakehouse.tables import TableState, UnreadableChangesError
from lakehouse.words import word

__all__ = ["TableSource"]

_EVERYTHING = -1


@dataclass(frozen=True, slots=True, kw_only=True)
class _Read:
    table: str
    incremental: bool = False
    changes: bool = False


@word("read")
@dataclass(frozen=True, slots=True, kw_only=True)
class TableSource(Source):
    """Another table: whole, or only the rows that the reading table has not processed yet, or what changed since.

    Inputs are ``after`` and ``through``: the versions in between, the second included; ``after=-1`` is everything.
    """

    yaml_type: ClassVar[Any] = _Read

    table: str
    incremental: bool = False
    changes: bool = False
    """Whether rows that changed come too: see ``row_changes``."""

    @classmethod
    def from_yaml(cls, given: _Read, part: YamlPart) -> TableSource:
        return cls(
            table=given.table, incremental=given.incremental, changes=given.changes, location=part.location
        )

    def to_python(self, language: Language) -> Call:
        return Call.of("read", self.to_yaml(language), "table")

    @property
    def label(self) -> str:
        return repr(self.table)

    def schema(self, upstream: Mapping[str, StructType]) -> StructType:
        shown = upstream[self.table]
        return with_change_columns(shown) if self.changes else shown

    def tables(self) -> Sequence[TableReference]:
        return (TableReference(table=self.table, location=self.location),)

    stands_beside: ClassVar[bool] = True

    def beside(self, context: TablesBeside, spark: SparkSession) -> DataFrame:
        return context.table(self.table).frame

    def beside_bytes(self, context: TablesBeside) -> int | None:
        beside = context.table(self.table)
        return beside.size_bytes if beside.is_whole else None

    @property
    def whole_table(self) -> str:
        return self.table

    def like(self, other: Source) -> Source:
        return dataclasses.replace(self, incremental=self.incremental or other.gives_all_rows is False)

    @property
    def gives_all_rows(self) -> bool:
        return not self._goes_on

    @property
    def _goes_on(self) -> bool:
        return self.incremental or self.changes

    def next_inputs(self, context: SourceContext, table: str, history: History) -> NewInputs | None:
        return self.inputs_since(context, table, history[-1] if history and self._goes_on else None)

    def inputs_since(self, context: SourceContext, table: str, last: Inputs | None) -> NewInputs | None:
        """Return the inputs behind those of the last batch, or all that there is; None when nothing is new."""
        state = context.state(self.table)
        if state is None:
            return None
        after = _EVERYTHING
        rebuilds = ""
        if last is not None:
            after = last["through"]
            if self._is_replaced(context, last, state):
                raise ReplacedInputError(table=table, source=self.table, path=context.path(self.table))
            if after == state.version:
                return None
            if not self.changes:
                rebuilds = self._why_rows_changed(context, table, after=after, through=state.version)
            after = _EVERYTHING if rebuilds else after
        inputs = {
            "after": after,
            "through": state.version,
            "table_id": state.table_id,
            "commit": context.commit_id(self.table, state.version),
        }
        reason = rebuilds or self._reason(after, state.version)
        return NewInputs(known=inputs, reason=reason, outside_bytes=0, rebuilds=bool(rebuilds))

    def arrivals(self, context: SourceContext, table: str) -> Arrivals:
        # Each commit is a new file, whatever it did to the table (Delta PROTOCOL, "Delta Log Entries").
        return arriving_files(context.spark, f"{context.path(self.table)}/_delta_log", names="*.json")

    def stands(self, context: SourceContext, inputs: Inputs) -> bool:
        state = context.state(self.table)
        after, through = inputs["after"], inputs["through"]
        if state is None or self._is_replaced(context, inputs, state):
            return False
        if through == state.version:
            return True
        if not self.incremental:
            return False  # there is a newer version, and all of it is read
        log = context.log(self.table)
        read, now = (log.paths_added(after=after, through=version) for version in (through, state.version))
        return read is not None and now is not None and read <= now

    def read(self, context: SourceContext, request: ReadRequest) -> DataFrame:
        after, through = request.inputs["after"], request.inputs["through"]
        if self.changes:
            return row_changes(context.table(self.table), after=after, through=through)
        if after == _EVERYTHING:
            return context.table(self.table).read(version=through, where=request.where)
        return context.table(self.table).rows_added(after=after, through=through)

    def size_bytes(self, context: SourceContext, inputs: Inputs) -> int | None:
        return context.bytes_added(self.table, after=inputs["after"], through=inputs["through"])

    def row_count(self, context: SourceContext, inputs: Inputs) -> int | None:
        return context.log(self.table).rows_added(after=inputs["after"], through=inputs["through"])

    tells_added_rows: ClassVar[bool] = True

    def added_since(self, context: SourceContext, last: Inputs, now: Inputs) -> NewInputs | str:
        state = context.state(self.table)
        if state is None or self._is_replaced(context, last, state):
            return f"{self.table} has been replaced since"
        after, through = last["through"], now["through"]
        if (why := context.log(self.table).why_not_appended(after=after, through=through)) is not None:
            return f"{self.table} has not only been appended to: {why}"
        nothing = f"{self.table} has no new rows"
        reason = nothing if after == through else self._reason(after, through)
        return NewInputs(known={**now, "after": after}, reason=reason)

    def reads(self, context: SourceContext, request: ReadRequest) -> Mapping[str, int]:
        after, through = request.inputs["after"], request.inputs["through"]
        log = context.log(self.table)
        sizes = (
            log.file_sizes(version=through, where=request.where)
            if after == _EVERYTHING
            else log.added_sizes(after=after, through=through)
        )
        return {"files_read": len(sizes), "bytes_read": sum(sizes)}

    def _is_replaced(self, context: SourceContext, last: Inputs, state: TableState) -> bool:
        """Say whether the table is not the one that was read, but recreated, or restored from a backup."""
        if last["table_id"] != state.table_id or last["through"] > state.version:
            return True
        now = context.commit_id(self.table, last["through"])
        return None not in (now, last.get("commit")) and now != last["commit"]

    def _why_rows_changed(self, context: SourceContext, table: str, *, after: int, through: int) -> str:
        """Say why rows that were read before are not as they were; empty where they are.

        Raises ReplacedInputError where the table is not declared to change them.
        """
        try:
            context.log(self.table).plain_files_added(after=after, through=through)
        except UnreadableChangesError as error:
            if context.rows_change(self.table):
                return f"rows of {self.table} changed: {error.reason}"
            path = context.path(self.table)
            raise ReplacedInputError(
                table=table, source=self.table, path=path, reason=error.reason
            ) from error
        return ""

    def _reason(self, after: int, through: int) -> str:
        if after == _EVERYTHING:
            return f"{self.table} is at version {through}"
        if self.changes:
            versions = f"version {through}" if through == after + 1 else f"versions {after + 1} to {through}"
            return f"{self.table} has changed rows in {versions}"
        return f"{self.table} has new rows in versions {after + 1} to {through}"
