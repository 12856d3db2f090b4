"""Files of a landing zone as a source: each is taken once, and what can't be read is set aside with its reason."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from pyspark.sql import DataFrame
from pyspark.sql import functions as F
from pyspark.sql.types import StructType

from lakehouse.errors import DefinitionError
from lakehouse.ingestion import (
    FileFormat,
    FileInputs,
    FileTracker,
    InvalidFormatError,
    MissingLandingZoneError,
    SeenFiles,
    file_format,
    landing_zone,
    spark_file_path,
)
from lakehouse.pipelines.declare.sources.history import CondensedHistory, History, Inputs
from lakehouse.pipelines.declare.sources.interface import (
    NewInputs,
    ReadRequest,
    Source,
    SourceContext,
)
from lakehouse.pipelines.declare.yaml_part import YamlPart
from lakehouse.words import word

__all__ = ["SOURCE_FILE", "FileSource"]

SOURCE_FILE = "_source_file"
"""The column that names the file of a row."""


_Option = str | int | bool | list[str] | Mapping[str, list[int]]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Files:
    pattern: str
    columns: str | list[str] | Mapping[str, str] | None = None
    """Names, names with types, or the name of one of the file's schemas."""
    optional: list[str] | None = None
    delimiter: str | None = None
    encoding: str | None = None
    names_grow: bool = False
    at_rest_seconds: float | None = None
    format: str = "csv"
    options: Mapping[str, _Option] = dataclasses.field(default_factory=dict)
    """Further fields of the format."""


@word("from_files")
@dataclass(frozen=True, slots=True, kw_only=True)
class FileSource(Source):
    """The files that match a pattern, each taken exactly once.

    A batch names its files with what inspection found, so that a bad file is set aside for the same reason
    whenever the batch is repeated. A file that changed or went before its rows were written is left out of its
    batch, with that reason; when it lies there whole, a later batch takes it.
    """

    yaml_type: ClassVar[Any] = _Files
    is_appended_by_default: ClassVar[bool] = True
    condensed_as: ClassVar[str] = "files-1"

    pattern: str
    """May hold ``${variables}`` of the pipeline."""
    format: FileFormat
    names_grow: bool = False
    """Whether each new file's name sorts after those before it: then a listing starts after the last one."""
    at_rest_seconds: float | None = None
    """How long a file must have been left alone to be taken for whole; None: 0.2 on a disk, 0 in a store."""

    @classmethod
    def from_yaml(cls, given: _Files, part: YamlPart) -> FileSource:
        return cls(
            pattern=given.pattern,
            format=_format(given, part),
            names_grow=given.names_grow,
            at_rest_seconds=given.at_rest_seconds,
            location=part.location,
        )

    @property
    def label(self) -> str:
        return repr(self.pattern)

    def schema(self, upstream: Mapping[str, StructType]) -> StructType:
        return self.format.schema()

    @property
    def gives_all_rows(self) -> bool:
        return False

    def problems(self) -> Sequence[DefinitionError]:
        problems: list[DefinitionError] = [each.at(self.location) for each in self.format.problems()]
        try:
            landing_zone(self.pattern).check()
        except MissingLandingZoneError as error:
            problems.append(error.at(self.location))
        return problems

    def next_inputs(self, context: SourceContext, table: str, history: History) -> NewInputs | None:
        released = context.released(table)
        tracker = dataclasses.replace(
            self._tracker(context),
            released=released.paths(),
            gives_way=context.tells_files_apart(table),
        )
        seen = _seen(history.condensed(self.condensed_as))
        candidates = tracker.candidates(seen)
        if not candidates.files:
            return None

        def closer_look() -> Inputs | None:
            found = tracker.inspected(candidates, seen)
            if found is None:
                released.forget(tracker.released)  # nothing in them is news
            return found.as_json() if found is not None else None

        return NewInputs(
            reason=f"{len(candidates.files)} new files",
            outside_bytes=sum(file.size_bytes for file in candidates.files),
            closer_look=closer_look,
        )

    def condense(self, history: CondensedHistory) -> bytes:
        return _seen(history).condensed()

    def start_over(self, context: SourceContext, table: str) -> None:
        released = context.released(table)
        released.forget(released.paths())

    def replaced_rows(self, inputs: Inputs) -> str | None:
        files = FileInputs.of(inputs)
        if not any(file.replaces for file in files.new()):
            return None
        # Every row that comes must meet the condition, not only those of the files that come again.
        names = sorted({name for path in files.accepted() for name in (path, spark_file_path(path))})
        return f"{SOURCE_FILE} IN ({', '.join(map(_literal, names))})"

    def taken(self, context: SourceContext, table: str, inputs: Inputs) -> None:
        context.released(table).forget([file.path for file in FileInputs.of(inputs).files])

    def lost(self, context: SourceContext, table: str, history: History) -> Sequence[str]:
        return self._tracker(context).lost(_seen(history.condensed(self.condensed_as)))

    def as_they_stand(self, context: SourceContext, request: ReadRequest) -> Inputs | None:
        inputs = FileInputs.of(request.inputs)
        found = self._tracker(context).recheck(inputs, reading_again=request.reading_again)
        return found.as_json() if found != inputs else None

    def read(self, context: SourceContext, request: ReadRequest) -> DataFrame:
        files = FileInputs.of(request.inputs).accepted()
        if request.reading_again:
            files = {path: self.format.with_care(found) for path, found in files.items()}
        return self.format.read(context.spark, files, ingested_at=request.decided_at)

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

    def size_bytes(self, context: SourceContext, inputs: Inputs) -> int:
        return sum(file.size_bytes for file in FileInputs.of(inputs).new())

    def counts(self, inputs: Inputs) -> Mapping[str, int]:
        files = FileInputs.of(inputs)
        return {"files": len(files.accepted()), "files_rejected": len(files.rejected())}

    def summary(self, inputs: Inputs) -> Inputs:
        return {"files": [file.path for file in FileInputs.of(inputs).new()]}

    def _tracker(self, context: SourceContext) -> FileTracker:
        return FileTracker(
            zone=landing_zone(self.pattern),
            file_format=self.format,
            names_grow=self.names_grow,
            at_rest_seconds=self.at_rest_seconds,
            session=lambda: context.spark,
        )


def _literal(text: str) -> str:
    """Return a text as Spark's SQL writes it."""
    escaped = text.replace("\\", "\\\\").replace("'", "\\'")
    return f"'{escaped}'"


def _seen(history: CondensedHistory) -> SeenFiles:
    return SeenFiles(history.body, history.since)


def _format(given: _Files, part: YamlPart) -> FileFormat:
    options: dict[str, Any] = dict(given.options)
    if given.columns is not None:
        options["columns"] = (
            part.at("columns").schema(given.columns) if isinstance(given.columns, str) else given.columns
        )
    options["optional"] = tuple(given.optional or ())
    for name in ("delimiter", "encoding"):
        if getattr(given, name) is not None:
            options[name] = getattr(given, name)
    try:
        return file_format(given.format, options)
    except InvalidFormatError as error:
        place = "format" if given.format not in FileFormat.words else "options"
        part.at(place).refuse(str(error))
