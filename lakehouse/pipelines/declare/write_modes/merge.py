"""Merge: rows whose keys match are updated, the others are inserted."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from pyspark.sql import DataFrame

from lakehouse.ingestion import METADATA_COLUMNS
from lakehouse.pipelines.declare.change_data import ChangeRules
from lakehouse.pipelines.declare.language import Call, Language
from lakehouse.pipelines.declare.old_rows import OldRows
from lakehouse.pipelines.declare.rules import FlowRule
from lakehouse.pipelines.declare.steps import Deduplicate, Step
from lakehouse.pipelines.declare.write_modes.changed_rows import (
    merged,
    sequence_is_there,
    shown_by,
    with_other_keys,
)
from lakehouse.pipelines.declare.write_modes.interface import WriteMode
from lakehouse.pipelines.declare.yaml_part import YamlPart, names
from lakehouse.source_location import SourceLocation
from lakehouse.tables import (
    AlreadyPublished,
    IWritableDeltaTable,
    Published,
    TransactionId,
)
from lakehouse.words import word

__all__ = ["Merge"]

_COLUMN = re.compile(r"[^\W\d]\w*")
"""A column's name; any other text is an expression, with or without a direction."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _MergeYaml:
    keys: str | list[str]
    sequence_by: str | None = None


@word("merge")
@dataclass(frozen=True, slots=True, kw_only=True)
class Merge(WriteMode):
    """Updates rows whose keys match and inserts the others; NULL equals NULL in keys.

    With ``sequence_by`` the latest row of a key wins, whichever batch it comes in: by a column, as ``apply_changes``
    decides it, or by an expression, with any of the rows that are latest. Without it the batch that comes last
    wins, and rows of one key in a batch must be the same row.
    """

    yaml_type: ClassVar[Any] = str | list[str] | _MergeYaml
    old_rows: ClassVar[OldRows] = OldRows.MAY_CHANGE
    schema_binds: ClassVar[bool] = True
    rebuilt_when_redefined: ClassVar[bool] = False

    keys: tuple[str, ...]
    sequence_by: str | None = None

    @classmethod
    def from_yaml(cls, given: str | Sequence[str] | _MergeYaml, part: YamlPart) -> Merge:
        if isinstance(given, _MergeYaml):
            return cls(keys=names(given.keys), sequence_by=given.sequence_by)
        return cls(keys=names(given))

    def to_yaml(self, language: Language) -> Any:
        if self.sequence_by is None:
            return list(self.keys)
        return {"keys": list(self.keys), "sequence_by": self.sequence_by}

    def to_python(self, language: Language) -> Call:
        sequence = {} if self.sequence_by is None else {"sequence_by": self.sequence_by}
        return Call(name="merge", arguments=self.keys, named=sequence)

    @property
    def name(self) -> str:
        return f"merge({', '.join(self.keys)})"

    @property
    def required_columns(self) -> Sequence[str]:
        return self.keys

    @property
    def changes(self) -> ChangeRules | None:
        if self.sequence_by is None or _COLUMN.fullmatch(self.sequence_by) is None:
            return None
        return ChangeRules(keys=self.keys, sequence_by=(self.sequence_by,), uncompared=METADATA_COLUMNS)

    def rules(self, location: SourceLocation) -> Sequence[FlowRule]:
        rules = self.changes
        return () if rules is None else (sequence_is_there(rules, location),)

    def shown(self, frame: DataFrame) -> DataFrame:
        return frame if self.changes is None else shown_by(self.changes, frame)

    def steps(self, location: SourceLocation) -> Sequence[Step]:
        if self.sequence_by is None or self.changes is not None:
            return ()
        return (Deduplicate(keys=self.keys, keep="latest", order_by=self.sequence_by, location=location),)

    @property
    def looks_at_rows(self) -> bool:
        return True

    @property
    def once_by(self) -> Sequence[str]:
        return self.keys if self.sequence_by is None else ()

    def rows_that_stay(self, held: DataFrame, new: DataFrame) -> DataFrame:
        return with_other_keys(held, new, self.keys)

    def publish(
        self, table: IWritableDeltaTable, frame: DataFrame, transaction: TransactionId
    ) -> Published | AlreadyPublished:
        return merged(table, frame, self.keys, transaction)
