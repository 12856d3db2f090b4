"""Files of a landing zone as a source: each is taken once, and what can't be read is set aside with its reason."""

from __future__ import annotations

import dataclasses
import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from pyspark.sql import DataFrame
from pyspark.sql import functions as F
from pyspark.sql.types import StringType, StructField, StructType

from lakehouse.errors import DefinitionError
from lakehouse.ingestion import (
    EVERY_FILE,
    RESCUED,
    FileChoice,
    FileFormat,
    FileInputs,
    FileTracker,
    LandedFile,
    LandingZone,
    ManifestZone,
    MissingLandingZoneError,
    OnRewritten,
    SchemaChanges,
    SeenFiles,
    clear_away,
    landing_zone,
    moved_path,
    path_column,
)
from lakehouse.pipelines.declare.language import Call, Language
from lakehouse.pipelines.declare.old_rows import OldRows
from lakehouse.pipelines.declare.sources.arrivals import Arrivals, arriving_files, at_each_trigger
from lakehouse.pipelines.declare.sources.dataset_name import DatasetName
from lakehouse.pipelines.declare.sources.files_problems import (
    problems_of_archive,
    problems_of_replacing,
    problems_of_word,
)
from lakehouse.pipelines.declare.sources.files_rows import rejected_rows, rows_of_files
from lakehouse.pipelines.declare.sources.files_words import DeclaredFiles, fields_of, words_of
from lakehouse.pipelines.declare.sources.history import CondensedHistory, History, Inputs
from lakehouse.pipelines.declare.sources.interface import (
    Backlog,
    NewInputs,
    ReadRequest,
    Source,
    SourceContext,
)
from lakehouse.pipelines.declare.sources.landable import LandableFiles
from lakehouse.pipelines.declare.yaml_part import YamlPart
from lakehouse.tables import quoted
from lakehouse.words import stated_fields, word

__all__ = ["FileSource"]


