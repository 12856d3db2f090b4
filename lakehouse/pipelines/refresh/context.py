"""What a table's pipeline needs to know of the run that it is part of."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from pyspark.sql import DataFrame, SparkSession

from lakehouse.ingestion import FileFormat, Inspector, LandingZone, ReleasedFiles
from lakehouse.pipelines.declare.definition import TableDefinition
from lakehouse.pipelines.declare.old_rows import OldRows
from lakehouse.pipelines.declare.sources import SOURCE_FILE
from lakehouse.pipelines.declare.steps import OtherTable
from lakehouse.pipelines.refresh.open_tables import OpenTables, TableEngine
from lakehouse.pipelines.refresh.released import released_files
from lakehouse.pipelines.refresh.rows_by_key import RowsByKey
from lakehouse.pipelines.refresh.settled_rows import SettledRows
from lakehouse.pipelines.refresh.shared_frames import SharedFrames
from lakehouse.pipelines.warehouse import Warehouse
from lakehouse.tables import IWritableDeltaTable, NativeTable, TableLayout, TableLog, TableState

__all__ = ["OnStep", "PinnedTables", "Rebuilt", "RefreshContext"]

InspectorChoice = Callable[[LandingZone, FileFormat], Inspector | None]
OnStep = Callable[[str, str], None]
"""Called with the table and the step that it has just finished."""


def _now() -> dt.datetime:
    return dt.datetime.now(dt.UTC)


def _ignore(table: str, step: str) -> None:
    """Nobody listens."""


def _whoever_is_quicker(zone: LandingZone, file_format: FileFormat) -> None:
    """Leave it to how much there is to read."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rebuilt:
    """Which tables somebody asked to have rebuilt from all of their inputs."""

    tables: frozenset[str] = frozenset()
    accepts_loss: bool = False
    """Whether a table may be rebuilt although inputs that it took are gone."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RefreshContext:
    """Session, warehouse and neighbours; the same for all tables of a run."""

    pipeline: str
    open_session: Callable[[], SparkSession]
    """Returns the run's session; called only when rows are to be looked at."""
    warehouse: Warehouse
    tables: Mapping[str, TableDefinition]
    shared: SharedFrames = field(default_factory=SharedFrames)
    settled: SettledRows = field(default_factory=SettledRows)
    shared_steps: Mapping[str, int] = field(default_factory=dict)
    """By table, how many of its first steps are made once for several tables."""
    on_step: OnStep = _ignore
    engine: TableEngine = NativeTable
    inspector: InspectorChoice = _whoever_is_quicker
    """Who looks through landed files."""
    clock: Callable[[], dt.datetime] = _now
    rebuilt: Rebuilt = field(default_factory=Rebuilt)
    opened: OpenTables = field(default_factory=OpenTables)
    has_session: bool = False
    """Whether the session is there already, and may be asked before anything is decided."""

    @property
    def spark(self) -> SparkSession:
        """The run's session."""
        return self.open_session()

    def now(self) -> dt.datetime:
        """Return the time by the run's clock, in UTC."""
        return self.clock()

    def state(self, table: str) -> TableState | None:
        """Return what the log of a declared table says, without a session; None while there is no table."""
        return self.log(table).state()

    def rows_change(self, table: str) -> bool:
        """Return whether a declared table is written so that rows which it holds may become others."""
        flow = self.tables[table].flow
        if flow.write_mode is not None and flow.write_mode.old_rows is not OldRows.STAY:
            return True
        # A table that reads new rows of such a table is rebuilt when its rows change.
        return any(self.rows_change(each.table) for each in flow.source.tables())

    def commit_id(self, table: str, version: int) -> str | None:
        """Return what tells a commit of a declared table from any other of its number; None when it is gone."""
        return self.log(table).commit_id(version)

    def bytes_added(self, table: str, *, after: int, through: int) -> int | None:
        """Return the size of the files that came to a declared table in these versions; None when it is not known."""
        return self.log(table).bytes_added(after=after, through=through)

    def log(self, table: str) -> TableLog:
        """Return the log of a declared table, which is read without a session."""
        return self.opened.log(self.path(table))

    def released(self, table: str) -> ReleasedFiles:
        """Return the files that somebody asked a declared table to look at again."""
        declared = self.tables[table]
        return released_files(self.warehouse, layer=declared.layer, table=declared.folder)

    def tells_files_apart(self, table: str) -> bool:
        """Say whether the rows of one file can be taken out of a declared table: they stay as they are, and name it."""
        declared, state = self.tables[table], self.state(table)
        mode = declared.flow.write_mode
        return (
            state is not None
            and SOURCE_FILE in state.schema.names
            and mode is not None
            and mode.old_rows is OldRows.STAY
            and not any(step.compares_with_target(mode.old_rows) for step in declared.all_steps)
        )

    def path(self, table: str) -> str:
        """Return the folder of a declared table, or of one from outside."""
        if table not in self.tables:
            return self.warehouse.path_of_outside(table)
        declared = self.tables[table]
        return self.warehouse.path_of(declared.layer, declared.folder)

    def table(self, table: str) -> IWritableDeltaTable:
        """Return a declared table, which need not exist yet, or one from outside."""
        if table not in self.tables:
            path = self.path(table)
            return self.opened.table(path, self.engine, self.open_session, layout=TableLayout())
        declared = self.tables[table]
        return self.table_in(declared.layer, declared.folder, layout=declared.options.layout)

    def table_in(self, layer: str, table: str, *, layout: TableLayout | None = None) -> IWritableDeltaTable:
        """Return a table that is not declared, such as a quarantine."""
        path = self.warehouse.path_of(layer, table)
        return self.opened.table(path, self.engine, self.open_session, layout=layout or TableLayout())

    def flow_id(self, table: str) -> str:
        """Return the application name that the table's commits carry."""
        return f"lakehouse/{self.pipeline}/{self.tables[table].folder}"


@dataclass(frozen=True, slots=True, kw_only=True)
class PinnedTables:
    """The tables that steps read beside their input, at the versions that a batch names (a StepContext)."""

    context: RefreshContext
    versions: Mapping[str, int]
    own: str = ""
    """The table whose steps they are; empty where these have no rows of it to go on from."""

    def own_rows(self, keys: DataFrame, columns: Sequence[str]) -> DataFrame | None:
        """Return the rows of the table itself that agree with one of ``keys``: it takes no batch before this one."""
        state = self.context.state(self.own) if self.own else None
        if state is None:
            return None
        log, table = self.context.log(self.own), self.context.table(self.own)
        there = RowsByKey(log=log, table=table, version=state.version, name=self.own)
        return there.with_key_of(keys, columns)

    def table(self, name: str) -> OtherTable:
        """Return the table as it stood when the batch was decided."""
        version = self.versions[name]
        frame = self.context.table(name).read(version=version)
        log = self.context.log(name)
        return OtherTable(frame=frame, version=version, measure=lambda: log.size_bytes(version=version))
