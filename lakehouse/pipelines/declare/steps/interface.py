"""What a step is: it turns one frame into the next, and can be tried on an empty one."""

from __future__ import annotations

import datetime as dt
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar, Protocol, Self

from pyspark.sql import Column, DataFrame

from lakehouse.errors import DefinitionError
from lakehouse.pipelines.declare.language import Call, Language, written_fields
from lakehouse.pipelines.declare.old_rows import OldRows
from lakehouse.pipelines.declare.sources import Source, TableReference
from lakehouse.pipelines.declare.steps.free_choice import may_choose
from lakehouse.pipelines.declare.steps.kept_groups import KeptGroups
from lakehouse.pipelines.declare.steps.look_back import LookBack
from lakehouse.pipelines.declare.yaml_part import YamlPart, field_values
from lakehouse.pipelines.errors import UnknownColumnError
from lakehouse.quality import CAST_ERRORS
from lakehouse.source_location import SourceLocation
from lakehouse.words import Words

__all__ = ["OtherTable", "Step", "StepContext", "StepWords", "check_columns"]


@dataclass(frozen=True, slots=True, kw_only=True)
class OtherTable:
    """A table that a step reads beside its input."""

    frame: DataFrame
    version: int | None = None
    """The version that the frame shows; None outside of a run."""
    measure: Callable[[], int | None] = lambda: None
    is_whole: bool = True
    """Whether the frame has just the rows of its data files: steps of a view may have made more of them."""

    @property
    def size_bytes(self) -> int | None:
        """The size of its data files, from the log; None outside of a run."""
        return self.measure()


class StepContext(Protocol):
    """What a step may ask for beside its input. In a run, tables stand at the versions that the batch names."""

    def table(self, name: str) -> OtherTable:
        """Return another table of the pipeline."""

    def own_rows(self, keys: DataFrame, columns: Sequence[str]) -> DataFrame | None:
        """Return the rows of the table itself that agree with one of ``keys`` in these columns.

        None where there are none: outside of a run too, and in the first batch of a table. It may look at the keys.
        """


