"""Apply changes: rows say what was inserted, updated or deleted elsewhere, in whatever order they come."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, ClassVar, Literal

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from lakehouse.errors import DefinitionError
from lakehouse.ingestion import METADATA_COLUMNS
from lakehouse.pipelines.declare.change_data import END_AT, START_AT, ChangeRules
from lakehouse.pipelines.declare.old_rows import OldRows
from lakehouse.pipelines.declare.rules import ConditionRule, FlowRule
from lakehouse.pipelines.declare.write_modes.changed_rows import (
    all_there,
    merged,
    names_or_none,
    sequence_is_there,
    shown_by,
    with_other_keys,
)
from lakehouse.pipelines.declare.write_modes.interface import WriteMode
from lakehouse.pipelines.declare.yaml_part import YamlPart, names
from lakehouse.pipelines.errors import InvalidWriteModeError
from lakehouse.quality import Condition, Contract
from lakehouse.source_location import SourceLocation
from lakehouse.tables import (
    AlreadyPublished,
    IWritableDeltaTable,
    Published,
    TransactionId,
)
from lakehouse.words import word

__all__ = ["ApplyChanges"]

_OF_THE_STATE = ("_sequence", "_deleted", "_row", "_batch")


@dataclass(frozen=True, slots=True, kw_only=True)
class _ApplyChangesYaml:
    keys: str | list[str]
    sequence_by: str | list[str]
    apply_as_deletes: str | None = None
    apply_as_truncates: str | None = None
    ignore_null_updates: bool = False
    column_list: str | list[str] | None = None
    except_column_list: str | list[str] | None = None
    stored_as_scd_type: Literal[1, 2] = 1
    track_history_column_list: str | list[str] | None = None
    track_history_except_column_list: str | list[str] | None = None
    evolve_schema: bool = False


@word("apply_changes")
@dataclass(frozen=True, slots=True, kw_only=True)
class ApplyChanges(WriteMode):
    """Keeps the rows of a table as a feed of changes says, whatever order, batch or number of times they come in.

    A row without a value in one of ``keys`` or ``sequence_by`` is quarantined; so are changes of one key and
    sequence that differ.
    """

    yaml_type: ClassVar[Any] = _ApplyChangesYaml
    old_rows: ClassVar[OldRows] = OldRows.DECIDED
    schema_binds: ClassVar[bool] = True
    rebuilt_when_redefined: ClassVar[bool] = False

    keys: tuple[str, ...]
    sequence_by: tuple[str, ...]
    apply_as_deletes: Condition | None = None
    apply_as_truncates: Condition | None = None
    ignore_null_updates: bool = False
    column_list: tuple[str, ...] | None = None
    except_column_list: tuple[str, ...] | None = None
    stored_as_scd_type: Literal[1, 2] = 1
    track_history_column_list: tuple[str, ...] | None = None
    track_history_except_column_list: tuple[str, ...] | None = None
    evolve_schema: bool = False

    @classmethod
    def from_yaml(cls, given: _ApplyChangesYaml, part: YamlPart) -> ApplyChanges:
        return cls(
            keys=names(given.keys),
            sequence_by=names(given.sequence_by),
            apply_as_deletes=given.apply_as_deletes,
            apply_as_truncates=given.apply_as_truncates,
            ignore_null_updates=given.ignore_null_updates,
            column_list=names_or_none(given.column_list),
            except_column_list=names_or_none(given.except_column_list),
            stored_as_scd_type=given.stored_as_scd_type,
            track_history_column_list=names_or_none(given.track_history_column_list),
            track_history_except_column_list=names_or_none(given.track_history_except_column_list),
            evolve_schema=given.evolve_schema,
        )

    @property
    def name(self) -> str:
        return f"apply_changes({', '.join(self.keys)})"

    @property
    def required_columns(self) -> Sequence[str]:
        return self.changes.match

    @property
    def takes_new_columns(self) -> bool:
        return self.evolve_schema

    @property
    def misses_columns(self) -> bool:
        return self.evolve_schema

    def under(self, contract: Contract) -> ApplyChanges:
        return replace(self, evolve_schema=True) if contract.columns == "evolve" else self

    @property
    def changes(self) -> ChangeRules:
        return ChangeRules(
            keys=self.keys,
            sequence_by=self.sequence_by,
            apply_as_deletes=self.apply_as_deletes,
            apply_as_truncates=self.apply_as_truncates,
            ignore_null_updates=self.ignore_null_updates,
            column_list=self.column_list or (),
            except_column_list=self.except_column_list or (),
            stored_as_scd_type=self.stored_as_scd_type,
            track_history_column_list=self.track_history_column_list or (),
            track_history_except_column_list=self.track_history_except_column_list or (),
            uncompared=METADATA_COLUMNS,
        )

    def rules(self, location: SourceLocation) -> Sequence[FlowRule]:
        key = ConditionRule(
            given_name="change(key)",
            given_condition=self._key_is_there,
            action="quarantine",
            location=location,
        )
        return key, sequence_is_there(self.changes, location)

    def rows_that_stay(self, held: DataFrame, new: DataFrame) -> DataFrame:
        return with_other_keys(held, new, self.keys)

    def problems(self, *, location: SourceLocation) -> Sequence[DefinitionError]:
        return [
            InvalidWriteModeError(mode=self.name, wrong=wrong, fix=fix, location=location)
            for wrong, fix in self._misuses()
        ]

    def shown(self, frame: DataFrame) -> DataFrame:
        return shown_by(self.changes, frame)

    def publish(
        self, table: IWritableDeltaTable, frame: DataFrame, transaction: TransactionId
    ) -> Published | AlreadyPublished:
        return merged(table, frame, self.changes.match, transaction)

    def _key_is_there(self) -> Column:
        there = F.expr(all_there(self.keys))
        if self.apply_as_truncates is None:
            return there
        truncates = self.apply_as_truncates
        return there | F.coalesce(
            F.expr(truncates) if isinstance(truncates, str) else truncates(), F.lit(False)
        )

    def _misuses(self) -> list[tuple[str, str]]:
        found = []
        if not self.keys:
            found.append(("no keys", "name the columns that tell one row from another: keys=['id']."))
        if not self.sequence_by:
            found.append(
                ("no sequence_by", "name the columns that put changes in order: sequence_by='updated_at'.")
            )
        if self.column_list is not None and self.except_column_list is not None:
            found.append(("column_list and except_column_list", "use one of them."))
        if self.track_history_column_list is not None and self.track_history_except_column_list is not None:
            found.append(
                ("track_history_column_list and track_history_except_column_list", "use one of them.")
            )
        if self.stored_as_scd_type not in (1, 2):
            found.append(
                (
                    f"stored_as_scd_type={self.stored_as_scd_type!r}",
                    "use 1 (rows as they are now) or 2 (history).",
                )
            )
        tracks = (
            self.track_history_column_list is not None or self.track_history_except_column_list is not None
        )
        if tracks and self.stored_as_scd_type == 1:
            found.append(
                ("a list of columns whose history is tracked, without history", "add stored_as_scd_type=2.")
            )
        if self.apply_as_truncates is not None and self.stored_as_scd_type == 2:
            found.append(
                ("apply_as_truncates with stored_as_scd_type=2", "a history isn't truncated: leave it out.")
            )
        if any(name in _OF_THE_STATE for name in self.keys):
            taken = ", ".join(_OF_THE_STATE)
            found.append(
                (f"keys={list(self.keys)!r}", f"rename the column: {taken} are names of the library's own.")
            )
        if any(name in (START_AT, END_AT) for name in (*self.keys, *self.sequence_by)):
            found.append((f"{START_AT} or {END_AT} as a key or a sequence", "rename the column of the feed."))
        return found
