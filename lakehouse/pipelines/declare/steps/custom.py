"""Steps whose work the user writes: a function, or a query."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, ClassVar, Literal, Self

from pyspark.sql import DataFrame

from lakehouse.errors import DefinitionError
from lakehouse.pipelines.declare.language import Call, Language, UnsayableError
from lakehouse.pipelines.declare.old_rows import OldRows
from lakehouse.pipelines.declare.sources import Source, TableReference, TableSource
from lakehouse.pipelines.declare.steps.failed_casts import has_failed_casts
from lakehouse.pipelines.declare.steps.interface import Step, StepContext, StepWords, check_columns
from lakehouse.pipelines.declare.steps.kept_groups import KeptGroups, WholeGroups
from lakehouse.pipelines.declare.yaml_part import YamlPart
from lakehouse.source_location import caller_location
from lakehouse.tables import quoted
from lakehouse.words import word

__all__ = ["CustomWords", "Sql", "Transform", "names_in_query"]

INPUT = "input"
_BRACES = re.compile(
    r"\$\{(?P<variable>\w+)\}|(?P<doubled>\{\{\w+\}\})|\{(?P<name>[A-Za-z_]\w*(?:\.\w+)?)\}|[{}]"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class _TransformYaml:
    function: str
    per: str | list[str] | None = None


@word("transform")
@dataclass(frozen=True, slots=True, kw_only=True)
class Transform(Step):
    """An ordinary function from frame to frame, which a person can test alone.

    ``per`` says what a row of its result depends on: all rows (None), one row (``"row"``), or the rows that have
    the same values in these columns, which the result has too.
    """

    yaml_type: ClassVar[Any] = str | _TransformYaml
    """``package.module:function``, alone or with ``per``."""

    function: Callable[[DataFrame], DataFrame]
    per: Literal["row"] | tuple[str, ...] | None = None

    @classmethod
    def from_yaml(cls, given: str | _TransformYaml, part: YamlPart) -> Transform:
        if isinstance(given, str):
            return cls(function=part.function(given), location=part.location)
        function = part.at("function").function(given.function)
        return cls(function=function, per=_per(given.per), location=part.location)

    def to_yaml(self, language: Language) -> Any:
        function = language.function(self.function)
        return {"function": function, "per": language.value(self.per)} if self.per is not None else function

    def to_python(self, language: Language) -> Call:
        per = {} if self.per is None else {"per": self.per}
        return Call(name="transform", arguments=(language.function(self.function),), named=per)

    @property
    def label(self) -> str:
        return f"transform({getattr(self.function, '__name__', repr(self.function))})"

    def apply(self, frame: DataFrame, context: StepContext) -> DataFrame:
        result = self.function(frame)
        if isinstance(self.per, tuple):
            check_columns(self, self.per, frame)
            for missing in (name for name in self.per if name not in result.columns):
                fix = "return the columns of per too: by them a row's group is known."
                raise DefinitionError(f"its result has no column {missing!r}, which per names.", fix=fix)
        return result

    def why_not_by_row(self) -> str | None:
        if isinstance(self.per, tuple):
            return f"makes groups by {', '.join(self.per)}"
        return (
            None if self.per == "row" else "may look at all rows: say per='row' or per=('key',) if it doesn't"
        )

    def why_varying(self) -> str | None:
        return None if self.per is not None else self.why_not_by_row()

    def why_by_cut(self, old_rows: OldRows) -> str | None:
        return self.why_not_by_row() if isinstance(self.per, tuple) and old_rows is OldRows.STAY else None

    @property
    def group_keys(self) -> tuple[str, ...] | None:
        return tuple(map(quoted, self.per)) if isinstance(self.per, tuple) else None

    def groups(self, frame: DataFrame, context: StepContext) -> KeptGroups | None:
        apply = partial(self.apply, context=context)
        return WholeGroups(self.per, apply) if isinstance(self.per, tuple) else None


@word("sql")
@dataclass(frozen=True, slots=True, kw_only=True)
class Sql(Step):
    """A query of Spark SQL; ``{input}`` is the step's own frame, another ``{name}`` a table of the pipeline."""

    yaml_type: ClassVar[Any] = str

    query: str
    input_name: str = INPUT
    """The name in braces that stands for the step's own frame."""

    @classmethod
    def from_yaml(cls, given: str, part: YamlPart) -> Sql:
        return cls(query=given, location=part.location)

    def to_yaml(self, language: Language) -> str:
        if self.input_name != INPUT:
            reason = f"its query calls the flow's own rows {{{self.input_name}}} behind other steps"
            raise UnsayableError(reason, fix=f"call them {{{INPUT}}}.")
        return self.query

    def to_python(self, language: Language) -> Call:
        return Call(name="transform", arguments=(self.to_yaml(language),))

    def query_from(self, source: Source) -> str | None:
        names = names_in_query(self.query)
        if self.input_name == INPUT or names[:1] != (self.input_name,):
            return None
        table = TableSource(table=self.input_name, location=source.location)
        return self.query if source == table else None

    @property
    def label(self) -> str:
        return "sql"

    def apply(self, frame: DataFrame, context: StepContext) -> DataFrame:
        names = names_in_query(self.query)
        frames: dict[str, Any] = {
            _argument(name): self._other(context, name) for name in names if name != self.input_name
        }
        if self.input_name in names:
            frames[_argument(self.input_name)] = frame
        return frame.sparkSession.sql(_only_names_in_braces(self.query), **frames)

    def _other(self, context: StepContext, name: str) -> DataFrame:
        other = context.table(name).frame
        if has_failed_casts(other):
            raise DefinitionError(
                f"{name!r} is a view that casts, and a query would lose what it can't cast.",
                fix="cast in a table before, or say what a failed cast shall do: on_error='null' or 'fail'.",
            )
        return other

    def tables(self) -> Sequence[TableReference]:
        return [
            TableReference(table=name, location=self.location)
            for name in names_in_query(self.query)
            if name != self.input_name
        ]

    def why_not_by_row(self) -> str | None:
        return "may look at all rows: write it as where, select and aggregate"

    def why_varying(self) -> str | None:
        return "is a query, which is not looked into"


