"""Steps that change columns: select, rename, cast."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, ClassVar, Literal, Self

from pyspark.sql import DataFrame

from lakehouse.pipelines.declare.expressions import plain_column, why_not_by_row, why_other_rows
from lakehouse.pipelines.declare.language import Call, Language, names_and_types
from lakehouse.pipelines.declare.old_rows import OldRows
from lakehouse.pipelines.declare.steps.free_choice import may_choose
from lakehouse.pipelines.declare.steps.interface import Step, StepContext, StepWords, check_columns
from lakehouse.pipelines.declare.yaml_part import YamlPart, names
from lakehouse.pipelines.errors import InvalidStepError
from lakehouse.quality import CastPolicy, Schema, as_struct, cast_columns, cast_shape
from lakehouse.source_location import caller_location
from lakehouse.tables import sql_type
from lakehouse.words import word

__all__ = ["Cast", "ColumnWords", "Rename", "Select"]


@word("select")
@dataclass(frozen=True, slots=True, kw_only=True)
class Select(Step):
    """Keeps these columns or SQL expressions."""

    yaml_type: ClassVar[Any] = str | list[str]

    columns: tuple[str, ...]

    @classmethod
    def from_yaml(cls, given: str | Sequence[str], part: YamlPart) -> Select:
        return cls(columns=names(given), location=part.location)

    def to_yaml(self, language: Language) -> list[str]:
        return list(self.columns)

    def to_python(self, language: Language) -> Call:
        return Call(name="select", arguments=self.columns)

    @property
    def label(self) -> str:
        return f"select({', '.join(self.columns)})"

    def apply(self, frame: DataFrame, context: StepContext) -> DataFrame:
        return frame.selectExpr(*self.columns)

    def chooses_freely(self, before: DataFrame, after: DataFrame) -> bool:
        return self.why_not_by_row() is not None and may_choose(before, after)

    def why_not_by_row(self) -> str | None:
        return next((why for each in self.columns if (why := why_not_by_row(each)) is not None), None)

    def why_by_cut(self, old_rows: OldRows) -> str | None:
        return next((why for each in self.columns if (why := why_other_rows(each)) is not None), None)

    def passes_on(self, column: str) -> str | None:
        return column if column in map(plain_column, self.columns) or "*" in self.columns else None

    def parts(self) -> Sequence[Step]:
        return [replace(self, columns=(column,)) for column in self.columns]


@word("rename")
@dataclass(frozen=True, slots=True, kw_only=True)
class Rename(Step):
    """Gives columns other names: (old, new) pairs."""

    yaml_type: ClassVar[Any] = Mapping[str, str]
    keeps_failed_casts: ClassVar[bool] = True

    names: tuple[tuple[str, str], ...]

    @classmethod
    def from_yaml(cls, given: Mapping[str, str], part: YamlPart) -> Rename:
        return cls(names=tuple(given.items()), location=part.location)

    def to_yaml(self, language: Language) -> dict[str, str]:
        return names_and_types(self.names)

    def to_python(self, language: Language) -> Call:
        return Call(name="rename", arguments=(self.to_yaml(language),))

    @property
    def label(self) -> str:
        return f"rename({', '.join(f'{old} -> {new}' for old, new in self.names)})"

    def apply(self, frame: DataFrame, context: StepContext) -> DataFrame:
        check_columns(self, [old for old, _ in self.names], frame)
        return frame.withColumnsRenamed(dict(self.names))

    def chooses_freely(self, before: DataFrame, after: DataFrame) -> bool:
        return False

    def why_not_by_row(self) -> None:
        return None

    def passes_on(self, column: str) -> str | None:
        olds = [old for old, new in self.names if new == column]
        renamed = any(old == column for old, _ in self.names)
        return olds[0] if olds else (None if renamed else column)

    def parts(self) -> Sequence[Step]:
        return [replace(self, names=(pair,)) for pair in self.names]


@dataclass(frozen=True, slots=True, kw_only=True)
class _CastYaml:
    schema: str | Mapping[str, str]
    """Names and types, the name of one of the file's schemas, or DDL: ``id int, day date``."""
    on_error: Literal["quarantine", "null", "fail"] = "quarantine"


