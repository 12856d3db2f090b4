"""What one task does of an inspection: it looks at whole files and at parts of large ones."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import msgspec
import pyarrow as pa

from lakehouse.errors import ConfigurationError, StorageError
from lakehouse.ingestion.file_reading import bytes_from, reading_cost
from lakehouse.ingestion.formats import (
    Accepted,
    FileFormat,
    Inspection,
    InspectionInParts,
    Part,
    PartFinding,
    Rejected,
    digest_of,
)
from lakehouse.settings import StorageSettings
from lakehouse.storage import open_uri

__all__ = ["FOUND_IN_SPARK", "Found", "Work", "Worker"]

_AT_ONCE = 4
"""Files of one task that are read side by side: a store takes longer to answer than a file takes to be read."""
_FOUND = pa.schema([("number", pa.int64()), ("found", pa.string()), ("unread", pa.string())])
FOUND_IN_SPARK = "number long, found string, unread string"


class Work(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One thing to find out about one file."""

    at: int
    """The file's place among those that are inspected."""
    path: str
    size_bytes: int
    part: Part | None = None
    """Look at this part only."""
    digest_only: bool = False

    @property
    def is_whole(self) -> bool:
        """Whether it tells all about its file."""
        return self.part is None and not self.digest_only

    @property
    def cost(self) -> int:
        """How long it takes, in bytes."""
        return reading_cost(
            self.path, self.size_bytes if self.part is None else self.part.stop - self.part.start
        )


class Found(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What came of it: of a whole file its digest and a reason or facts, of a part its finding."""

    digest: str = ""
    reason: str | None = None
    facts: dict[str, Any] = {}
    part: PartFinding | None = None

    @classmethod
    def of(cls, inspection: Inspection) -> Found:
        """Return what an inspection says, to be sent."""
        if isinstance(inspection, Rejected):
            return cls(digest=inspection.digest, reason=inspection.reason)
        return cls(digest=inspection.digest, facts=dict(inspection.facts))

    @property
    def inspection(self) -> Inspection:
        """What was found in a whole file."""
        if self.reason is not None:
            return Rejected(digest=self.digest, reason=self.reason)
        return Accepted(digest=self.digest, facts=self.facts)


@dataclass(frozen=True, slots=True, kw_only=True)
class Worker:
    """Travels to the tasks."""

    file_format: FileFormat
    looks: Mapping[int, InspectionInParts]
    """How large files are looked at, by their place."""
    settings: StorageSettings | None
    """How to reach the files' store; a task has none of the driver's registrations."""

    def do_all(self, batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        """Give a row for each row of ``number`` and ``work``: what was found, or why nothing could be read."""
        with ThreadPoolExecutor(_AT_ONCE) as pool:
            for batch in batches:
                rows = pool.map(self._row, batch["number"].to_pylist(), batch["work"].to_pylist())
                yield pa.RecordBatch.from_pylist(list(rows), schema=_FOUND)

    def _row(self, number: int, work: str) -> Mapping[str, Any]:
        try:
            found = self._found(msgspec.json.decode(work, type=Work))
        except (OSError, StorageError, ConfigurationError) as error:
            return {"number": number, "unread": str(error)}
        return {"number": number, "found": msgspec.json.encode(found).decode()}

    def _found(self, work: Work) -> Found:
        if work.part is not None:
            return Found(part=self._part_found(work, work.part))
        with open_uri(work.path, settings=self.settings) as stream:
            if work.digest_only:
                return Found(digest=digest_of(stream))
            return Found.of(self.file_format.inspect(stream, name=work.path))

    def _part_found(self, work: Work, part: Part) -> PartFinding | None:
        content = bytes_from(work.path, max(0, part.start - 1), settings=self.settings)
        return self.looks[work.at].look(content, part)
