"""A table beside a step's input: read whole at the batch's version, and led through steps of its own."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from pyspark.sql import DataFrame, SparkSession

from lakehouse.optimization import JoinSide
from lakehouse.pipelines.declare.language import Language
from lakehouse.pipelines.declare.sources import Source, TableReference, TableSource
from lakehouse.pipelines.declare.steps.failed_casts import apply_steps
from lakehouse.pipelines.declare.steps.interface import Step, StepContext
from lakehouse.pipelines.declare.yaml_part import YamlPart
from lakehouse.pipelines.errors import UnknownSourceError
from lakehouse.source_location import SourceLocation

__all__ = ["ReadingFlow", "SideFlow"]


class ReadingFlow(Protocol):
    """A flow that reads a table."""

    @property
    def source(self) -> Source:
        """Where its rows come from."""

    @property
    def steps(self) -> tuple[Step, ...]:
        """What is done with them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SideFlow:
    """The table and its steps."""

    source: Source
    steps: tuple[Step, ...] = ()

    @classmethod
    def of(cls, given: ReadingFlow | str, *, word: str, location: SourceLocation) -> SideFlow:
        """Return the table of this name, or the flow that reads one. Raises UnknownSourceError for other flows."""
        if isinstance(given, str):
            return cls(source=TableSource(table=given, location=location))
        if not given.source.stands_beside:
            known = ["a flow that begins with read(), from_delta(), from_rows() or from_range()"]
            raise UnknownSourceError(source=repr(given.source), table=word, known=known, location=location)
        return cls(source=given.source, steps=given.steps)

    @classmethod
    def from_yaml(cls, table: str | None, flow: str | None, *, word: str, part: YamlPart) -> SideFlow:
        """Return what YAML names: a table, or one of the file's flows."""
        if (table is None) == (flow is None):
            part.refuse(f"{word} names a table or a flow. Fix: write one of the keys table and flow.")
        given = table if table is not None else part.at("flow").flow(flow or "")
        return cls.of(given, word=word, location=part.location)

    @property
    def is_plain(self) -> bool:
        """Whether it is a table of the pipeline as it stands, which is known by its name."""
        table = self.source.whole_table
        plain = TableSource(table=table, location=self.source.location)
        return not self.steps and self.source == plain

    def to_yaml(self, language: Language) -> dict[str, Any]:
        """Return the key that ``from_yaml`` takes, with the name of the table or the flow."""
        if self.is_plain:
            return {"table": self.source.whole_table}
        return {"flow": language.flow(self.source, self.steps)}

    def to_python(self, language: Language) -> Any:
        """Return what ``of`` takes: the table's name, or the flow."""
        return self.source.whole_table if self.is_plain else language.flow(self.source, self.steps)

    @property
    def name(self) -> str:
        """The table's name, or what the rows are."""
        return self.source.whole_table or self.source.label

    def frame(self, context: StepContext, spark: SparkSession) -> DataFrame:
        """Return its rows, those with failed casts included."""
        return apply_steps(self.steps, self.source.beside(context, spark), context)

    def side(self, context: StepContext) -> JoinSide:
        """Return what is known of its rows without reading any."""
        return self._known(self.source.beside_bytes(context))

    def side_of(self, size_bytes: Callable[[str], int | None]) -> JoinSide:
        """Return what is known of its rows where all that is known of a table is its size."""
        return self._known(size_bytes(self.source.whole_table) if self.source.whole_table else None)

    def _known(self, size_bytes: int | None) -> JoinSide:
        # A step may make more rows of each.
        return JoinSide(size_bytes=size_bytes, is_bound=not self.steps)

    def why_varying(self) -> str | None:
        """Say why the same version of the table may give other rows; None where it doesn't."""
        for step in self.steps:
            if (why := step.why_varying()) is not None:
                return f"reads {self.name} through {step.label}, which {why}"
        return None

    @property
    def sets_rows_aside(self) -> bool:
        """Whether rows of the table may leave its steps for the quarantine."""
        return any(step.sets_rows_aside for step in self.steps)

    def tables(self) -> Sequence[TableReference]:
        """Return the tables that it reads."""
        return (*self.source.tables(), *(each for step in self.steps for each in step.tables()))
