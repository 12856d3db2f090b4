"""Checks a whole definition on empty frames of the declared types: every error in one go, and no data read."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from pyspark.errors import PySparkException
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F
from pyspark.sql.types import StructType

from lakehouse.errors import DefinitionError, LakehouseError
from lakehouse.pipelines.check.graph import TableGraph, graph_of
from lakehouse.pipelines.declare.definition import PipelineDefinition, TableDefinition
from lakehouse.pipelines.declare.steps import OtherTable, Step
from lakehouse.pipelines.declare.write_modes import OldRows
from lakehouse.pipelines.errors import (
    BrokenStepError,
    DefinitionErrors,
    InvalidNameError,
    LostCastErrorsError,
    NoWriteModeError,
    UnknownColumnError,
    UnknownLayerError,
)
from lakehouse.pipelines.refresh.factory import PipelineFactory
from lakehouse.pipelines.warehouse import Warehouse
from lakehouse.quality import CAST_ERRORS, SchemaMismatchError
from lakehouse.source_location import SourceLocation
from lakehouse.tables import TableLog

__all__ = ["NotChecked", "Resolution", "declaration_problems", "existing_schema", "resolve"]

ExistingSchema = Callable[[TableDefinition], StructType | None]
"""Returns the schema of the table as it stands in the warehouse; None while there is no table."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NotChecked:
    """Something that could not be checked, because it depends on what is wrong."""

    what: str
    because: str

    def __str__(self) -> str:
        return f"{self.what}: not checked, because {self.because}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Resolution:
    """A definition with the schema of each of its tables, or with what is wrong."""

    definition: PipelineDefinition
    graph: TableGraph
    schemas: Mapping[str, StructType]
    problems: tuple[DefinitionError, ...]
    not_checked: tuple[NotChecked, ...]

    def check(self) -> None:
        """Raise DefinitionErrors with all problems, where there is one."""
        if self.problems:
            raise DefinitionErrors(self.problems, not_checked=[str(each) for each in self.not_checked])


def resolve(
    definition: PipelineDefinition, spark: SparkSession, *, existing: ExistingSchema = lambda table: None
) -> Resolution:
    """Check every table of a definition whose variables are filled in."""
    graph = graph_of(definition)
    schemas: dict[str, StructType] = {}
    empty = _EmptyTables(spark=spark, schemas=schemas)
    problems = [*graph.problems, *declaration_problems(definition)]
    not_checked = [
        NotChecked(what=f"the table {name!r}", because="it is in a circle, or reads from one")
        for name in graph.tables
        if name not in graph.order
    ]
    for name in graph.order:
        table = graph.tables[name]
        missing = [each.table for each in table.inputs() if each.table not in schemas]
        if missing:
            because = f"{missing[0]!r}, which it reads, has no schema"
            not_checked.append(NotChecked(what=f"the table {name!r}", because=because))
            continue
        check = _TableCheck(table=table, empty=empty)
        schema = check.run(existing(table))
        problems += check.problems
        not_checked += check.not_checked
        if schema is not None:
            schemas[name] = schema
    return Resolution(
        definition=definition,
        graph=graph,
        schemas=schemas,
        problems=tuple(problems),
        not_checked=tuple(not_checked),
    )


def declaration_problems(definition: PipelineDefinition) -> list[DefinitionError]:
    """Return what is wrong with names, layers, sources and write modes: all that can be said without Spark."""
    problems: list[DefinitionError] = []
    layers = PipelineFactory.layers()
    for table in definition.tables:
        where = table.location
        problems += [
            InvalidNameError(name=name, location=where)
            for name in (table.name, table.layer)
            if not (name.isascii() and name.isidentifier() and name == name.lower())
        ]
        if table.layer not in layers:
            problems.append(
                UnknownLayerError(layer=table.layer, table=table.name, known=layers, location=where)
            )
        if table.flow.write_mode is None:
            problems.append(NoWriteModeError(table=table.name, location=where))
        problems += table.flow.source.problems()
    return problems


def existing_schema(warehouse: Warehouse, table: TableDefinition) -> StructType | None:
    """Return the schema of a table as it stands; None while there is no table."""
    state = TableLog(warehouse.path_of(table.layer, table.name)).state()
    return state.schema if state is not None else None


@dataclass(frozen=True, slots=True, kw_only=True)
class _EmptyTables:
    """The pipeline's tables without a row (a StepContext)."""

    spark: SparkSession
    schemas: Mapping[str, StructType]

    def table(self, name: str) -> OtherTable:
        return OtherTable(frame=self.frame(self.schemas[name]))

    def frame(self, schema: StructType) -> DataFrame:
        nothing = [F.lit(None).cast(each.dataType).alias(each.name) for each in schema.fields]
        return self.spark.range(0).select(*nothing)