@dataclass(frozen=True, slots=True, kw_only=True)
class Step(ABC):
    """One step of a flow. A new kind is one file with a subclass; ``@word("name")`` makes it a word of flows and YAML.

    Its fields are what is declared, frozen and comparable.
    """

    words: ClassVar[Words] = Words("step")
    yaml_type: ClassVar[Any] = None
    """What stands in YAML behind the word, as a type that ``strict_yaml`` reads; None for the subclass's own fields."""
    removes_rows: ClassVar[bool] = False
    """Whether rows are counted before and after, so that what is taken out is known."""
    makes_rows: ClassVar[bool] = False
    """Whether its rows are made of those that come, such as one for each group: both are counted."""
    combines_rows: ClassVar[bool] = False
    """Whether a row of the result may depend on any number of rows, so that new rows alone don't make it."""
    adds_whole_tables: ClassVar[bool] = False
    """Whether all rows of another table come into each batch."""
    shuffles_rows: ClassVar[bool] = False
    """Whether its rows come out of a shuffle, the parts of which Spark makes no smaller than they are worth."""
    reads_own_rows: ClassVar[bool] = False
    """Whether its rows go on from those that the table holds: no other table can have them too."""
    keeps_failed_casts: ClassVar[bool] = False
    """Whether it hands on every row with its CAST_ERRORS. Rows with failed casts pass by a step that doesn't."""

    location: SourceLocation = field(compare=False)

    @classmethod
    def from_yaml(cls, given: Any, part: YamlPart) -> Step:
        """Return the step that ``given`` declares: a value of ``yaml_type``, or of the subclass's own fields."""
        return cls(location=part.location, **field_values(given))

    def to_yaml(self, language: Language) -> Any:
        """Return what ``from_yaml`` makes the same step of: what stands behind its word."""
        return written_fields(self, language)

    def to_python(self, language: Language) -> Call:
        """Return the call that adds the step to a flow in Python."""
        return Call(name=language.word(Step.words, self), named=self.to_yaml(language))

    def query_from(self, source: Source) -> str | None:
        """Return the query that begins a flow in which this step stands first behind ``source``; None for any other."""
        return None

    @property
    @abstractmethod
    def label(self) -> str:
        """The step as a person would write it, in a few words."""

    @abstractmethod
    def apply(self, frame: DataFrame, context: StepContext) -> DataFrame:
        """Return the next frame."""

    def try_on(self, frame: DataFrame, context: StepContext) -> DataFrame:
        """Return a frame with the columns and types of ``apply``; raise what ``apply`` would.

        Called on frames without a row, to check the flow. For a step that has a quicker answer than its own work.
        """
        return self.apply(frame, context)

    def watched(self, frame: DataFrame) -> Mapping[str, Column]:
        """Return conditions whose rows are counted before the step, by the name that they are counted under."""
        return {}

    def chooses_freely(self, before: DataFrame, after: DataFrame) -> bool:
        """Say whether ``after``, computed a second time from the same rows of ``before``, may have other rows.

        Such rows are written to files before anything is decided about them. Spark's plan tells it by default.
        """
        return may_choose(before, after)

    def parts(self) -> Sequence[Step]:
        """Return steps that can be tried one by one, so that a wrong one doesn't hide another."""
        return (self,)

    def tables(self) -> Sequence[TableReference]:
        """Return the other tables that this step reads."""
        return ()

    def notes(self, size_bytes: Callable[[str], int | None]) -> Sequence[str]:
        """Return how it would go about its work, for a plan; ``size_bytes`` gives the size of a table by name."""
        return ()

    def problems(self) -> Sequence[DefinitionError]:
        """Return what is wrong with the declaration, found without Spark and without reading data."""
        return ()

    # New rows alone

    def why_not_by_row(self) -> str | None:
        """Say why the result of new rows is not the new part of the result; None where each row stands alone.

        The answer goes on from the step's label. None is a promise: earlier rows are not looked at again.
        """
        return "doesn't say that it works row by row"

    def why_varying(self) -> str | None:
        """Say why the same rows may give another result at another time; None where they don't."""
        return self.why_not_by_row()

    @property
    def sets_rows_aside(self) -> bool:
        """Whether rows may leave it for the quarantine."""
        return False

    @property
    def filter_text(self) -> str | None:
        """The condition in SQL that a row of the input must meet to be in the result, unchanged; None for none."""
        return None

    def passes_on(self, column: str) -> str | None:
        """Return the column of the input whose values ``column`` of the result has; None when that isn't sure."""
        return None

    def made_of(self, column: str) -> str | None:
        """Return the column of the input that alone the values of ``column`` are made of; None when that isn't sure."""
        return self.passes_on(column)

    @property
    def group_keys(self) -> tuple[str, ...] | None:
        """The expressions that a group's rows have in common, where a row of the result depends on one group only.

        None for a step that doesn't work by groups.
        """
        return None

    def groups(self, frame: DataFrame, context: StepContext) -> KeptGroups | None:
        """Return how groups of ``frame`` are kept, for a step with ``group_keys``; None when they can't be."""
        return None

    # Streams

    def why_by_cut(self, old_rows: OldRows) -> str | None:
        """Say why the result of new rows depends on where they are cut into batches; None where it doesn't.

        The answer goes on from the step's label; ``old_rows`` is what becomes of the rows that the table holds.
        """
        return "puts rows of one batch together" if self.combines_rows else None

    # Event time

    @property
    def event_times(self) -> Sequence[str]:
        """The columns whose newest value later batches are judged by."""
        return ()

    def in_batch(self, *, decided_at: dt.datetime, newest_us: Mapping[str, int]) -> Step:
        """Return the step for the rows of one batch, which names the newest event times of the batches before."""
        return self

    def measured(self, frame: DataFrame) -> Mapping[str, Column]:
        """Return by column of ``event_times`` its newest value in the step's input, an aggregate in microseconds."""
        return {}

    def problems_from(self, *, gives_all_rows: bool | None) -> Sequence[DefinitionError]:
        """Return what is wrong behind a source that gives all rows each time; None where it depends."""
        return ()

    # The table's own rows

    def compares_with_target(self, old_rows: OldRows) -> bool:
        """Say whether the step also looks at the rows that the table holds, where these become ``old_rows``."""
        return False

    def compared_columns(self, frame: DataFrame) -> Sequence[str]:
        """Return the columns of the step's input by which rows are compared with those that the table holds."""
        return ()

    def look_back(self) -> LookBack | None:
        """Return how far the table's rows may lie that are compared; None for all of them."""
        return None

    def problems_with(self, old_rows: OldRows) -> Sequence[DefinitionError]:
        """Return what is wrong in a table whose own rows become ``old_rows``."""
        return ()

    def without_held(
        self, frame: DataFrame, held: DataFrame, columns: Sequence[str], old_rows: OldRows
    ) -> DataFrame:
        """Return the rows to write less those for which the table's own rows stand.

        Called after the last step, so that rows are compared as they are written; ``columns`` are those that
        the step named.
        """
        return frame


class StepWords(ABC):
    """A part of a flow's vocabulary: methods that add steps."""

    __slots__ = ()

    @abstractmethod
    def step(self, step: Step) -> Self:
        """Add a step of any kind."""


def check_columns(step: Step, names: Sequence[str], frame: DataFrame) -> None:
    """Raise UnknownColumnError when ``frame`` lacks one of ``names``."""
    there = frame.columns
    for name in names:
        if name not in there:
            shown = [column for column in there if column != CAST_ERRORS]
            raise UnknownColumnError(column=name, available=shown, step=step.label, location=step.location)
