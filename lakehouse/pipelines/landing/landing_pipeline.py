"""A Bronze table refreshed on this machine: Arrow writes the rows, and the log is committed without a session."""

from __future__ import annotations

import datetime as dt
import time
from collections.abc import Sequence
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
from pyspark.sql.pandas.types import from_arrow_schema
from pyspark.sql.types import StructType

from lakehouse.delta_log import col
from lakehouse.ingestion import Accepted, FileInputs, LandedFile, Landing, RowShape
from lakehouse.pipelines.declare.definition import TableDefinition
from lakehouse.pipelines.declare.sources import LandableFiles
from lakehouse.pipelines.errors import ChangedFilesError, NotLandableError
from lakehouse.pipelines.refresh.batches import Batch
from lakehouse.pipelines.refresh.bronze import BronzeIngestionPipeline
from lakehouse.pipelines.refresh.context import RefreshContext
from lakehouse.pipelines.refresh.refreshed import Refresh
from lakehouse.pipelines.refresh.returned_rows import return_given_up
from lakehouse.pipelines.refresh.staged_batches import StagedBatch, digest_of_mode
from lakehouse.pipelines.warehouse import QUARANTINE_SUFFIX
from lakehouse.quality import Tally
from lakehouse.tables import (
    AlreadyPublished,
    Published,
    StagedRows,
    StagingFolder,
    SupersededWriteError,
    TableLog,
    TableState,
    TransactionId,
    delete_rows,
    progress_in,
    publish_files,
    staging_folder,
)

__all__ = ["LandingPipeline"]

_ERROR = pa.struct([("rule", pa.string()), ("message", pa.string())])