@word("from_files")
@dataclass(frozen=True, slots=True, kw_only=True)
class FileSource(Source):
    """The files that match a pattern, each taken exactly once.

    A batch names its files with what inspection found, so that a bad file is set aside for the same reason
    whenever the batch is repeated. A file that changed or went before its rows were written is left out of its
    batch, with that reason; when it lies there whole, a later batch takes it.
    """

    yaml_type: ClassVar[Any] = DeclaredFiles
    is_appended_by_default: ClassVar[bool] = True
    condensed_as: ClassVar[str] = "files-1"

    pattern: str
    """May hold ``${variables}`` of the pipeline."""
    format: FileFormat
    names_grow: bool = False
    """Whether each new file's name sorts after those before it: then a listing starts after the last one."""
    at_rest_seconds: float | None = None
    """How long a file must have been left alone to be taken for whole; None: 0.2 on a disk, 0 in a store."""
    on_rewritten: OnRewritten = "quarantine"
    """What becomes of a file that was taken and has another content now: it is set aside, or its rows take the place
    of those that it gave before, or it is left alone."""
    manifest: bool = False
    """Whether the files that match only name those that are taken."""
    choice: FileChoice = EVERY_FILE
    """Which files are taken, and how many at a time."""
    changes: SchemaChanges = RESCUED
    """What becomes of columns that come, go, or have values of another type."""
    after_commit: str | None = None
    """What becomes of files whose rows are in the table: ``delete``, or the folder of an archive; None: they stay."""

    @classmethod
    def from_yaml(cls, given: DeclaredFiles, part: YamlPart) -> FileSource:
        return cls(**fields_of(given, part), location=part.location)

    def to_yaml(self, language: Language) -> dict[str, Any]:
        stated = {name: value for name, value in stated_fields(self).items() if name != "pattern"}
        return {"pattern": self.pattern, **words_of(stated, self.format, language)}

    def to_python(self, language: Language) -> Call:
        return Call.of("from_files", self.to_yaml(language), "pattern")

    @property
    def zone(self) -> LandingZone:
        """Where the files are."""
        zone = landing_zone(self.pattern)
        return ManifestZone(zone) if self.manifest else zone

    def landable(self) -> LandableFiles:
        return self

    @property
    def label(self) -> str:
        return repr(self.pattern)

    @property
    def dataset(self) -> DatasetName:
        return DatasetName.matching(self.pattern)

    def schema(self, upstream: Mapping[str, StructType]) -> StructType:
        return self._with_path_columns(self.format.schema())

    @property
    def gives_all_rows(self) -> bool:
        return False

    def with_older_shapes(self) -> Source:
        return dataclasses.replace(self, format=self.format.with_older_shapes())

    def problems(self) -> Sequence[DefinitionError]:
        found = [
            *self.format.problems(),
            *self.choice.problems(),
            *self.changes.problems(),
            *(() if self.manifest else problems_of_archive(self.after_commit, self.pattern)),
        ]
        problems: list[DefinitionError] = [each.at(self.location) for each in found]
        try:
            self.zone.check()
        except MissingLandingZoneError as error:
            problems.append(error.at(self.location))
        return [*problems, *problems_of_word(self.on_rewritten, self.location)]

    def problems_with(self, old_rows: OldRows, *, compares: bool) -> Sequence[DefinitionError]:
        has_rows_of_files = old_rows is OldRows.STAY and not compares
        return () if has_rows_of_files else problems_of_replacing(self.on_rewritten, self.location)

    def next_inputs(self, context: SourceContext, table: str, history: History) -> NewInputs | None:
        released = context.released(table)
        tracker = dataclasses.replace(
            self._tracker(context),
            released=released.paths(),
            gives_way=context.tells_files_apart(table),
        )
        seen = self._seen(history.condensed(self.condensed_as))
        candidates = tracker.candidates(seen)
        if not candidates.files:
            return None

        def closer_look() -> Inputs | None:
            found = tracker.looked_at(candidates, seen)
            if not found.new():
                # Nothing in them is news; one that is still being written stays released.
                released.forget([file.path for file in found.files if file.path in tracker.released])
                return None
            before = FileInputs.of(history[-1]) if history else None
            return self.changes.decided(found, before, self.format).as_json()

        def left(inputs: Inputs) -> Backlog:
            taken = {file.path for file in FileInputs.of(inputs).new()}
            return _backlog([file for file in candidates.files if file.path not in taken])

        return NewInputs(
            reason=f"{len(candidates.files)} new files",
            outside_bytes=sum(file.size_bytes for file in candidates.files),
            backlog=_backlog(candidates.files),
            left=left,
            closer_look=closer_look,
        )

    def arrivals(self, context: SourceContext, table: str) -> Arrivals:
        if self.manifest:
            return at_each_trigger(context.spark)  # the files that it names come before it or after it
        return arriving_files(context.spark, self.zone.root, is_deep=True)

    @property
    def takes_in_parts(self) -> bool:
        return self.choice.max_files is not None or self.choice.max_bytes is not None

    def condense(self, history: CondensedHistory) -> bytes:
        return self._seen(history).condensed()

    def replaced_rows(self, inputs: Inputs) -> str | None:
        files = FileInputs.of(inputs)
        if not any(file.replaces for file in files.new()):
            return None
        # Every row that comes must meet the condition, not only those of the files that come again.
        roots = (files.root, *files.earlier_roots)
        paths = (moved_path(path, files.root, root) for path in files.accepted() for root in roots)
        return rows_of_files(paths)

    def taken(self, context: SourceContext, table: str, inputs: Inputs) -> None:
        files = FileInputs.of(inputs).files
        # One that changed before its rows were written is looked at again, as one that is released.
        context.released(table).forget([file.path for file in files if not file.was_left_out])

    def lost(self, context: SourceContext, table: str, history: History) -> Sequence[str]:
        return self._tracker(context).lost(self._seen(history.condensed(self.condensed_as)))

    def as_they_stand(self, context: SourceContext, request: ReadRequest) -> Inputs | None:
        inputs = FileInputs.of(request.inputs)
        found = self._tracker(context).recheck(inputs, reading_again=request.reading_again)
        return found.as_json() if found != inputs else None

    def read(self, context: SourceContext, request: ReadRequest) -> DataFrame:
        inputs = FileInputs.of(request.inputs)
        files, file_format = inputs.accepted(), self.format_of(inputs)
        if request.reading_again:
            files = {path: file_format.with_care(found) for path, found in files.items()}
        rows = file_format.read(context.spark, files, ingested_at=request.decided_at)
        for name in self.choice.path_columns:
            rows = rows.withColumn(name, path_column(name))
        wanted = self.schema_of(inputs).names
        return rows.select(*(F.col(quoted(name)) for name in wanted))

    def schema_of(self, inputs: FileInputs) -> StructType:
        """Return the schema of a batch's rows: with the columns that the table has got by it."""
        wide = self.format.with_columns(inputs.columns) if inputs.columns else self.format
        return self._with_path_columns(wide.schema())

    def format_of(self, inputs: FileInputs) -> FileFormat:
        """Return the format by which a batch is read: it may give more columns than the batch's schema has."""
        return self.changes.to_read(inputs, self.format)

    @property
    def adds_columns(self) -> bool:
        return self.changes.adds_columns

    @property
    def acts_after_commit(self) -> bool:
        return self.after_commit is not None

    def committed(self, context: SourceContext, inputs: Inputs) -> None:
        if self.after_commit is not None:
            taken = FileInputs.of(inputs)
            files = [file for file in taken.files if file.reason is None]
            clear_away(self.zone, files, policy=self.after_commit)

    def rejected(self, context: SourceContext, request: ReadRequest) -> DataFrame | None:
        inputs = FileInputs.of(request.inputs)
        reasons = {path: found.reason for path, found in inputs.rejected().items()}
        if not reasons:
            return None
        return rejected_rows(context.spark, reasons, self.schema_of(inputs), ingested_at=request.decided_at)

    def size_bytes(self, context: SourceContext, inputs: Inputs) -> int:
        return sum(file.size_bytes for file in FileInputs.of(inputs).new())

    def counts(self, inputs: Inputs) -> Mapping[str, int]:
        files = FileInputs.of(inputs)
        return {"files": len(files.accepted()), "files_rejected": len(files.rejected())}

    def set_aside(self, inputs: Inputs) -> Mapping[str, str]:
        return {path: found.reason for path, found in FileInputs.of(inputs).rejected().items()}

    def summary(self, inputs: Inputs) -> Inputs:
        return {"files": [file.path for file in FileInputs.of(inputs).new()]}

    def _seen(self, history: CondensedHistory) -> SeenFiles:
        return SeenFiles(history.body, history.since, root=self.zone.root)

    def _tracker(self, context: SourceContext) -> FileTracker:
        file_format = self.changes.to_inspect(self.format)
        return FileTracker(
            zone=self.zone,
            file_format=file_format,
            choice=self.choice,
            inspector=context.inspector(self.zone, file_format),
            names_grow=self.names_grow,
            at_rest_seconds=self.at_rest_seconds,
            on_rewritten=self.on_rewritten,
            session=lambda: context.spark,
        )

    def _with_path_columns(self, schema: StructType) -> StructType:
        more = [StructField(name, StringType()) for name in self.choice.path_columns]
        at = schema.names.index("_source_file")
        return StructType([*schema.fields[:at], *more, *schema.fields[at:]])


def _backlog(files: Sequence[LandedFile]) -> Backlog:
    oldest_ms = min((file.modified_ms for file in files), default=None)
    since = None if oldest_ms is None else dt.datetime.fromtimestamp(oldest_ms / 1000, dt.UTC)
    return Backlog(count=len(files), unit="files", since=since)