def names_in_query(query: str) -> tuple[str, ...]:
    """Return the names that stand in braces, each once, in their order; ``{{name}}`` is a text."""
    return tuple(dict.fromkeys(match["name"] for match in _BRACES.finditer(query) if match["name"]))


def _argument(name: str) -> str:
    """Return the name under which a query gets the frame of a table."""
    return name.replace(".", "__")


def _only_names_in_braces(query: str) -> str:
    """Return the query as ``SparkSession.sql`` formats it: every other brace is doubled."""

    def written(match: re.Match[str]) -> str:
        if match["variable"]:
            return f"${{{{{match['variable']}}}}}"
        if match["name"]:
            return f"{{{_argument(match['name'])}}}"
        return match[0] if match["doubled"] else match[0] * 2

    return _BRACES.sub(written, query)


class CustomWords(StepWords):
    """What a flow says to do something of the user's own."""

    __slots__ = ()

    def transform(
        self,
        change: Callable[[DataFrame], DataFrame] | str,
        *,
        per: str | tuple[str, ...] | list[str] | None = None,
    ) -> Self:
        """Apply a function from DataFrame to DataFrame, or SQL text that reads ``{input}`` and other ``{tables}``.

        ``per="row"`` promises that a row of a function's result depends on one row only, and ``per=("key",)`` on
        the rows with the same key, which the result has too: then new rows can be taken without the earlier ones.
        """
        location = caller_location()
        if isinstance(change, str):
            return self.step(Sql(query=change, location=location))
        return self.step(Transform(function=change, per=_per(per), location=location))


def _per(given: str | Sequence[str] | None) -> Literal["row"] | tuple[str, ...] | None:
    if given is None or given == "row":
        return "row" if given else None
    return (given,) if isinstance(given, str) else tuple(given)