class LandingPipeline(BronzeIngestionPipeline):
    """Decides as a run does, and shares its batches: what one of the two began, the other one finishes.

    Raises NotLandableError for a table that only Spark can refresh.
    """

    def __init__(self, table: TableDefinition, context: RefreshContext, landing: Landing) -> None:
        super().__init__(table, context)
        self.files = _files(table, context)
        self._landing = landing
        self._quarantine_log = TableLog(
            context.warehouse.path_of(table.layer, f"{table.folder}{QUARANTINE_SUFFIX}")
        )

    def _process(self, batch: Batch, *, reading_again: bool = False) -> Refresh:
        started = time.monotonic()
        self._done("batch")
        batch, staged = self._as_it_stands(batch, reading_again=reading_again)
        self._check_only_adds(batch)
        self._remove_abandoned(batch)
        if staged is None:
            try:
                staged = self._staged(batch)
            except ChangedFilesError:
                # Another landing may have written the same rows, and cleared the files away.
                staged = self.staged.find(batch.number)
                if staged is None:
                    raise
        published = self._published_files(staged, batch)
        staged.discard()
        self.staged.forget_before(batch.number)
        self.staged.sweep(self.log.path)
        return self._refreshed(batch, published, staged.tally, staged.steps, started)

    def _check_only_adds(self, batch: Batch) -> None:
        """Raise NotLandableError where rows of the table have to go; a run finishes the batch."""
        problem = "it is rebuilt, as an earlier run began to do" if batch.rebuilds else ""
        if self.replaced_rows(batch) is not None:
            problem = "files come again, and take the place of their rows"
        if problem:
            raise NotLandableError(table=self.table.name, problem=problem, location=self.table.location)

    def _staged(self, batch: Batch) -> StagedBatch:
        """Write the batch's rows beside their tables, and note where they are."""
        inputs = FileInputs.of(batch.inputs)
        shape = shape_of(self.files, inputs, dt.datetime.fromisoformat(batch.planned_at))
        state = self.log.state()
        if self._schema.renames(state):
            problem = "columns of the table get new names first"
            raise NotLandableError(table=self.table.name, problem=problem, location=self.table.location)
        fit = self.check_schema(self.files.schema_of(inputs), state)
        widens = fit.widens and not self.write_mode.widens_columns
        if widens or not fit.leaves_rows_alone:
            problem = "its contract looks at each row, or changes the type of a column"
            raise NotLandableError(table=self.table.name, problem=problem, location=self.table.location)
        kept = self._staged_rows(inputs, shape)
        rows = Tally(
            rows_in=kept.row_count, written=kept.row_count, dropped=0, quarantined=0, failed=0, broken={}
        )
        ours = StagedBatch(
            kept=kept,
            quarantined=self._staged_aside(inputs, batch),
            tally=rows,
            steps=(),
            mode=digest_of_mode(self.table.flow.write_mode),
        )
        staged = self.staged.keep(batch.number, ours)
        if staged != ours:
            ours.discard()
        return staged

    def _staged_rows(self, inputs: FileInputs, shape: RowShape) -> StagedRows:
        folder = staging_folder(self.log.path)
        missing = dict(inputs.accepted())
        for part in self._landing.parts:
            if part.shape == shape and part.paths and missing.keys() >= set(part.paths):
                folder.take(part.file, part.row_count)
                missing = {path: found for path, found in missing.items() if path not in part.paths}
        self._landing.parts.clear()
        self._write_rows(missing, shape, folder, inputs)
        return folder.finish(from_arrow_schema(shape.schema()))

    def _write_rows(
        self, missing: dict[str, Accepted], shape: RowShape, folder: StagingFolder, inputs: FileInputs
    ) -> None:
        """Write the rows of files that were only looked through, or were landed for another batch."""
        if not missing:
            return
        listed = [
            LandedFile(path=file.path, size_bytes=file.size_bytes, modified_ms=file.modified_ms)
            for file in inputs.files
            if file.path in missing
        ]
        verdicts = self._landing.write(self.files.zone, listed, missing, shape)
        lost = [path for path in missing if not isinstance(verdicts[path], Accepted)]
        if lost:
            raise ChangedFilesError(table=self.table.name, path=lost[0])
        for part in self._landing.parts:
            folder.take(part.file, part.row_count)
        self._landing.parts.clear()

    def _staged_aside(self, inputs: FileInputs, batch: Batch) -> StagedRows | None:
        rejected = {path: found.reason for path, found in inputs.rejected().items()}
        if not rejected:
            return None
        own = shape_of(self.files, inputs, dt.datetime.fromisoformat(batch.planned_at))
        schema = pa.schema([*own.schema(), ("_errors", pa.list_(_ERROR)), ("_batch", pa.int64())])
        rows = [
            {
                "_source_file": path,
                "_ingested_at": own.ingested_at,
                "_errors": [{"rule": "readable_file", "message": reason}],
                "_batch": batch.number,
            }
            for path, reason in sorted(rejected.items())
        ]
        self._landing.folder.mkdir(parents=True, exist_ok=True)
        file = self._landing.folder / "rejected.parquet"
        pq.write_table(pa.Table.from_pylist(rows, schema=schema), file)
        folder = staging_folder(self._quarantine_log.path)
        folder.take(file, len(rows))
        return folder.finish(from_arrow_schema(schema))

    def _published_files(self, staged: StagedBatch, batch: Batch) -> Published | AlreadyPublished:
        """Publish both in the order that a run has: the table's commit is the batch's last."""
        try:
            if staged.quarantined is not None:
                self._publish(self._quarantine_log, staged.quarantined, batch.quarantine_transaction)
            self._done("quarantine")
            published = self._publish(self.log, staged.kept, batch.transaction)
        except Exception as error:
            # Another run may have published the same rows, or other ones instead, and thrown these files away.
            state = self.log.state()
            if state is not None and state.has_taken(batch.transaction):
                return AlreadyPublished(version=state.version)
            self._check_order(state, batch, error)
            raise
        self._done("publish")
        return published

    def _check_order(self, state: TableState | None, batch: Batch, error: Exception) -> None:
        """Raise SupersededWriteError, with nothing left in the quarantine, where the table took another batch."""
        try:
            progress_in(state, batch.flow).check_order(batch.transaction, path=self.log.path)
        except SupersededWriteError as superseded:
            if self._quarantine_log.state() is not None:
                delete_rows(self._quarantine_log, col("_batch") == batch.number)
            raise superseded from error

    def _publish(
        self, log: TableLog, staged: StagedRows, transaction: TransactionId
    ) -> Published | AlreadyPublished:
        new_columns = log is self._quarantine_log or self.write_mode.takes_new_columns
        return publish_files(
            log, staged.files(), _nullable(staged.schema), transaction, new_columns=new_columns
        )

    def _remove_abandoned(self, batch: Batch) -> None:
        """Remove quarantined rows of batches which the table does not have, and put back what these took.

        They are those decided before ``batch``.
        """
        first = -1 if batch.predecessor is None else batch.predecessor
        layer, folder = self.table.layer, self.table.folder
        return_given_up(self.context.warehouse, self.batches, batch, layer=layer, folder=folder)
        state = self._quarantine_log.state()
        last = state.last_taken(batch.flow) if state is not None else None
        if last is not None and first < last < batch.number:
            delete_rows(self._quarantine_log, (col("_batch") > first) & (col("_batch") < batch.number))


def shape_of(files: LandableFiles, inputs: FileInputs, ingested_at: dt.datetime) -> RowShape:
    """Return how the rows of a batch are written."""
    return RowShape(
        file_format=files.format_of(inputs),
        names=tuple(files.schema_of(inputs).names),
        path_columns=files.choice.path_columns,
        ingested_at=ingested_at,
    )


def _files(table: TableDefinition, context: RefreshContext) -> LandableFiles:
    files, flow = table.flow.source.landable(), table.flow
    problem = ""
    if files is not None and not files.format.reads_without_spark:
        problem = "only Spark reads its format"
    elif table.all_steps or flow.rules:
        problem = "it has steps or rules"
    elif flow.write_mode is None or not flow.write_mode.only_adds:
        problem = "its rows are not appended"
    elif not table.options.layout.is_plain:
        problem = "it has partitions or properties"
    if files is None or problem:
        problem = problem or f"its rows come from {flow.source.label}"
        raise NotLandableError(table=table.name, problem=problem, location=table.location)
    return files


def _nullable(schema: StructType) -> StructType:
    parts: Sequence[Any] = schema.fields
    for part in parts:
        part.nullable = True
    return schema