@dataclass(slots=True, kw_only=True)
class _TableCheck:
    """Walks one table's flow on an empty frame."""

    table: TableDefinition
    empty: _EmptyTables
    problems: list[DefinitionError] = field(default_factory=list)
    not_checked: list[NotChecked] = field(default_factory=list)

    def run(self, existing: StructType | None) -> StructType | None:
        """Return the schema of the table's rows; None where a step is wrong."""
        frame = self.empty.frame(self.table.flow.source.schema(self.empty.schemas))
        compared: list[tuple[Step, Sequence[str]]] = []
        for position, step in enumerate(self.table.flow.steps):
            if step.compares_with_target:
                compared.append((step, step.compared_columns(frame)))
            after = self._apply(step, frame)
            if after is None:
                self._leave_unchecked(position + 1)
                return None
            frame = after
        self._check_rules(frame)
        schema = StructType([each for each in frame.schema.fields if each.name != CAST_ERRORS])
        self._check_write(schema, compared)
        self._check_existing(schema, existing)
        return schema

    def _apply(self, step: Step, frame: DataFrame) -> DataFrame | None:
        try:
            after = step.apply(frame, self.empty)
            columns = after.columns
        except Exception as error:  # noqa: BLE001 - a step runs the user's code, which may raise anything
            parts = step.parts()
            found = [problem for part in parts if (problem := self._try(part, frame))]
            self.problems += found or [self._problem(step, frame, error)]
            return None
        if CAST_ERRORS in frame.columns and CAST_ERRORS not in columns:
            self.problems.append(
                LostCastErrorsError(table=self.table.name, step=step.label, location=step.location)
            )
            return None
        return after

    def _try(self, step: Step, frame: DataFrame) -> DefinitionError | None:
        try:
            step.apply(frame, self.empty).columns  # noqa: B018 - asking for columns makes Spark analyse
        except Exception as error:  # noqa: BLE001 - as above
            return self._problem(step, frame, error)
        return None

    def _check_rules(self, frame: DataFrame) -> None:
        for rule in self.table.flow.expectations:
            try:
                frame.select(rule.broken()).columns  # noqa: B018 - as above
            except Exception as error:  # noqa: BLE001 - a rule may be the user's function
                label = f"the rule {rule.name!r}"
                self.problems.append(self._described(label, rule.location, frame, error))

    def _check_write(self, schema: StructType, compared: Sequence[tuple[Step, Sequence[str]]]) -> None:
        mode = self.table.flow.write_mode
        if mode is None:
            return
        needed = [(mode.name, self.table.location, column) for column in mode.required_columns]
        for step, columns in compared:
            if mode.old_rows is OldRows.STAY:
                needed += [(step.label, step.location, column) for column in columns]
        for label, location, column in needed:
            if column not in schema.names:
                self.problems.append(
                    UnknownColumnError(
                        column=column,
                        available=schema.names,
                        step=f"{label}, which compares with the table's own rows,",
                        location=location,
                        table=self.table.name,
                    )
                )

    def _check_existing(self, schema: StructType, existing: StructType | None) -> None:
        mode = self.table.flow.write_mode
        if existing is None or mode is None or (validator := mode.validator_beside(existing)) is None:
            return
        if differences := validator.differences(schema):
            subject = f"{self.table.location}: the rows for {self.table.name!r}"
            listed = [str(each) for each in differences]
            mismatch = SchemaMismatchError(subject=subject, differences=listed)
            self.problems.append(DefinitionError(str(mismatch)))

    def _problem(self, step: Step, frame: DataFrame, error: Exception) -> DefinitionError:
        return self._described(step.label, step.location, frame, error)

    def _described(
        self, label: str, location: SourceLocation, frame: DataFrame, error: Exception
    ) -> DefinitionError:
        if isinstance(error, UnknownColumnError):
            return error.in_table(self.table.name)
        if isinstance(error, PySparkException) and (error.getCondition() or "").startswith(
            "UNRESOLVED_COLUMN"
        ):
            name = (error.getMessageParameters() or {}).get("objectName", "?").replace("`", "")
            there = [column for column in frame.columns if column != CAST_ERRORS]
            return UnknownColumnError(
                column=name, available=there, step=label, location=location, table=self.table.name
            )
        reason = str(error) if isinstance(error, LakehouseError | PySparkException) else repr(error)
        return BrokenStepError(
            table=self.table.name, step=label, reason=_first_sentence(reason), location=location
        )

    def _leave_unchecked(self, position: int) -> None:
        flow = self.table.flow
        labels = [step.label for step in flow.steps[position:]]
        labels += [f"the rule {rule.name!r}" for rule in flow.expectations]
        because = f"{flow.steps[position - 1].label} is wrong"
        self.not_checked += [
            NotChecked(what=f"{label} of {self.table.name!r}", because=because) for label in labels
        ]


def _first_sentence(text: str) -> str:
    return next((line.strip().rstrip(".") for line in text.splitlines() if line.strip()), "no message")
