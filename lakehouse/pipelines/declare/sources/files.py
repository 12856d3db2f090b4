"""Files of a landing zone as a source: each is taken once, and what can't be read is set aside with its reason."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from pyspark.sql import DataFrame
from pyspark.sql import functions as F
from pyspark.sql.types import StructType

from lakehouse.errors import DefinitionError, did_you_mean
from lakehouse.ingestion import (
    FileFormat,
    FileInputs,
    MissingLandingZoneError,
    changed_files,
    inspect_files,
    landing_zone,
)
from lakehouse.pipelines.declare.sources.interface import (
    Inputs,
    NewInputs,
    ReadRequest,
    Source,
    SourceContext,
)
from lakehouse.pipelines.declare.yaml_part import YamlPart
from lakehouse.pipelines.errors import ChangedFileError
from lakehouse.words import word

__all__ = ["FileSource"]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Files:
    pattern: str
    columns: str | list[str] | None = None
    """Names, or the name of one of the file's schemas."""
    delimiter: str | None = None
    format: str = "csv"
    options: Mapping[str, str] = dataclasses.field(default_factory=dict)
    """Further fields of the format."""


@word("from_files")
@dataclass(frozen=True, slots=True, kw_only=True)
class FileSource(Source):
    """The files that match a pattern, each taken exactly once.

    A batch names its files with what inspection found, so that a bad file is set aside for the same reason
    whenever the batch is repeated.
    """

    yaml_type: ClassVar[Any] = _Files
    is_appended_by_default: ClassVar[bool] = True

    pattern: str
    """May hold ``${variables}`` of the pipeline."""
    format: FileFormat

    @classmethod
    def from_yaml(cls, given: _Files, part: YamlPart) -> FileSource:
        return cls(pattern=given.pattern, format=_format(given, part), location=part.location)

    @property
    def label(self) -> str:
        return repr(self.pattern)

    def schema(self, upstream: Mapping[str, StructType]) -> StructType:
        return self.format.schema()

    @property
    def gives_all_rows(self) -> bool:
        return False

    def problems(self) -> Sequence[DefinitionError]:
        try:
            landing_zone(self.pattern).check()
        except MissingLandingZoneError as error:
            return (error.at(self.location),)
        return ()

    def next_inputs(self, context: SourceContext, table: str, history: Sequence[Inputs]) -> NewInputs | None:
        zone = landing_zone(self.pattern)
        candidates = changed_files(zone, history)
        if not candidates:
            return None

        def closer_look() -> Inputs | None:
            found = inspect_files(zone, candidates, self.format, history)
            return found.as_json() if found is not None else None

        return NewInputs(reason=f"{len(candidates)} new files", closer_look=closer_look)

    def read(self, context: SourceContext, request: ReadRequest) -> DataFrame:
        inputs = FileInputs.of(request.inputs)
        changed = inputs.changed_in(landing_zone(self.pattern))
        if changed is not None:
            raise ChangedFileError(table=request.table, path=changed.path, batch_key=request.batch_key)
        return self.format.read(context.spark, inputs.accepted(), ingested_at=request.decided_at)

    def rejected(self, context: SourceContext, request: ReadRequest) -> DataFrame | None:
        reasons = {path: found.reason for path, found in FileInputs.of(request.inputs).rejected().items()}
        if not reasons:
            return None
        schema = self.format.schema()
        known = {"_ingested_at": F.lit(request.decided_at)}
        files = context.spark.createDataFrame(sorted(reasons.items()), "_source_file string, _reason string")
        columns = [
            F.col("_source_file")
            if field.name == "_source_file"
            else known.get(field.name, F.lit(None)).cast(field.dataType).alias(field.name)
            for field in schema.fields
        ]
        error = F.struct(F.lit("readable_file").alias("rule"), F.col("_reason").alias("message"))
        return files.select(*columns, F.array(error).alias("_errors"))

    def counts(self, inputs: Inputs) -> Mapping[str, int]:
        files = FileInputs.of(inputs)
        return {"files": len(files.accepted()), "files_rejected": len(files.rejected())}

    def summary(self, inputs: Inputs) -> Inputs:
        return {"files": [file.path for file in FileInputs.of(inputs).files]}


def _format(given: _Files, part: YamlPart) -> FileFormat:
    if given.format not in FileFormat.words:
        known = did_you_mean(given.format, FileFormat.words)
        part.at("format").refuse(f"there is no file format {given.format!r}. Fix: {known}")
    options: dict[str, Any] = dict(given.options)
    if given.columns is not None:
        columns = (
            part.at("columns").schema(given.columns) if isinstance(given.columns, str) else given.columns
        )
        options["columns"] = tuple(columns)
    if given.delimiter is not None:
        options["delimiter"] = given.delimiter
    made: FileFormat = part.make(FileFormat.words[given.format], options)
    return made
