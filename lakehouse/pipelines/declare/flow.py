"""A flow: a source, the steps from its rows to the table's, the rules, and how the rows are written."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from pyspark.sql import DataFrame

from lakehouse.pipelines.declare.rules import FlowRule, RuleWords
from lakehouse.pipelines.declare.sources import (
    Source,
)
from lakehouse.pipelines.declare.steps import (
    ColumnWords,
    CustomWords,
    GroupWords,
    JoinWords,
    OtherTable,
    RowWords,
    StateWords,
    Step,
    UnionWords,
    WatermarkWords,
)
from lakehouse.pipelines.declare.steps.failed_casts import apply_steps
from lakehouse.pipelines.declare.write_modes import (
    Append,
    ApplyChanges,
    ApplyChangesFromSnapshots,
    Merge,
    Replace,
    ReplaceWhere,
    WriteMode,
    names_or_none,
)
from lakehouse.pipelines.declare.yaml_part import names
from lakehouse.pipelines.errors import UnknownSourceError
from lakehouse.quality import Condition, Expectation
from lakehouse.source_location import SourceLocation, caller_location
from lakehouse.words import UnknownWordError

__all__ = ["Flow", "UnknownFlowWordError"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Flow(
    ColumnWords,
    RowWords,
    JoinWords,
    UnionWords,
    GroupWords,
    StateWords,
    WatermarkWords,
    CustomWords,
    RuleWords,
):
    """A frozen chain: every method returns a new flow, so that several tables can go on from one.

    Begin with ``from_files``, ``from_rest``, ``read`` or ``sql``. Its words are methods; steps, rules and write
    modes from outside add theirs with ``@word``. ``apply`` runs the steps on a frame of your own, without storage.
    """

    source: Source
    steps: tuple[Step, ...] = ()
    rules: tuple[FlowRule, ...] = ()
    write_mode: WriteMode | None = None

    def step(self, step: Step) -> Flow:
        """Add a step of any kind, also one of your own."""
        return dataclasses.replace(self, steps=(*self.steps, step))

    def __getattr__(self, name: str) -> Callable[..., Flow]:
        """Return the method of a word from outside: its arguments are the fields of the step, rule or write mode."""
        if name.startswith("_"):
            raise AttributeError(name)
        if name in Step.words:
            cls = Step.words[name]
            return lambda *given, **named: self.step(_made(cls, given, named, location=caller_location()))
        if name in FlowRule.words:
            kind = FlowRule.words[name]
            return lambda *given, **named: self.rule(_made(kind, given, named, location=caller_location()))
        if name in WriteMode.words:
            mode = WriteMode.words[name]
            return lambda *given, **named: self.write(_made(mode, given, named))
        raise UnknownFlowWordError(name)

    def rule(self, *rules: FlowRule) -> Flow:
        """Add rules of any kind, also of your own."""
        return dataclasses.replace(self, rules=(*self.rules, *rules))

    @property
    def expectations(self) -> tuple[Expectation, ...]:
        """The rules as each row is judged by them."""
        return tuple(each for rule in self.rules for each in rule.expectations())

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

    def replace_where(self, column: str) -> Flow:
        """Compute the parts of the table again that new rows touch, and put them in place of the old, in one commit.

        A part has one value of the column, such as a day; it must depend on the rows of that part alone.
        """
        return self.write(ReplaceWhere(column=column))

    def apply_changes(
        self,
        *,
        keys: str | Sequence[str],
        sequence_by: str | Sequence[str],
        apply_as_deletes: Condition | None = None,
        apply_as_truncates: Condition | None = None,
        ignore_null_updates: bool = False,
        column_list: str | Sequence[str] | None = None,
        except_column_list: str | Sequence[str] | None = None,
        stored_as_scd_type: Literal[1, 2] = 1,
        track_history_column_list: str | Sequence[str] | None = None,
        track_history_except_column_list: str | Sequence[str] | None = None,
        evolve_schema: bool = False,
    ) -> Flow:
        """Keep the table as a feed of changes says, in whatever order, and however often, they come.

        ``sequence_by`` puts the changes of a key in order; of several columns the later ones break ties.
        ``stored_as_scd_type=2`` keeps what each key was, with ``__START_AT`` and ``__END_AT``. A change that
        nobody can place (no key, no sequence, or another one of the same sequence that differs) is quarantined.
        """
        return self.write(
            ApplyChanges(
                keys=names(keys),
                sequence_by=names(sequence_by),
                apply_as_deletes=apply_as_deletes,
                apply_as_truncates=apply_as_truncates,
                ignore_null_updates=ignore_null_updates,
                column_list=names_or_none(column_list),
                except_column_list=names_or_none(except_column_list),
                stored_as_scd_type=stored_as_scd_type,
                track_history_column_list=names_or_none(track_history_column_list),
                track_history_except_column_list=names_or_none(track_history_except_column_list),
                evolve_schema=evolve_schema,
            )
        )

    def apply_changes_from_snapshots(
        self,
        *,
        keys: str | Sequence[str],
        sequence_by: str | None = None,
        column_list: str | Sequence[str] | None = None,
        except_column_list: str | Sequence[str] | None = None,
        stored_as_scd_type: Literal[1, 2] = 1,
        track_history_column_list: str | Sequence[str] | None = None,
        track_history_except_column_list: str | Sequence[str] | None = None,
        evolve_schema: bool = False,
    ) -> Flow:
        """Keep the table as snapshots say: all rows that there are, time after time; a missing key is deleted.

        Without ``sequence_by`` each batch is a snapshot: each version of a table that is read whole. Of files, it
        names the column that tells them apart, such as ``_source_file``.
        """
        return self.write(
            ApplyChangesFromSnapshots(
                keys=names(keys),
                sequence_by=sequence_by,
                column_list=names_or_none(column_list),
                except_column_list=names_or_none(except_column_list),
                stored_as_scd_type=stored_as_scd_type,
                track_history_column_list=names_or_none(track_history_column_list),
                track_history_except_column_list=names_or_none(track_history_except_column_list),
                evolve_schema=evolve_schema,
            )
        )

    def write(self, mode: WriteMode) -> Flow:
        """Write in any mode, also one of your own."""
        source = self.source.with_older_shapes() if mode.misses_columns else self.source
        return dataclasses.replace(self, source=source, write_mode=mode)

    # Alone

    def apply(self, frame: DataFrame, tables: Mapping[str, DataFrame] | None = None) -> DataFrame:
        """Run the steps on ``frame``, without storage; ``tables`` are those that joins read, by name."""
        context = _GivenTables(tables or {}, location=self.source.location)
        return apply_steps(self.steps, frame, context)


class UnknownFlowWordError(UnknownWordError, AttributeError):
    """A flow has no such method, and no step, rule or write mode has such a word."""

    def __init__(self, name: str) -> None:
        known = [
            *(each for each in dir(Flow) if not each.startswith("_")),
            *Step.words,
            *FlowRule.words,
            *WriteMode.words,
        ]
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

    def own_rows(self, keys: DataFrame, columns: Sequence[str]) -> None:
        return None


def _made(cls: type, given: Sequence[Any], named: Mapping[str, Any], **more: Any) -> Any:
    """Call a class of keyword-only fields with arguments in the order of its fields, its own before inherited ones."""
    fields = sorted(dataclasses.fields(cls), key=lambda each: each.name not in cls.__annotations__)
    names = [each.name for each in fields if each.name not in more]
    if len(given) > len(names):
        raise TypeError(f"{cls.__name__} takes {len(names)} arguments, got {len(given)}")
    return cls(**dict(zip(names, given, strict=False)), **named, **more)
