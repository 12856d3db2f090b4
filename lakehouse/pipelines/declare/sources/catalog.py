"""A table that a catalog of Spark's session knows, in any format: whole, or the rows that came since."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, ClassVar

from pyspark.sql import DataFrame
from pyspark.sql.types import StructType

from lakehouse.errors import DefinitionError, did_you_mean
from lakehouse.ingestion import CatalogTable, is_path
from lakehouse.pipelines.declare.language import Call, Language, names_and_types
from lakehouse.pipelines.declare.sources.dataset_name import DatasetName
from lakehouse.pipelines.declare.sources.delta import DeltaSource
from lakehouse.pipelines.declare.sources.history import History, Inputs
from lakehouse.pipelines.declare.sources.interface import NewInputs, ReadRequest, Source, SourceContext
from lakehouse.pipelines.declare.sources.parquet import ParquetSource
from lakehouse.pipelines.declare.yaml_part import YamlPart
from lakehouse.pipelines.errors import InvalidStepError, ReplacedInputError, UnreadableTableError
from lakehouse.quality import SchemaValidator, as_struct
from lakehouse.source_location import SourceLocation
from lakehouse.tables import SPARK_ERRORS, quoted, root_cause
from lakehouse.words import word

__all__ = ["CatalogTableSource", "table_elsewhere"]


@dataclass(frozen=True, slots=True, kw_only=True)
class _TableYaml:
    table: str
    format: str = "delta"
    columns: str | Mapping[str, str] | None = None
    """Names and types, or the name of one of the file's schemas."""
    incremental: bool = False


@word("from_table")
@dataclass(frozen=True, slots=True, kw_only=True)
class CatalogTableSource(Source):
    """A batch names the version that it reads: repeated, it gives the same rows, where the format has versions."""

    yaml_type: ClassVar[Any] = _TableYaml

    table: str
    """``catalog.schema.table``; in Iceberg also a folder."""
    format: str
    """A word of CatalogTable."""
    columns: tuple[tuple[str, str], ...]
    """Names and types; the table may have more."""
    incremental: bool = False

    @classmethod
    def from_yaml(cls, given: _TableYaml, part: YamlPart) -> Source:
        columns = tuple(part.at("columns").schema(given.columns).items()) if given.columns else ()
        return table_elsewhere(
            given.table,
            format=given.format,
            columns=columns,
            incremental=given.incremental,
            location=part.location,
        )

    def to_yaml(self, language: Language) -> dict[str, Any]:
        columns = {"columns": language.value(names_and_types(self.columns))} if self.columns else {}
        goes_on = {"incremental": True} if self.incremental else {}
        return {"table": self.table, "format": self.format, **columns, **goes_on}

    def to_python(self, language: Language) -> Call:
        return Call.of("from_table", self.to_yaml(language), "table")

    @property
    def dataset(self) -> DatasetName:
        return DatasetName("", self.table)

    @property
    def label(self) -> str:
        return repr(self.table)

    @property
    def gives_all_rows(self) -> bool:
        return not self.incremental

    def schema(self, upstream: Mapping[str, StructType]) -> StructType:
        return as_struct(dict(self.columns))

    def problems(self) -> Sequence[DefinitionError]:
        return [
            InvalidStepError(step="from_table", wrong=wrong, fix=fix, location=self.location)
            for wrong, fix in self._wrong()
        ]

    def next_inputs(self, context: SourceContext, table: str, history: History) -> NewInputs | None:
        last = history[-1] if history else None
        reason = f"{self.table} is asked for its version"
        return NewInputs(reason=reason, closer_look=lambda: self._look(context, table, last))

    def read(self, context: SourceContext, request: ReadRequest) -> DataFrame:
        elsewhere, inputs = self._opened(context), request.inputs
        with _named(self, request.table):
            if inputs["after"] is None:
                rows = elsewhere.rows(inputs["through"])
            else:
                rows = elsewhere.added(after=inputs["after"], through=inputs["through"])
            validator = SchemaValidator(expected=self.schema({}), extra_allowed=True, check_nullability=False)
            validator.check(rows.schema, subject=f"the table {self.table!r}")
            return rows.select(*(quoted(name) for name, _ in self.columns))

    def _look(self, context: SourceContext, table: str, last: Inputs | None) -> Inputs | None:
        elsewhere = self._opened(context)
        with _named(self, table):
            now = elsewhere.version()
            if now is None or (last is not None and last["through"] == now):
                return None if self.incremental or now is None else last
            if last is None or not self.incremental:
                return {"after": None, "through": now}
            why = elsewhere.why_not_appended(after=last["through"], through=now)
        if why is not None:
            raise ReplacedInputError(table=table, source=self.table, path=self.table, reason=why)
        return {"after": last["through"], "through": now}

    def _opened(self, context: SourceContext) -> CatalogTable:
        opened: CatalogTable = CatalogTable.words[self.format](context.spark, self.table)
        return opened

    def _wrong(self) -> Sequence[tuple[str, str]]:
        if self.format not in CatalogTable.words:
            return [(f"format={self.format!r}", did_you_mean(self.format, CatalogTable.words))]
        cls, found = CatalogTable.words[self.format], []
        if is_path(self.table) and not cls.takes_paths:
            found.append((f"a path, {self.table!r}", "name the table as the catalog does."))
        if self.incremental and not cls.has_versions:
            found.append(
                (
                    f"incremental=True, and {self.format} has no versions",
                    "read it whole, or its files by from_files().",
                )
            )
        if not self.columns:
            found.append((f"no columns for {self.table!r}", "name them with their types: columns={…}."))
        return found


def table_elsewhere(
    table: str,
    *,
    format: str,  # noqa: A002 - the word that Spark's readers use
    columns: tuple[tuple[str, str], ...],
    incremental: bool,
    location: SourceLocation,
) -> Source:
    """Return who reads a table: its log or its files where it is named by its place, its catalog where by its name."""
    names_a_place = is_path(table) or table.count(".") < 2
    if format == "delta" and names_a_place and not columns:
        return DeltaSource(table=table, incremental=incremental, location=location)
    if format == "parquet" and is_path(table) and columns and not incremental:
        return ParquetSource(path=table, columns=columns, location=location)
    return CatalogTableSource(
        table=table, format=format, columns=columns, incremental=incremental, location=location
    )


@contextmanager
def _named(source: CatalogTableSource, table: str) -> Iterator[None]:
    try:
        yield
    except SPARK_ERRORS as error:
        raise UnreadableTableError(
            source=source.table, format=source.format, table=table, cause=root_cause(error)
        ) from error
