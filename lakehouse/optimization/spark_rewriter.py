"""Files written again by Spark's tasks, where they are too large for the driver: it reads no data."""

from __future__ import annotations

import pickle
from collections.abc import Callable, Iterable, Iterator, Sequence

import pyarrow as pa
from pyspark.sql import DataFrame, Row, SparkSession
from pyspark.sql import functions as F
from pyspark.sql.types import LongType, StructType

from lakehouse.delta_log import Snapshot, WrittenFile, scan_parts
from lakehouse.optimization.errors import RewriteFailedError, RowsNotKeptError
from lakehouse.optimization.layouts import ArrowRewriter, Rewrite, Rewritten
from lakehouse.optimization.layouts.arrow_rewriter import checked_count, tagged, write_of
from lakehouse.optimization.layouts.ordering import Placement, placement_of
from lakehouse.tables import (
    SPARK_ERRORS,
    comparable,
    parallelism,
    quoted,
    root_cause,
    rows_of_parts,
    schema_of_rows,
    write_files,
)

__all__ = ["SparkRewriter"]

_HERE_BYTES = 32 << 20
_TASK_BYTES = 128 << 20
_SAMPLE_ROWS = 20_000
_PLACE = "__lakehouse_place"


class SparkRewriter:
    """Up to ``here_bytes`` are written by this process; more by tasks, each of which proves what it wrote.

    Rows of more than ``task_bytes`` that are to be arranged are arranged by Spark, and compared by a hash of each.
    """

    def __init__(
        self, spark: SparkSession, *, here_bytes: int = _HERE_BYTES, task_bytes: int = _TASK_BYTES
    ) -> None:
        self._spark = spark
        self._here_bytes = here_bytes
        self._task_bytes = task_bytes

    def rewritten(self, snapshot: Snapshot, rewrites: Sequence[Rewrite]) -> Iterator[Rewritten]:
        """Yield as ``Rewriter`` says. Of a job that fails, files may stay, which vacuum finds."""
        sizes = _sizes(snapshot, rewrites)
        if sum(sizes) <= self._here_bytes:
            yield from ArrowRewriter().rewritten(snapshot, rewrites)
            return
        wide = {
            each
            for size, each in zip(sizes, rewrites, strict=True)
            if size > self._task_bytes and each.order_by
        }
        try:
            yield from self._by_tasks(snapshot, [each for each in rewrites if each not in wide])
            for each in wide:
                yield from self._arranged(snapshot, each)
        except SPARK_ERRORS as error:
            raise RewriteFailedError(table=snapshot.table, cause=root_cause(error)) from error

    def _by_tasks(self, snapshot: Snapshot, rewrites: Sequence[Rewrite]) -> Iterator[Rewritten]:
        """Have each task read, write and prove some of the rewrites as a whole."""
        if not rewrites:
            return
        table, version = snapshot.table, snapshot.version
        tasks = min(len(rewrites), 4 * (parallelism(self._spark) or 1))

        def work(batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
            for batch in batches:
                for number in batch.column(0).to_pylist():
                    part = rewrites[number::tasks]
                    done = list(ArrowRewriter().rewritten(Snapshot.load(table, version), part))
                    yield pa.RecordBatch.from_pydict({"done": [pickle.dumps(done)]})

        rows = self._spark.range(0, tasks, 1, tasks).mapInArrow(work, "done binary").collect()
        for row in rows:
            yield from pickle.loads(row[0])  # noqa: S301 - made by our own tasks a moment ago

    def _arranged(self, snapshot: Snapshot, rewrite: Rewrite) -> Iterator[Rewritten]:
        """Have Spark bring rows of one part of the order together, and each task write one part."""
        schema = schema_of_rows(snapshot)
        parts = list(scan_parts(snapshot, only=rewrite.paths))
        rows = rows_of_parts(self._spark, parts, schema)
        before = _summary(rows)
        placed = self._placed(rows, rewrite, row_count=before["rows"])
        files = write_files(placed.select(*map(quoted, schema.names)), write_of(snapshot, rewrite))
        yield Rewritten(paths=rewrite.paths, files=tagged(files, rewrite))
        checked_count(files, before["rows"], table=snapshot.table)
        if _summary(self._written_rows(snapshot, files, schema)) != before:
            raise RowsNotKeptError(table=snapshot.table, reason="a hash of all rows is another")

    def _placed(self, rows: DataFrame, rewrite: Rewrite, *, row_count: int) -> DataFrame:
        """Return the rows in as many partitions as there are to be files, each of them sorted."""
        columns = [F.col(".".join(map(quoted, path))) for path in rewrite.order_by]
        if len(columns) == 1:
            (order,) = (column.asc_nulls_last() for column in columns)
            return rows.repartitionByRange(rewrite.file_count, order).sortWithinPartitions(order)
        keys = rows.select(*dict.fromkeys(quoted(path[0]) for path in rewrite.order_by))
        share = min(1.0, _SAMPLE_ROWS / max(1, row_count))
        sample = keys.sample(share, seed=1).limit(2 * _SAMPLE_ROWS).toArrow()
        placement = placement_of(sample, rewrite.order_by, file_count=rewrite.file_count)
        placed = rows.mapInArrow(_placing(placement), StructType(list(rows.schema)).add(_PLACE, LongType()))
        return placed.repartitionByRange(rewrite.file_count, F.col(_PLACE)).sortWithinPartitions(_PLACE)

    def _written_rows(
        self, snapshot: Snapshot, files: Sequence[WrittenFile], schema: StructType
    ) -> DataFrame:
        future = snapshot.advanced([file.add for file in files])
        parts = list(scan_parts(future, only=[file.add.path for file in files]))
        return rows_of_parts(self._spark, parts, schema)


def _sizes(snapshot: Snapshot, rewrites: Sequence[Rewrite]) -> list[int]:
    files = snapshot.files()
    sizes = dict(zip(files.column("path").to_pylist(), files.column("size").to_pylist(), strict=True))
    return [sum(sizes[path] for path in each.paths) for each in rewrites]


def _summary(rows: DataFrame) -> Row:
    """Return how many rows there are, and a number that is the same for the same rows in any order."""
    values = [comparable(F.col(quoted(field.name)), field.dataType) for field in rows.schema]
    total = F.sum(F.xxhash64(*values).cast("decimal(38,0)"))
    (found,) = rows.agg(F.count(F.lit(1)).alias("rows"), total.alias("hashes")).collect()
    return found


def _placing(placement: Placement) -> Callable[[Iterable[pa.RecordBatch]], Iterator[pa.RecordBatch]]:
    def place(batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        for batch in batches:
            table = pa.Table.from_batches([batch])
            places = pa.array(placement.places(table).astype("int64"))
            yield from table.append_column(_PLACE, places).to_batches()

    return place
