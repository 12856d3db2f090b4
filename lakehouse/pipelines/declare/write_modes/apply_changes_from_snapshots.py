"""Apply changes from snapshots: all rows that there are, time after time; what one lacks was deleted by then."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, ClassVar, Literal

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from lakehouse.errors import DefinitionError
from lakehouse.pipelines.declare.change_data import SNAPSHOT, ChangeRules
from lakehouse.pipelines.declare.old_rows import OldRows
from lakehouse.pipelines.declare.rules import FlowRule
from lakehouse.pipelines.declare.write_modes.apply_changes import ApplyChanges
from lakehouse.pipelines.declare.write_modes.changed_rows import names_or_none, shown_by
from lakehouse.pipelines.declare.write_modes.interface import WriteMode
from lakehouse.pipelines.declare.yaml_part import YamlPart, names
from lakehouse.quality import Contract
from lakehouse.source_location import SourceLocation
from lakehouse.tables import AlreadyPublished, IWritableDeltaTable, Published, TransactionId
from lakehouse.words import word

__all__ = ["ApplyChangesFromSnapshots"]


@dataclass(frozen=True, slots=True, kw_only=True)
class _SnapshotsYaml:
    keys: str | list[str]
    sequence_by: str | None = None
    column_list: str | list[str] | None = None
    except_column_list: str | list[str] | None = None
    stored_as_scd_type: Literal[1, 2] = 1
    track_history_column_list: str | list[str] | None = None
    track_history_except_column_list: str | list[str] | None = None
    evolve_schema: bool = False


@word("apply_changes_from_snapshots")
@dataclass(frozen=True, slots=True, kw_only=True)
class ApplyChangesFromSnapshots(WriteMode):
    """Keeps the rows of a table as snapshots say, which come in their order; a late one is quarantined.

    A key that is quarantined is there, with the values that it had.
    """

    yaml_type: ClassVar[Any] = _SnapshotsYaml
    old_rows: ClassVar[OldRows] = OldRows.DECIDED
    schema_binds: ClassVar[bool] = True
    rebuilt_when_redefined: ClassVar[bool] = False

    keys: tuple[str, ...]
    sequence_by: str | None = None
    """The column that tells which snapshot a row is of; None where each batch is one."""
    column_list: tuple[str, ...] | None = None
    except_column_list: tuple[str, ...] | None = None
    stored_as_scd_type: Literal[1, 2] = 1
    track_history_column_list: tuple[str, ...] | None = None
    track_history_except_column_list: tuple[str, ...] | None = None
    evolve_schema: bool = False

    @classmethod
    def from_yaml(cls, given: _SnapshotsYaml, part: YamlPart) -> ApplyChangesFromSnapshots:
        return cls(
            keys=names(given.keys),
            sequence_by=given.sequence_by,
            column_list=names_or_none(given.column_list),
            except_column_list=names_or_none(given.except_column_list),
            stored_as_scd_type=given.stored_as_scd_type,
            track_history_column_list=names_or_none(given.track_history_column_list),
            track_history_except_column_list=names_or_none(given.track_history_except_column_list),
            evolve_schema=given.evolve_schema,
        )

    @property
    def name(self) -> str:
        return f"apply_changes_from_snapshots({', '.join(self.keys)})"

    @property
    def required_columns(self) -> Sequence[str]:
        return self.changes.match

    @property
    def takes_new_columns(self) -> bool:
        return self.evolve_schema

    @property
    def misses_columns(self) -> bool:
        return self.evolve_schema

    def under(self, contract: Contract) -> ApplyChangesFromSnapshots:
        return replace(self, evolve_schema=True) if contract.columns == "evolve" else self

    @property
    def changes(self) -> ChangeRules:
        return self._as_feed.changes.of_snapshots()

    def rules(self, location: SourceLocation) -> Sequence[FlowRule]:
        key, sequence = self._as_feed.rules(location)
        return (key,) if self.sequence_by is None else (key, sequence)

    def problems(self, *, location: SourceLocation) -> Sequence[DefinitionError]:
        return self._as_feed.problems(location=location)

    def why_by_cut(self) -> str | None:
        return "takes each batch for a whole snapshot" if self.sequence_by is None else None

    def rows_that_stay(self, held: DataFrame, new: DataFrame) -> DataFrame:
        return held.limit(0)

    def shown(self, frame: DataFrame) -> DataFrame:
        if self.sequence_by is None:
            frame = frame.withColumn(SNAPSHOT, F.lit(0).cast("bigint"))
        return shown_by(self.changes, frame)

    def publish(
        self, table: IWritableDeltaTable, frame: DataFrame, transaction: TransactionId
    ) -> Published | AlreadyPublished:
        return self._as_feed.publish(table, frame, transaction)

    @property
    def _as_feed(self) -> ApplyChanges:
        except_columns = self.except_column_list
        if self.sequence_by is None and self.column_list is None:
            except_columns = (*(except_columns or ()), SNAPSHOT)
        return ApplyChanges(
            keys=self.keys,
            sequence_by=(self.sequence_by or SNAPSHOT,),
            column_list=self.column_list,
            except_column_list=except_columns,
            stored_as_scd_type=self.stored_as_scd_type,
            track_history_column_list=self.track_history_column_list,
            track_history_except_column_list=self.track_history_except_column_list,
            evolve_schema=self.evolve_schema,
        )
