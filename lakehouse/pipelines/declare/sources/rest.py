"""Lists of an API as a source: whole, or only what is new; what can't be fetched is set aside with its reason."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from pyspark.sql import DataFrame
from pyspark.sql.types import StructType

from lakehouse.errors import DefinitionError
from lakehouse.ingestion import (
    ApiBatches,
    ApiInputs,
    Auth,
    InvalidApiError,
    Pagination,
    RestApi,
    record_schema,
    rest_api,
)
from lakehouse.pipelines.declare.language import Call, Language, names_and_types
from lakehouse.pipelines.declare.sources.dataset_name import DatasetName
from lakehouse.pipelines.declare.sources.history import History, Inputs
from lakehouse.pipelines.declare.sources.interface import (
    NewInputs,
    ReadRequest,
    Source,
    SourceContext,
)
from lakehouse.pipelines.declare.yaml_part import YamlPart, field_values, names
from lakehouse.quality import as_struct
from lakehouse.words import stated_fields, word

__all__ = ["RestSource"]

_Word = str | Mapping[str, Mapping[str, str | int]]
"""A word, or a word with its options."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Rest:
    url: str
    endpoints: str | list[str] | None = None
    records: str | None = None
    schema: str | Mapping[str, str] | None = None
    """Names and types, or the name of one of the file's schemas."""
    parameters: Mapping[str, str] | None = None
    headers: Mapping[str, str] | None = None
    pagination: _Word | None = None
    auth: _Word | None = None
    incremental: Mapping[str, str | int | float] | None = None
    limits: Mapping[str, int | float] | None = None


@word("from_rest")
@dataclass(frozen=True, slots=True, kw_only=True)
class RestSource(Source):
    """The records of an API's lists.

    An API is not read twice alike: a batch is fetched when it is decided, and its inputs name the pages that
    were kept. A run that is stopped goes on with them, and asks for no page that came.
    """

    yaml_type: ClassVar[Any] = _Rest

    api: RestApi
    columns: tuple[tuple[str, str], ...] = ()
    """Names and types; none of them: one column ``record`` with the text of each record."""

    @classmethod
    def from_yaml(cls, given: _Rest, part: YamlPart) -> RestSource:
        values = {name: value for name, value in field_values(given).items() if value is not None}
        if "endpoints" in values:
            values["endpoints"] = names(values["endpoints"])
        schema = values.pop("schema", None)
        columns = tuple(part.at("schema").schema(schema).items()) if schema is not None else ()
        try:
            return cls(api=rest_api(values), columns=columns, location=part.location)
        except InvalidApiError as error:
            part.refuse(str(error))

    def to_yaml(self, language: Language) -> dict[str, Any]:
        given = stated_fields(self.api)
        said: dict[str, Any] = {}
        for name, words in (("pagination", Pagination.words), ("auth", Auth.words)):
            if name in given:
                said[name] = language.choice(words, given.pop(name))
        for name in ("incremental", "limits"):
            if name in given:
                said[name] = language.thing(given.pop(name))
        if self.columns:
            given["schema"] = names_and_types(self.columns)
        return {**{name: language.value(value) for name, value in given.items()}, **said}

    def to_python(self, language: Language) -> Call:
        return Call.of("from_rest", self.to_yaml(language), "url")

    @property
    def dataset(self) -> DatasetName:
        return DatasetName.behind(self.api.url)

    @property
    def label(self) -> str:
        return repr(self.api.url)

    @property
    def gives_all_rows(self) -> bool:
        return self.api.incremental is None

    def schema(self, upstream: Mapping[str, StructType]) -> StructType:
        return record_schema(self._columns)

    def problems(self) -> Sequence[DefinitionError]:
        return [each.at(self.location) for each in self.api.problems()]

    def next_inputs(self, context: SourceContext, table: str, history: History) -> NewInputs | None:
        batches = self._batches(context, table)
        last = ApiInputs.of(history[-1]) if history else None

        def closer_look() -> Inputs | None:
            found = batches.next(last)
            return found.as_json() if found is not None else None

        return NewInputs(reason=batches.reason(last), closer_look=closer_look)

    def start_over(self, context: SourceContext, table: str) -> None:
        self._batches(context, table).forget_first()

    def as_they_stand(self, context: SourceContext, request: ReadRequest) -> Inputs | None:
        other = self._batches(context, request.table).standing(ApiInputs.of(request.inputs))
        return other.as_json() if other is not None else None

    def read(self, context: SourceContext, request: ReadRequest) -> DataFrame:
        return self._batches(context, request.table).rows(
            ApiInputs.of(request.inputs), columns=self._columns, ingested_at=request.decided_at
        )

    def rejected(self, context: SourceContext, request: ReadRequest) -> DataFrame | None:
        return self._batches(context, request.table).failures(
            ApiInputs.of(request.inputs), columns=self._columns, ingested_at=request.decided_at
        )

    def counts(self, inputs: Inputs) -> Mapping[str, int]:
        taken = ApiInputs.of(inputs)
        return {"pages": taken.pages, "requests_failed": taken.failed}

    def summary(self, inputs: Inputs) -> Inputs:
        taken = ApiInputs.of(inputs)
        return {"url": self.api.url, "since": taken.since, "until": taken.until}

    @property
    def _columns(self) -> StructType | None:
        return as_struct(dict(self.columns)) if self.columns else None

    def _batches(self, context: SourceContext, table: str) -> ApiBatches:
        return ApiBatches(api=self.api, table_path=context.path(table), open_session=lambda: context.spark)
