"""Bronze: files come in as they are, each exactly once; what can't be read is set aside with its reason."""

from __future__ import annotations

import dataclasses
import datetime as dt
from collections.abc import Mapping, Sequence

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from lakehouse.ingestion import LandingZone, landing_zone, raw_schema, read_csv_files
from lakehouse.pipelines.batches import Batch
from lakehouse.pipelines.errors import ChangedFileError
from lakehouse.pipelines.file_tracking import FileInputs, changed_files, unseen_files
from lakehouse.pipelines.row_counts import RowCounter
from lakehouse.pipelines.sources import FileSource, Inputs, Source
from lakehouse.pipelines.table_pipeline import TablePipeline, Verdict

__all__ = ["BronzeIngestionPipeline"]


class BronzeIngestionPipeline(TablePipeline):
    """Tracks files: a batch names the new ones and how each was found; bad ones go to quarantine whole.

    A source that is no files is read as in any other layer.
    """

    @classmethod
    def accepts(cls, source: Source) -> bool:
        return isinstance(source, FileSource) or super().accepts(source)

    def work(self) -> str | None:
        source = self.table.flow.source
        if not isinstance(source, FileSource) or self.pending() is not None:
            return super().work()
        history = [batch.inputs for batch in self.batches.since_start()] if self.log.state() else []
        count = len(changed_files(self._zone(source), history))
        return f"{count} new files" if count else None

    def next_inputs(self, history: Sequence[Inputs]) -> Inputs | None:
        source = self.table.flow.source
        if not isinstance(source, FileSource):
            return super().next_inputs(history)
        found = unseen_files(self._zone(source), source, history)
        return found.as_json() if found is not None else None

    def read(self, batch: Batch) -> DataFrame:
        source = self.table.flow.source
        if not isinstance(source, FileSource):
            return super().read(batch)
        self._check_unchanged(source, batch)
        return read_csv_files(
            self.context.spark,
            FileInputs.of(batch.inputs).accepted(),
            columns=source.columns,
            delimiter=source.delimiter,
            ingested_at=dt.datetime.fromisoformat(batch.planned_at),
        )

    def validate(self, frame: DataFrame, batch: Batch, counter: RowCounter) -> Verdict:
        verdict = super().validate(frame, batch, counter)
        rejected = self._rejected(batch)
        if rejected is None:
            return verdict
        rows = verdict.quarantined
        together = rejected if rows is None else rows.unionByName(rejected, allowMissingColumns=True)
        return dataclasses.replace(verdict, quarantined=together)

    def details(self, batch: Batch) -> Mapping[str, int]:
        if not isinstance(self.table.flow.source, FileSource):
            return super().details(batch)
        inputs = FileInputs.of(batch.inputs)
        return {"files": len(inputs.accepted()), "files_rejected": len(inputs.rejected())}

    def _rejected(self, batch: Batch) -> DataFrame | None:
        """Return one row a rejected file, in the shape of a quarantine: its path and the reason."""
        source = self.table.flow.source
        rejected = FileInputs.of(batch.inputs).rejected() if isinstance(source, FileSource) else {}
        if not isinstance(source, FileSource) or not rejected:
            return None
        schema = raw_schema(source.columns).add("_reason", "string")
        at = dt.datetime.fromisoformat(batch.planned_at)
        empty = [None] * len(source.columns)
        records = [(*empty, path, at, None, verdict.reason) for path, verdict in sorted(rejected.items())]
        error = F.struct(F.lit("readable_file").alias("rule"), F.col("_reason").alias("message"))
        frame = self.context.spark.createDataFrame(records, schema)
        return frame.withColumn("_errors", F.array(error)).drop("_reason")

    def _check_unchanged(self, source: FileSource, batch: Batch) -> None:
        now = {file.path: (file.size_bytes, file.modified_ms) for file in self._zone(source).files()}
        for file in FileInputs.of(batch.inputs).files:
            if file.reason is None and now.get(file.path) != (file.size_bytes, file.modified_ms):
                key = self.batches.key_of(batch.number)
                raise ChangedFileError(table=self.table.name, path=file.path, batch_key=key)

    def _zone(self, source: FileSource) -> LandingZone:
        return landing_zone(source.pattern)
