"""Stateful functions: what was known of a key and its new rows become what is known now. The table is the state."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Self

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from lakehouse.errors import DefinitionError
from lakehouse.pipelines.declare.language import Call, Language, names_and_types
from lakehouse.pipelines.declare.old_rows import OldRows
from lakehouse.pipelines.declare.steps.interface import Step, StepContext, StepWords, check_columns
from lakehouse.pipelines.declare.yaml_part import YamlPart, names
from lakehouse.pipelines.errors import InvalidStepError
from lakehouse.quality import as_struct
from lakehouse.source_location import caller_location
from lakehouse.tables import quoted
from lakehouse.words import word

__all__ = ["StateWords", "UpdateState"]

StateFunction = Callable[[tuple[Any, ...], Any, Any], Any]
"""Takes a key, its new rows and the row that the table has of it, if any, and returns its row now: pandas frames."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _UpdateStateYaml:
    function: str
    """``package.module:function``."""
    keys: str | list[str]
    schema: str | Mapping[str, str]
    """Names and types, or the name of one of the file's schemas."""


@word("update_state")
@dataclass(frozen=True, slots=True, kw_only=True)
class UpdateState(Step):
    """Makes of a key's new rows and the row that the table has of it the row that the table is to have.

    Only keys that have new rows are looked at. The table is merged into by the same keys, so that rows and state are
    one commit: what is repeated after a crash goes on from the same state, in a batch and in a stream alike.
    """

    yaml_type: ClassVar[Any] = _UpdateStateYaml
    reads_own_rows: ClassVar[bool] = True
    makes_rows: ClassVar[bool] = True
    shuffles_rows: ClassVar[bool] = True

    function: StateFunction
    keys: tuple[str, ...]
    columns: tuple[tuple[str, str], ...]
    """Names and types of the state, the keys among them."""

    @classmethod
    def from_yaml(cls, given: _UpdateStateYaml, part: YamlPart) -> UpdateState:
        function: Any = part.at("function").function(given.function)
        columns = part.at("schema").schema(given.schema)
        return cls(
            function=function, keys=names(given.keys), columns=tuple(columns.items()), location=part.location
        )

    def to_yaml(self, language: Language) -> dict[str, Any]:
        function: Any = self.function
        return {
            "function": language.function(function),
            "keys": list(self.keys),
            "schema": language.value(names_and_types(self.columns)),
        }

    def to_python(self, language: Language) -> Call:
        said = self.to_yaml(language)
        return Call(name="update_state", arguments=(said.pop("function"),), named=said)

    @property
    def label(self) -> str:
        return f"update_state({getattr(self.function, '__name__', '…')}, keys={', '.join(self.keys)})"

    def problems(self) -> Sequence[DefinitionError]:
        missing = [key for key in self.keys if key not in dict(self.columns)]
        if not self.keys:
            return [
                self._problem("no keys", "name the columns that tell whose state it is: keys='customer'.")
            ]
        if missing:
            return [self._problem(f"no column {missing[0]!r} in its schema", "let the state have its keys.")]
        return []

    def problems_with(self, old_rows: OldRows) -> Sequence[DefinitionError]:
        if old_rows is OldRows.MAY_CHANGE:
            return ()
        keys = ", ".join(map(repr, self.keys))
        return [self._problem("a table that is not merged into", f"write it by merge({keys}).")]

    def problems_from(self, *, gives_all_rows: bool | None) -> Sequence[DefinitionError]:
        if gives_all_rows is not True:
            return ()
        fix = "read only new rows: read(…, incremental=True)."
        return [self._problem("a source that gives all rows each time, those of old batches too", fix)]

    def apply(self, frame: DataFrame, context: StepContext) -> DataFrame:
        check_columns(self, self.keys, frame)
        schema, held = as_struct(dict(self.columns)), context.own_rows(frame, self.keys)
        keys = [F.col(quoted(key)) for key in self.keys]
        if held is None:
            return frame.groupBy(*keys).applyInPandas(_begun(self.function, schema.names), schema)
        known = held.select(*map(quoted, schema.names))
        both = frame.groupBy(*keys).cogroup(known.groupBy(*keys))
        return both.applyInPandas(_updated(self.function), schema)

    def why_not_by_row(self) -> str | None:
        return "goes on from the table's own rows"

    def passes_on(self, column: str) -> str | None:
        return column if column in self.keys else None

    def _problem(self, wrong: str, fix: str) -> InvalidStepError:
        return InvalidStepError(step=self.label, wrong=wrong, fix=fix, location=self.location)


class StateWords(StepWords):
    """What a flow says to keep what is known of each key."""

    __slots__ = ()

    def update_state(
        self, function: StateFunction, *, keys: str | Sequence[str], schema: Mapping[str, str]
    ) -> Self:
        """Call ``function(key, rows, state)`` for each key that has new rows, with pandas frames.

        ``state`` has the row that the table holds of the key, or none; what is returned takes its place. ``schema``
        has the names and types of the state, the keys among them. Write it by ``merge`` on the same keys.
        """
        step = UpdateState(
            function=function, keys=names(keys), columns=tuple(schema.items()), location=caller_location()
        )
        return self.step(step)


def _begun(function: StateFunction, columns: Sequence[str]) -> Any:
    """Return what calls the function for keys of which nothing is known."""

    def begin(key: Any, rows: Any) -> Any:
        return function(key, rows, rows.head(0).reindex(columns=list(columns)))

    return begin


def _updated(function: StateFunction) -> Any:
    """Return what calls the function; Spark counts its arguments."""

    def update(key: Any, rows: Any, state: Any) -> Any:
        return function(key, rows, state)

    return update
