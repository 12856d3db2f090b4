"""A table of Parquet files that the pipeline does not make: read whole, as it stands."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from pyspark.sql import DataFrame
from pyspark.sql.types import StructType

from lakehouse.errors import DefinitionError
from lakehouse.ingestion import LandedFile, MissingLandingZoneError, landing_zone
from lakehouse.pipelines.declare.language import Call, Language, names_and_types
from lakehouse.pipelines.declare.sources.dataset_name import DatasetName
from lakehouse.pipelines.declare.sources.history import History, Inputs
from lakehouse.pipelines.declare.sources.interface import NewInputs, ReadRequest, Source, SourceContext
from lakehouse.pipelines.declare.yaml_part import YamlPart
from lakehouse.pipelines.errors import ChangedFilesError
from lakehouse.quality import SchemaValidator, as_struct
from lakehouse.tables import literal_path
from lakehouse.words import word

__all__ = ["ParquetSource"]


@dataclass(frozen=True, slots=True, kw_only=True)
class _ParquetYaml:
    path: str
    columns: str | Mapping[str, str]
    """Names and types, or the name of one of the file's schemas."""


@word("from_parquet")
@dataclass(frozen=True, slots=True, kw_only=True)
class ParquetSource(Source):
    """The Parquet files of a folder, or those that a pattern matches: all of them, at each refresh that finds news.

    A batch names the files' sizes and times, so that files which change meanwhile are not read in their place.
    """

    yaml_type: ClassVar[Any] = _ParquetYaml

    path: str
    columns: tuple[tuple[str, str], ...]
    """Names and types; a file may have more columns."""

    @classmethod
    def from_yaml(cls, given: _ParquetYaml, part: YamlPart) -> ParquetSource:
        columns = part.at("columns").schema(given.columns)
        return cls(path=given.path, columns=tuple(columns.items()), location=part.location)

    def to_yaml(self, language: Language) -> dict[str, Any]:
        return {"path": self.path, "columns": language.value(names_and_types(self.columns))}

    def to_python(self, language: Language) -> Call:
        return Call.of("from_parquet", self.to_yaml(language), "path")

    @property
    def dataset(self) -> DatasetName:
        return DatasetName.matching(self.path)

    @property
    def label(self) -> str:
        return repr(self.path)

    def schema(self, upstream: Mapping[str, StructType]) -> StructType:
        return as_struct(dict(self.columns))

    @property
    def gives_all_rows(self) -> bool:
        return True

    def problems(self) -> Sequence[DefinitionError]:
        try:
            landing_zone(self._pattern).check()
        except MissingLandingZoneError as error:
            return [error.at(self.location)]
        return ()

    def next_inputs(self, context: SourceContext, table: str, history: History) -> NewInputs | None:
        files = self._files()
        if not files:
            return None
        known = _inputs(files)
        return NewInputs(known=known, reason=f"{len(files)} files are there", outside_bytes=known["bytes"])

    def as_they_stand(self, context: SourceContext, request: ReadRequest) -> Inputs | None:
        now = _inputs(self._files())
        return now if now != request.inputs else None

    def read(self, context: SourceContext, request: ReadRequest) -> DataFrame:
        files = self._files()
        if _inputs(files) != request.inputs:
            raise ChangedFilesError(table=request.table, path=self.path)
        schema = self.schema({})
        if not files:
            return context.spark.createDataFrame([], schema)
        paths = [literal_path(file.path) for file in files]
        # A column that a file lacks would be NULL without a word.
        validator = SchemaValidator(expected=schema, extra_allowed=True, check_nullability=False)
        validator.check(context.spark.read.parquet(paths[0]).schema, subject=f"the file {files[0].path!r}")
        return context.spark.read.schema(schema).parquet(*paths)

    def size_bytes(self, context: SourceContext, inputs: Inputs) -> int:
        return int(inputs["bytes"])

    def counts(self, inputs: Inputs) -> Mapping[str, int]:
        return {"files": inputs["files"]}

    def summary(self, inputs: Inputs) -> Inputs:
        return {"path": self.path}

    def _files(self) -> Sequence[LandedFile]:
        return landing_zone(self._pattern).files()

    @property
    def _pattern(self) -> str:
        is_pattern = any(sign in self.path for sign in "*?[") or self.path.endswith(".parquet")
        return self.path if is_pattern else f"{self.path.rstrip('/')}/*.parquet"


def _inputs(files: Sequence[LandedFile]) -> dict[str, Any]:
    state = [[file.path, file.size_bytes, file.modified_ms] for file in files]
    digest = hashlib.blake2b(json.dumps(state).encode(), digest_size=16).hexdigest()
    return {"files": len(files), "bytes": sum(file.size_bytes for file in files), "digest": digest}