@word("cast")
@dataclass(frozen=True, slots=True, kw_only=True)
class Cast(Step):
    """Gives columns their types: (name, type) pairs or DDL text; a value that can't be cast goes by the policy."""

    yaml_type: ClassVar[Any] = _CastYaml
    keeps_failed_casts: ClassVar[bool] = True

    schema: tuple[tuple[str, str], ...] | str
    on_error: CastPolicy

    @classmethod
    def from_yaml(cls, given: _CastYaml, part: YamlPart) -> Cast:
        policy = CastPolicy(given.on_error)
        if isinstance(given.schema, str) and given.schema not in part.schemas and " " in given.schema:
            return cls(schema=given.schema, on_error=policy, location=part.location)
        pairs = part.at("schema").schema(given.schema)
        return cls(schema=tuple(pairs.items()), on_error=policy, location=part.location)

    def to_yaml(self, language: Language) -> dict[str, Any]:
        schema = self.schema if isinstance(self.schema, str) else names_and_types(self.schema)
        policy = {} if self.on_error is CastPolicy.QUARANTINE else {"on_error": self.on_error.value}
        return {"schema": schema, **policy}

    def to_python(self, language: Language) -> Call:
        return Call.of("cast", self.to_yaml(language), "schema")

    @property
    def label(self) -> str:
        names = self.schema if isinstance(self.schema, str) else ", ".join(name for name, _ in self.schema)
        return f"cast({names})"

    def apply(self, frame: DataFrame, context: StepContext) -> DataFrame:
        return cast_columns(frame, self._schema_for(frame), on_error=self.on_error)

    def try_on(self, frame: DataFrame, context: StepContext) -> DataFrame:
        return cast_shape(frame, self._schema_for(frame), on_error=self.on_error)

    def _schema_for(self, frame: DataFrame) -> Schema:
        """Return the types by column. Raises UnknownColumnError where the frame lacks one."""
        if isinstance(self.schema, str):
            struct = as_struct(self.schema)
            check_columns(self, struct.names, frame)
            return struct
        check_columns(self, [name for name, _ in self.schema], frame)
        return dict(self.schema)

    def chooses_freely(self, before: DataFrame, after: DataFrame) -> bool:
        return False

    def why_not_by_row(self) -> None:
        return None

    @property
    def sets_rows_aside(self) -> bool:
        return self.on_error is CastPolicy.QUARANTINE

    def passes_on(self, column: str) -> str | None:
        if isinstance(self.schema, str) or column in dict(self.schema):
            return None
        return column

    def made_of(self, column: str) -> str | None:
        # Columns of one type are cast together; what becomes of each is its own affair.
        return column

    def parts(self) -> Sequence[Step]:
        if isinstance(self.schema, str):
            return (self,)
        return [replace(self, schema=(pair,)) for pair in self.schema]


class ColumnWords(StepWords):
    """What a flow says to change columns."""

    __slots__ = ()

    def select(self, *columns: str) -> Self:
        """Keep these columns; SQL expressions may make new ones (``"price * units AS revenue"``)."""
        return self.step(Select(columns=columns, location=caller_location()))

    def rename(self, names: Mapping[str, str] | None = None, **more: str) -> Self:
        """Rename columns: ``rename(InvoiceNo="invoice")`` or a mapping from old to new names."""
        pairs = tuple({**(names or {}), **more}.items())
        return self.step(Rename(names=pairs, location=caller_location()))

    def cast(self, schema: Schema, *, on_error: Literal["quarantine", "null", "fail"] = "quarantine") -> Self:
        """Give columns their types. A value that its type can't hold puts its row into quarantine by default."""
        written, location = schema if isinstance(schema, str) else _pairs(schema), caller_location()
        if on_error not in list(CastPolicy):
            policies = ", ".join(repr(each.value) for each in CastPolicy)
            raise InvalidStepError(
                step="cast", wrong=f"on_error={on_error!r}", fix=f"use one of {policies}.", location=location
            )
        return self.step(Cast(schema=written, on_error=CastPolicy(on_error), location=location))


def _pairs(schema: Schema) -> tuple[tuple[str, str], ...]:
    if isinstance(schema, Mapping):
        return tuple(schema.items())
    return tuple((field.name, sql_type(field.dataType)) for field in as_struct(schema).fields)
