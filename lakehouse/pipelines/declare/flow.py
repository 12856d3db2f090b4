"""A flow: a source, the steps from its rows to the table's, the rules, and how the rows are written."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from pyspark.sql import DataFrame

from lakehouse.ingestion import CsvFormat, FileFormat
from lakehouse.pipelines.declare.sources import FileSource, Source, TableSource
from lakehouse.pipelines.declare.steps import (
    ColumnWords,
    CustomWords,
    GroupWords,
    JoinWords,
    OtherTable,
    RowWords,
    Step,
)
from lakehouse.pipelines.declare.steps.failed_casts import apply_steps
from lakehouse.pipelines.declare.write_modes import Append, Merge, Replace, WriteMode
from lakehouse.pipelines.errors import UnknownSourceError
from lakehouse.quality import Condition, Expectation, RuleAction, Schema, as_struct
from lakehouse.source_location import SourceLocation, caller_location
from lakehouse.words import UnknownWordError

__all__ = ["Flow", "begin", "from_files", "read"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Flow(ColumnWords, RowWords, JoinWords, GroupWords, CustomWords):
    """A frozen chain: every method returns a new flow, so that several tables can go on from one.

    Begin with ``from_files`` or ``read``. Its words are methods; steps and write modes from outside add theirs
    with ``@word``. ``apply`` runs the steps on a frame of your own, without storage.
    """

    source: Source
    steps: tuple[Step, ...] = ()
    expectations: tuple[Expectation, ...] = ()
    write_mode: WriteMode | None = None

    def step(self, step: Step) -> Flow:
        """Add a step of any kind, also one of your own."""
        return dataclasses.replace(self, steps=(*self.steps, step))

    def __getattr__(self, name: str) -> Callable[..., Flow]:
        """Return the method of a word from outside: its arguments are the fields of the step or write mode."""
        if name.startswith("_"):
            raise AttributeError(name)
        if name in Step.words:
            cls = Step.words[name]
            return lambda *given, **named: self.step(_made(cls, given, named, location=caller_location()))
        if name in WriteMode.words:
            mode = WriteMode.words[name]
            return lambda *given, **named: self.write(_made(mode, given, named))
        raise UnknownFlowWordError(name)

    # Rules

    def expect(self, name: str, condition: Condition, *, null_is_fine: bool = False) -> Flow:
        """Count the rows that break the condition, and keep them."""
        return self._expect(name, condition, RuleAction.WARN, null_is_fine)

    def expect_or_drop(self, name: str, condition: Condition, *, null_is_fine: bool = False) -> Flow:
        """Leave out the rows that break the condition, and count them."""
        return self._expect(name, condition, RuleAction.DROP, null_is_fine)

    def expect_or_quarantine(self, name: str, condition: Condition, *, null_is_fine: bool = False) -> Flow:
        """Put the rows that break the condition into the table's quarantine, with all that they break."""
        return self._expect(name, condition, RuleAction.QUARANTINE, null_is_fine)

    def expect_or_fail(self, name: str, condition: Condition, *, null_is_fine: bool = False) -> Flow:
        """Write nothing when any row breaks the condition."""
        return self._expect(name, condition, RuleAction.FAIL, null_is_fine)

    def _expect(self, name: str, condition: Condition, action: RuleAction, null_is_fine: bool) -> Flow:
        rule = Expectation(
            name=name,
            condition=condition,
            action=action,
            null_is_fine=null_is_fine,
            location=caller_location(),
        )
        return self.expectation(rule)

    def expectation(self, rule: Expectation) -> Flow:
        """Add a rule that was made elsewhere."""
        return dataclasses.replace(self, expectations=(*self.expectations, rule))

    # Writing

    def append(self, *, evolve_schema: bool = False) -> Flow:
        """Add the rows to what the table holds."""
        return self.write(Append(evolve_schema=evolve_schema))

    def replace(self) -> Flow:
        """Put the rows in place of what the table holds."""
        return self.write(Replace())

    def merge(self, *keys: str, sequence_by: str | None = None) -> Flow:
        """Update the rows whose keys match, insert the others.

        With ``sequence_by="updated_at"`` the latest row of a key wins, in whatever order rows come.
        """
        return self.write(Merge(keys=keys, sequence_by=sequence_by))

    def write(self, mode: WriteMode) -> Flow:
        """Write in any mode, also one of your own."""
        return dataclasses.replace(self, write_mode=mode)

    # Alone

    def apply(self, frame: DataFrame, tables: Mapping[str, DataFrame] | None = None) -> DataFrame:
        """Run the steps on ``frame``, without storage; ``tables`` are those that joins read, by name."""
        context = _GivenTables(tables or {}, location=self.source.location)
        return apply_steps(self.steps, frame, context)


class UnknownFlowWordError(UnknownWordError, AttributeError):
    """A flow has no such method, and no step or write mode has such a word."""

    def __init__(self, name: str) -> None:
        known = [*(each for each in dir(Flow) if not each.startswith("_")), *Step.words, *WriteMode.words]
        super().__init__(kind="word of a flow", word=name, known=known)


@dataclass(frozen=True, slots=True)
class _GivenTables:
    """Frames in place of the pipeline's tables."""

    frames: Mapping[str, DataFrame]
    location: SourceLocation = field(kw_only=True)

    def table(self, name: str) -> OtherTable:
        if name not in self.frames:
            raise UnknownSourceError(source=name, table="apply", known=self.frames, location=self.location)
        return OtherTable(frame=self.frames[name])


def from_files(
    pattern: str,
    *,
    columns: Schema | tuple[str, ...] | list[str] | None = None,
    optional: Sequence[str] = (),
    delimiter: str = ",",
    encoding: str = "utf-8",
    at_rest_seconds: float | None = None,
    format: FileFormat | None = None,  # noqa: A002 - the word that Spark's readers use
) -> Flow:
    """Begin with the files that match ``pattern``, each taken exactly once.

    They are CSV, all columns as strings: ``columns`` are the names that each file's header must have, in any
    order; of a schema only the names count. Columns that are ``optional`` too are NULL where a file lacks them.
    ``format`` reads files of another kind. A file is taken once it was left alone for ``at_rest_seconds``
    (on a disk 0.2, in a store 0).
    """
    if format is None:
        format = CsvFormat(  # noqa: A001
            columns=_column_names(columns or ()),
            optional=tuple(optional),
            delimiter=delimiter,
            encoding=encoding,
        )
    source = FileSource(
        pattern=pattern, format=format, at_rest_seconds=at_rest_seconds, location=caller_location()
    )
    return begin(source)


def read(table: str, *, incremental: bool = False) -> Flow:
    """Begin with another table: whole, or (``incremental=True``) only the rows not processed yet."""
    return begin(TableSource(table=table, incremental=incremental, location=caller_location()))


def begin(source: Source) -> Flow:
    """Begin with a source of any kind, also one of your own."""
    return Flow(source=source, write_mode=Append() if source.is_appended_by_default else None)


def _column_names(columns: Schema | tuple[str, ...] | list[str]) -> tuple[str, ...]:
    if isinstance(columns, Mapping | tuple | list):
        return tuple(columns)
    return tuple(as_struct(columns).names)


def _made(cls: type, given: Sequence[Any], named: Mapping[str, Any], **more: Any) -> Any:
    """Call a class of keyword-only fields with arguments in the order of its fields."""
    names = [each.name for each in dataclasses.fields(cls) if each.name not in more]
    if len(given) > len(names):
        raise TypeError(f"{cls.__name__} takes {len(names)} arguments, got {len(given)}")
    return cls(**dict(zip(names, given, strict=False)), **named, **more)
