"""Files inspected in Spark's tasks by the very code that the driver has; one small row a file comes back."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping, Sequence

import msgspec
import pyarrow as pa
from pyspark.sql import SparkSession

from lakehouse.ingestion.formats import FileFormat, Inspection
from lakehouse.ingestion.inspecting.interface import Inspector
from lakehouse.ingestion.inspecting.large_file import LargeFile
from lakehouse.ingestion.inspecting.work import FOUND_IN_SPARK, Found, Work, Worker
from lakehouse.ingestion.landed_files import LandedFile
from lakehouse.ingestion.spreading import spread
from lakehouse.storage import known_settings, parse_uri

__all__ = ["TaskInspector"]

_log = logging.getLogger(__name__)

_TASK_BYTES = 32 << 20


class TaskInspector(Inspector):
    """Reads the files in tasks, spread by their bytes; a large file in parts, where its format knows how.

    What a task can't read, because the file went, or because only the driver has the right or the registration
    to reach it, is left to ``otherwise``: its word on such a file counts.
    """

    def __init__(self, spark: SparkSession, file_format: FileFormat, *, otherwise: Inspector) -> None:
        self._spark = spark
        self._format = file_format
        self._otherwise = otherwise

    def inspect(self, files: Sequence[LandedFile]) -> Sequence[Inspection | None]:
        found: dict[int, Inspection | None] = dict(self._read_in_tasks(files))
        unread = [at for at in range(len(files)) if at not in found]
        if unread:
            _log.warning("tasks could not read %d of %d files: the driver tries", len(unread), len(files))
            found |= zip(unread, self._otherwise.inspect([files[at] for at in unread]), strict=True)
        return [found[at] for at in range(len(files))]

    def _read_in_tasks(self, files: Sequence[LandedFile]) -> Iterator[tuple[int, Inspection]]:
        large, work = self._shared_out(files)
        unread: set[int] = set()
        while work:
            looked_at = set()
            for each, found in self._done(work, large):
                if found is None:
                    unread.add(each.at)
                elif each.is_whole:
                    large.pop(each.at, None)
                    yield each.at, found.inspection
                else:
                    large[each.at].take(each, found)
                    looked_at.add(each.at)
            work = []
            for at in sorted(looked_at - unread):
                told = large[at].told()
                if isinstance(told, list):
                    work += told
                else:
                    yield at, told

    def _shared_out(self, files: Sequence[LandedFile]) -> tuple[dict[int, LargeFile], list[Work]]:
        """Return the files that are looked at in parts, and what is to be done first."""
        large: dict[int, LargeFile] = {}
        work: list[Work] = []
        for at, file in enumerate(files):
            look = self._format.in_parts(name=file.path, size_bytes=file.size_bytes)
            if look is None:
                work.append(Work(at=at, path=file.path, size_bytes=file.size_bytes))
            else:
                large[at] = LargeFile(at, file, look)
                work += large[at].first_work()
        return large, work

    def _done(
        self, work: Sequence[Work], large: Mapping[int, LargeFile]
    ) -> Iterator[tuple[Work, Found | None]]:
        """Have the work done in tasks; give what was found, None where nothing could be read."""
        tasks = spread([each.cost for each in work], task_bytes=_TASK_BYTES)
        listed = pa.table(
            {
                "task": pa.array(tasks, pa.int32()),
                "number": pa.array(range(len(work)), pa.int64()),
                "work": pa.array([msgspec.json.encode(each).decode() for each in work], pa.string()),
            }
        )
        worker = Worker(
            file_format=self._format,
            looks={at: file.look for at, file in large.items()},
            settings=known_settings(parse_uri(work[0].path)),
        )
        frame = self._spark.createDataFrame(listed).repartitionById(max(tasks) + 1, "task")
        for row in frame.mapInArrow(worker.do_all, FOUND_IN_SPARK).collect():
            each = work[row["number"]]
            if row["unread"] is None:
                yield each, msgspec.json.decode(row["found"], type=Found)
            else:
                _log.info("a task could not read %r: %s", each.path, row["unread"])
                yield each, None
