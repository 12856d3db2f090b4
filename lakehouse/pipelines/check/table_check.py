"""Walks one table's flow on empty frames of the declared types: each step, rule and column that can't work."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from pyspark.sql import DataFrame
from pyspark.sql import functions as F
from pyspark.sql.types import StructType

from lakehouse.errors import DefinitionError
from lakehouse.pipelines.check.empty_rules import empty_rules
from lakehouse.pipelines.check.empty_tables import EmptyTables
from lakehouse.pipelines.check.spark_messages import described
from lakehouse.pipelines.declare.definition import TableDefinition
from lakehouse.pipelines.declare.rules import FlowRule
from lakehouse.pipelines.declare.steps import Step, StepContext
from lakehouse.pipelines.declare.steps.failed_casts import has_failed_casts
from lakehouse.pipelines.declare.views import WithViews
from lakehouse.pipelines.errors import (
    DuplicateColumnError,
    InvalidStepError,
    LostCastErrorsError,
    ReservedColumnError,
    UnknownColumnError,
    UnwritableColumnError,
)
from lakehouse.quality import CAST_ERRORS, QUARANTINE_COLUMNS
from lakehouse.source_location import SourceLocation
from lakehouse.tables import odd_names

__all__ = ["NotChecked", "TableCheck"]


@dataclass(frozen=True, slots=True, kw_only=True)
class NotChecked:
    """Something that could not be checked, because it depends on what is wrong."""

    what: str
    because: str

    def __str__(self) -> str:
        return f"{self.what}: not checked, because {self.because}"


@dataclass(slots=True, kw_only=True)
class TableCheck:
    """Walks one table's flow on an empty frame."""

    table: TableDefinition
    empty: EmptyTables
    problems: list[DefinitionError] = field(default_factory=list)
    repeated_by: dict[str, Step] = field(default_factory=dict)
    not_checked: list[NotChecked] = field(default_factory=list)

    def run(self, existing: StructType | None) -> StructType | None:
        """Return the schema of the table's rows; None where a step is wrong."""
        source = self.table.flow.source
        if problems := source.problems_in(self.empty.schemas):
            self.problems += problems
            return None
        frame = self.empty.frame(source.schema(self.empty.schemas))
        compared: list[tuple[Step, Sequence[str]]] = []
        mode = self.table.flow.write_mode
        for position, step in enumerate(self.table.all_steps):
            if mode is not None and step.compares_with_target(mode.old_rows):
                compared.append((step, step.compared_columns(frame)))
            if has_failed_casts(frame) and not step.keeps_failed_casts:
                frame = frame.drop(CAST_ERRORS)  # rows with failed casts pass by such a step
            after = self._apply(step, frame)
            if after is None:
                self._leave_unchecked(position + 1)
                return None
            self._note_repeated_columns(step, frame, after)
            frame = after
        if not self._check_columns(frame):
            return None
        shown = self._shown(frame.drop(CAST_ERRORS) if has_failed_casts(frame) else frame)
        if shown is None:
            return None
        schema = shown.schema
        fitted = self._fitted(frame, schema, existing)
        self._check_rules(fitted)
        schema = schema if fitted is frame else self._schema(fitted)
        self._check_write(schema, compared)
        return schema

    @property
    def _beside(self) -> StepContext:
        return WithViews(tables=self.empty, views=self.table.views)

    def _apply(self, step: Step, frame: DataFrame) -> DataFrame | None:
        try:
            if watched := step.watched(frame):
                frame.select(*watched.values()).columns  # noqa: B018 - asking for columns makes Spark analyse
            after = step.try_on(frame, self._beside)
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
            step.try_on(frame, self._beside).columns  # noqa: B018 - asking for columns makes Spark analyse
        except Exception as error:  # noqa: BLE001 - as above
            return self._problem(step, frame, error)
        return None

    def _note_repeated_columns(self, step: Step, before: DataFrame, after: DataFrame) -> None:
        """Remember the step that gives a name twice: it is wrong if the name is still there twice at the end."""
        for name in set(_repeated(after.columns)) - set(_repeated(before.columns)):
            self.repeated_by[name] = step

    def _check_columns(self, frame: DataFrame) -> bool:
        """Say whether each column that is written has a name of its own."""
        by_step: dict[str, list[str]] = {}
        for name in _repeated(frame.columns):
            by_step.setdefault(name, []).extend(each for each in frame.columns if each.lower() == name)
        for name, columns in by_step.items():
            step = self.repeated_by.get(name)
            self.problems.append(
                DuplicateColumnError(
                    columns=columns,
                    table=self.table.name,
                    step=step.label if step is not None else "the source",
                    location=step.location if step is not None else self.table.location,
                )
            )
        self.problems += [
            ReservedColumnError(column=name, table=self.table.name, location=self.table.location)
            for name in frame.columns
            if name.lower() in QUARANTINE_COLUMNS
        ]
        self.problems += [
            UnwritableColumnError(column=name, table=self.table.name, location=self.table.location)
            for name in odd_names(frame.schema)
        ]
        return not by_step

    def _check_rules(self, frame: DataFrame) -> None:
        mode = self.table.flow.write_mode
        own = mode.rules(self.table.location) if mode is not None else ()
        self._try_rules((*self.table.flow.rules, *own), frame)

    def _try_rules(self, rules: Sequence[FlowRule], frame: DataFrame) -> None:
        """Try rules all together, as they are judged, and one by one where something is wrong."""
        context, looked_up = empty_rules(self.empty, own_names=self.table.own_names), frame
        try:
            for rule in rules:
                looked_up = rule.looked_up(looked_up, context)
            broken = [each.broken() for rule in rules for each in rule.expectations()]
            if broken or looked_up is not frame:
                looked_up.select(*broken, F.lit(True)).columns  # noqa: B018 - as above
            measures = [
                each.measure(F.lit(True)) for rule in rules for each in rule.whole_expectations(context)
            ]
            if measures:
                frame.agg(F.count(F.lit(1)), *measures).columns  # noqa: B018 - as above
        except Exception as error:  # noqa: BLE001 - a rule may be the user's function
            if len(rules) > 1:
                for rule in rules:
                    self._try_rules((rule,), frame)
                return
            label = f"the rule {rules[0].name!r}"
            self.problems.append(self._described(label, rules[0].location, frame, error))

    def _shown(self, frame: DataFrame) -> DataFrame | None:
        """Return the rows as the write mode shows them; None where it can't work on them."""
        mode = self.table.flow.write_mode
        if mode is None or mode.changes is None:
            return frame
        try:
            shown = mode.shown(frame)
            shown.columns  # noqa: B018 - as above
        except Exception as error:  # noqa: BLE001 - its conditions are the user's
            self.problems.append(self._described(mode.name, self.table.location, frame, error))
            return None
        return shown

    def _check_write(self, schema: StructType, compared: Sequence[tuple[Step, Sequence[str]]]) -> None:
        mode = self.table.flow.write_mode
        if mode is None:
            return
        comparing = "{}, which compares with the table's own rows,"
        needed = [
            (comparing.format(mode.name), self.table.location, column) for column in mode.required_columns
        ]
        layout = self.table.options.layout
        needed += [
            (f"the layout of {self.table.name!r}", self.table.location, column)
            for column in (*layout.partition_by, *layout.cluster_by)
        ]
        needed += [
            (f"the comments of {self.table.name!r}", self.table.location, column)
            for column in self.table.options.columns
        ]
        for step, columns in compared:
            needed += [(comparing.format(step.label), step.location, column) for column in columns]
        if (found := mode.wrong_schema(schema)) is not None:
            wrong, fix = found
            self.problems.append(
                InvalidStepError(step=mode.name, wrong=wrong, fix=fix, location=self.table.location)
            )
        for label, location, column in needed:
            if column not in schema.names:
                self.problems.append(
                    UnknownColumnError(
                        column=column,
                        available=schema.names,
                        step=label,
                        location=location,
                        table=self.table.name,
                    )
                )

    def _fitted(self, frame: DataFrame, shown: StructType, existing: StructType | None) -> DataFrame:
        """Return the rows as the table's contract lets them in; note what it refuses."""
        fit = self.table.fit(shown, existing)
        if fit.refused:
            subject = f"{self.table.location}: the rows for {self.table.name!r}"
            self.problems.append(DefinitionError(str(fit.mismatch(subject))))
        return frame if fit.leaves_rows_alone else fit.applied(frame).drop(*fit.marks)

    def _schema(self, frame: DataFrame) -> StructType:
        mode, rows = self.table.flow.write_mode, frame.drop(CAST_ERRORS)
        return rows.schema if mode is None or mode.changes is None else mode.shown(rows).schema

    def _problem(self, step: Step, frame: DataFrame, error: Exception) -> DefinitionError:
        return self._described(step.label, step.location, frame, error)

    def _described(
        self, label: str, location: SourceLocation, frame: DataFrame, error: Exception
    ) -> DefinitionError:
        return described(error, step=label, table=self.table.name, location=location, columns=frame.columns)

    def _leave_unchecked(self, position: int) -> None:
        flow = self.table.flow
        labels = [step.label for step in self.table.all_steps[position:]]
        labels += [f"the rule {rule.name!r}" for rule in flow.rules]
        because = f"{self.table.all_steps[position - 1].label} is wrong"
        self.not_checked += [
            NotChecked(what=f"{label} of {self.table.name!r}", because=because) for label in labels
        ]


def _repeated(columns: Sequence[str]) -> list[str]:
    """Return the names, in lower case, that several columns have; failed casts are the library's own affair."""
    names = [name.lower() for name in columns if name != CAST_ERRORS]
    return sorted({name for name in names if names.count(name) > 1})
