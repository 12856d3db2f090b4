"""What a table's pipeline needs to know of the run that it is part of."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from pyspark.sql import SparkSession

from lakehouse.pipelines.definition import TableDefinition
from lakehouse.pipelines.shared_frames import SharedFrames
from lakehouse.pipelines.warehouse import Warehouse
from lakehouse.tables import IWritableDeltaTable, NativeTable, TableLog, TableState

__all__ = ["OnStep", "RefreshContext", "TableEngine"]

TableEngine = Callable[[SparkSession, str], IWritableDeltaTable]
"""Opens the table in a folder: ``NativeTable``, ``DeltaSparkTable``, or one of your own."""

OnStep = Callable[[str, str], None]
"""Called with the table and the step that it has just finished."""


def _now() -> dt.datetime:
    return dt.datetime.now(dt.UTC)


def _ignore(table: str, step: str) -> None:
    """Nobody listens."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RefreshContext:
    """Session, warehouse and neighbours; the same for all tables of a run."""

    pipeline: str
    open_session: Callable[[], SparkSession]
    """Gives the run's session; called only when rows are to be looked at."""
    warehouse: Warehouse
    tables: Mapping[str, TableDefinition]
    shared: SharedFrames = field(default_factory=SharedFrames)
    shared_steps: Mapping[str, int] = field(default_factory=dict)
    """By table, how many of its first steps are made once for several tables."""
    on_step: OnStep = _ignore
    engine: TableEngine = NativeTable
    clock: Callable[[], dt.datetime] = _now

    @property
    def spark(self) -> SparkSession:
        """The run's session."""
        return self.open_session()

    def state(self, name: str) -> TableState | None:
        """Return what the log of a declared table says, without a session; None where no table is."""
        return TableLog(self.path(name)).state()

    def path(self, name: str) -> str:
        """Return the folder of a declared table."""
        return self.warehouse.path_of(self.tables[name].layer, name)

    def table(self, name: str) -> IWritableDeltaTable:
        """Return the table of this name, which need not exist yet."""
        return self.table_in(self.tables[name].layer, name)

    def table_in(self, layer: str, name: str) -> IWritableDeltaTable:
        """Return a table that is not declared, such as a quarantine."""
        return self.engine(self.spark, self.warehouse.path_of(layer, name))

    def flow_id(self, table: str) -> str:
        """Return the application name that the table's commits carry."""
        return f"lakehouse/{self.pipeline}/{table}"
