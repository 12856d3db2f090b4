"""What rules see of the run: the table that takes a batch, and the tables beside it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable, Mapping, Sequence

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F
from pyspark.sql.types import DataType, DateType, TimestampNTZType

from lakehouse.delta_log import col
from lakehouse.pipelines.declare.definition import TableDefinition
from lakehouse.pipelines.declare.old_rows import OldRows
from lakehouse.pipelines.declare.write_modes import WriteMode
from lakehouse.pipelines.refresh.context import RefreshContext
from lakehouse.pipelines.refresh.rows_by_key import RowsByKey
from lakehouse.quality import CAST_ERRORS
from lakehouse.tables import TableLog, TableState, quoted

__all__ = ["BatchRules"]


class BatchRules:
    """Answers the rules of one table about one batch (a RuleContext).

    ``versions`` are those of the tables beside it, as the batch names them; ``old_rows`` is what becomes of the
    table's rows with this batch; ``earlier`` gives what a rule noted of so many batches before.
    """

    def __init__(
        self,
        context: RefreshContext,
        table: TableDefinition,
        mode: WriteMode,
        *,
        versions: Mapping[str, int],
        now: dt.datetime,
        old_rows: OldRows | None = None,
        earlier: Callable[[str, int], Sequence[float]] = lambda rule, most: (),
    ) -> None:
        self.now = now
        self.noted: dict[str, float] = {}
        self._earlier = earlier
        self._context = context
        self._name = table.name
        self._own_names = table.own_names
        self._mode = mode
        self._old_rows = mode.old_rows if old_rows is None else old_rows
        self._versions = versions
        self._rows: DataFrame | None = None
        self._stays: Column | None = None
        self.told_what_stays = False
        """Whether an answer depended on which rows of the batch stay."""

    def judging(self, rows: DataFrame, *, stays: Column | None = None) -> BatchRules:
        """Return the answers for these rows of the batch; ``stays`` says which of them no other rule takes out."""
        if stays is None and CAST_ERRORS in rows.columns:
            stays = F.col(CAST_ERRORS).isNull()
        self._stays = stays
        self._rows = self.staying(rows)
        return self

    def staying(self, rows: DataFrame) -> DataFrame:
        return rows if self._stays is None else rows.where(self._stays)

    def own_rows(self, rows: DataFrame, columns: Sequence[str]) -> DataFrame | None:
        state = self._log.state()
        if state is None or self._old_rows is OldRows.GO or _lacks(state, columns):
            return None  # where a column comes only now, the table's rows are NULL in it
        held = self._with_keys(self._name, rows, columns, version=state.version)
        return None if held is None else self._that_stay(held)

    def rows_of(self, table: str, rows: DataFrame, columns: Mapping[str, str]) -> DataFrame:
        if table in self._own_names:
            return self._rows_of_itself(rows, columns)
        version = self._versions[table]
        theirs = list(columns.values())
        missing = [
            name for name in theirs if name not in self._context.log(table).schema(version=version).names
        ]
        found = None
        if not missing:
            keys = rows.select(*(F.col(quoted(ours)).alias(to) for ours, to in columns.items()))
            found = self._with_keys(table, keys, theirs, version=version)
        return self._context.table(table).read(version=version).limit(0) if found is None else found

    def _rows_of_itself(self, rows: DataFrame, columns: Mapping[str, str]) -> DataFrame:
        """Return the rows of the batch, and those of the table that stay beside them."""
        theirs = [F.col(quoted(to)) for to in columns.values()]
        batch, state = self._batch.select(*theirs), self._log.state()
        self.told_what_stays = True
        if state is None or self._old_rows is OldRows.GO or _lacks(state, columns.values()):
            return batch
        keys = rows.select(*(F.col(quoted(ours)).alias(to) for ours, to in columns.items()))
        held = self._with_keys(self._name, keys, list(columns.values()), version=state.version)
        if held is None:
            return batch
        return self._that_stay(held).select(*theirs).unionByName(batch)

    def all_rows_of(self, table: str) -> DataFrame:
        return self._context.table(table).read(version=self._versions[table])

    def rows_stay(self, rows: DataFrame) -> None:
        self._rows = rows

    def own_rows_that_stay(self) -> DataFrame | None:
        state = self._log.state()
        if state is None or self._old_rows is OldRows.GO:
            return None
        return self._that_stay(self._context.table(self._name).read(version=state.version))

    def own_row_count(self) -> int:
        state = self._log.state()
        if (
            state is not None
            and self._old_rows is OldRows.STAY
            and (count := self._log.row_count(version=state.version)) is not None
        ):
            return count
        held = self.own_rows_that_stay()
        return 0 if held is None else held.count()

    def earlier_measures(self, rule: str, most: int) -> Sequence[float]:
        return self._earlier(rule, most)

    def note_measure(self, rule: str, value: float) -> None:
        self.noted[rule] = value

    def has_rows_since(self, column: str, moment: dt.datetime) -> bool:
        state = self._log.state()
        if state is None or (self._rows is not None and self._old_rows is OldRows.GO):
            return False
        if column not in state.schema.names:
            return True  # the definition has changed, and no batch came since: nothing tells the age of a row
        since = col(column) >= _as_stored(state.schema[column].dataType, moment)
        return bool(self._log.at(state.version).files(since).num_rows)

    @property
    def _batch(self) -> DataFrame:
        assert self._rows is not None  # noqa: S101 - a batch is judged
        return self._rows

    def _that_stay(self, held: DataFrame) -> DataFrame:
        self.told_what_stays = self.told_what_stays or self._old_rows is not OldRows.STAY
        return self._mode.rows_that_stay(held, self._batch)

    @property
    def _log(self) -> TableLog:
        return self._context.log(self._name)

    def _with_keys(
        self, table: str, rows: DataFrame, columns: Sequence[str], *, version: int
    ) -> DataFrame | None:
        there = RowsByKey(
            log=self._context.log(table), table=self._context.table(table), version=version, name=table
        )
        if there.are_few:
            return there.all()
        bounds = there.bounds(rows, columns)
        return there.among(rows, columns, bounds, sought=bounds.groups)


def _lacks(state: TableState, columns: Iterable[str]) -> bool:
    """Say whether the table has not all of the columns; names are compared as Spark does it."""
    there = {name.lower() for name in state.schema.names}
    return any(name.lower() not in there for name in columns)


def _as_stored(stored: DataType, moment: dt.datetime) -> dt.date | dt.datetime:
    """Return the smallest value of a column that is not before the moment; a date is its midnight."""
    if isinstance(stored, DateType):
        midnight = moment.replace(hour=0, minute=0, second=0, microsecond=0)
        return moment.date() + dt.timedelta(days=moment > midnight)
    return moment.replace(tzinfo=None) if isinstance(stored, TimestampNTZType) else moment
