"""A table of a database as a source: whole, or only the rows that came or changed since the last batch."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from pyspark.sql import DataFrame
from pyspark.sql.types import StructType

from lakehouse.errors import DefinitionError
from lakehouse.ingestion import JdbcInputs, JdbcReader, JdbcTable, jdbc_schema
from lakehouse.pipelines.declare.language import Call, Language, names_and_types
from lakehouse.pipelines.declare.sources.dataset_name import DatasetName
from lakehouse.pipelines.declare.sources.history import History, Inputs
from lakehouse.pipelines.declare.sources.interface import NewInputs, ReadRequest, Source, SourceContext
from lakehouse.pipelines.declare.yaml_part import YamlPart, field_values
from lakehouse.words import stated_fields, word

__all__ = ["JdbcSource"]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Jdbc:
    url: str
    columns: str | Mapping[str, str]
    """Names and types, or the name of one of the file's schemas."""
    table: str = ""
    query: str = ""
    user: str = ""
    password: str = ""
    driver: str = ""
    partition_on: str = ""
    partitions: int = 8
    fetch_rows: int = 10_000
    cursor: str = ""
    overlap_seconds: float = 0.0


@word("from_jdbc")
@dataclass(frozen=True, slots=True, kw_only=True)
class JdbcSource(Source):
    """The rows of a table or a query.

    With a cursor the batch names the highest one there was, which stands in the commit of the rows. A row that
    changes while a batch is read has a higher cursor then, and comes with the next one.
    """

    yaml_type: ClassVar[Any] = _Jdbc

    jdbc: JdbcTable

    @classmethod
    def from_yaml(cls, given: _Jdbc, part: YamlPart) -> JdbcSource:
        columns = part.at("columns").schema(given.columns)
        values = {**field_values(given), "columns": tuple(columns.items())}
        return cls(jdbc=JdbcTable(**values), location=part.location)

    def to_yaml(self, language: Language) -> dict[str, Any]:
        given = {**stated_fields(self.jdbc), "columns": names_and_types(self.jdbc.columns)}
        return {name: language.value(value) for name, value in given.items()}

    def to_python(self, language: Language) -> Call:
        return Call.of("from_jdbc", self.to_yaml(language), "url")

    @property
    def dataset(self) -> DatasetName:
        return DatasetName.in_database(self.jdbc.url, self.jdbc.label)

    @property
    def label(self) -> str:
        return repr(self.jdbc.label)

    @property
    def gives_all_rows(self) -> bool:
        return not self.jdbc.cursor

    def schema(self, upstream: Mapping[str, StructType]) -> StructType:
        return jdbc_schema(self.jdbc)

    def problems(self) -> Sequence[DefinitionError]:
        return [each.at(self.location) for each in self.jdbc.problems()]

    def next_inputs(self, context: SourceContext, table: str, history: History) -> NewInputs | None:
        last = JdbcInputs.of(history[-1]) if history else None

        def closer_look() -> Inputs | None:
            found = self._reader(context).next(last, dt.datetime.now(dt.UTC))
            return found.as_json() if found is not None else None

        since = f" since {last.through}" if last is not None and last.through else ""
        return NewInputs(reason=f"{self.jdbc.label} is asked for rows{since}", closer_look=closer_look)

    def read(self, context: SourceContext, request: ReadRequest) -> DataFrame:
        return self._reader(context).rows(JdbcInputs.of(request.inputs), ingested_at=request.decided_at)

    def counts(self, inputs: Inputs) -> Mapping[str, int]:
        without = JdbcInputs.of(inputs).without_cursor
        return {"rows_without_cursor": without} if without else {}

    def _reader(self, context: SourceContext) -> JdbcReader:
        return JdbcReader(table=self.jdbc, open_session=lambda: context.spark)
