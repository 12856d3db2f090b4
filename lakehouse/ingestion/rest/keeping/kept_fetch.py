"""A fetch in a folder: its plan, the pages that came, and at its end which of them count."""

from __future__ import annotations

import datetime as dt
import time
import uuid
from collections.abc import Iterator, Sequence

import msgspec

from lakehouse.ingestion.rest.declaration import CursorValue, later
from lakehouse.ingestion.rest.fetching import Chain
from lakehouse.settings import StorageSettings
from lakehouse.storage import AlreadyThere, NotFoundError, storage_for

__all__ = ["CONTENT_LIMIT", "FetchPlan", "FetchResult", "KeptFetch", "TaskResult"]

CONTENT_LIMIT = 1 << 60
"""Sums of digests begin again at 0 there: JSON has no bigger integers for everyone."""

_PLAN, _RESULT = "plan.json", "result.json"


class FetchPlan(msgspec.Struct, frozen=True, kw_only=True):
    """What is to be fetched, and how tasks share it."""

    tasks: int
    chains: list[Chain]
    begun_at: dt.datetime

    def of_task(self, number: int) -> Sequence[Chain]:
        """Return the chains of one task."""
        return [chain for at, chain in enumerate(self.chains) if at % self.tasks == number]


class TaskResult(msgspec.Struct, frozen=True, kw_only=True):
    """What one task fetched, in this run and in those before it."""

    pages: int
    records: int
    highest: CursorValue | None
    content: int
    """A digest of all records, whatever their order: the sum of those of the pages."""
    page_files: list[str]
    failure_files: list[str]
    failed: int
    first_failure: str
    again: list[Chain]
    """What may do better later."""


class FetchResult(msgspec.Struct, frozen=True, kw_only=True):
    """What the whole fetch brought. Immutable: what it names is read, and nothing else."""

    pages: int
    records: int
    highest: CursorValue | None
    content: str
    page_files: list[str]
    failure_files: list[str]
    failed: int
    first_failure: str
    again: list[Chain]

    @classmethod
    def of(cls, tasks: Sequence[TaskResult]) -> FetchResult:
        """Return the sum of the tasks. Raises UnusableBodyError where their highest values can't be compared."""
        highest: CursorValue | None = None
        for task in tasks:
            highest = later(highest, task.highest)
        return cls(
            pages=sum(task.pages for task in tasks),
            records=sum(task.records for task in tasks),
            highest=highest,
            content=f"{sum(task.content for task in tasks) % CONTENT_LIMIT:016x}",
            page_files=[file for task in tasks for file in task.page_files],
            failure_files=[file for task in tasks for file in task.failure_files],
            failed=sum(task.failed for task in tasks),
            first_failure=next((task.first_failure for task in tasks if task.failed), ""),
            again=[chain for task in tasks for chain in task.again],
        )


class KeptFetch:
    """One folder. Several runs may work in it at a time: of their plans and results, the first one counts."""

    def __init__(self, folder: str, settings: StorageSettings | None = None) -> None:
        self.folder = folder
        self._storage = storage_for(folder, settings=settings)

    def plan(self, wanted: FetchPlan) -> FetchPlan:
        """Return the plan that counts: the one that is there, else ``wanted``, which is written down."""
        if isinstance(self._storage.put_if_absent(_PLAN, msgspec.json.encode(wanted)), AlreadyThere):
            return msgspec.json.decode(self._storage.read(_PLAN), type=FetchPlan)
        return wanted

    def begun_at(self) -> dt.datetime | None:
        """Return when the fetch was planned; None when it was not."""
        try:
            return msgspec.json.decode(self._storage.read(_PLAN), type=FetchPlan).begun_at
        except NotFoundError:
            return None

    def result(self) -> FetchResult | None:
        """Return what the fetch brought; None when it is not at its end."""
        try:
            return msgspec.json.decode(self._storage.read(_RESULT), type=FetchResult)
        except NotFoundError:
            return None

    def finish(self, result: FetchResult) -> FetchResult:
        """Write the result down and return it; where another run was first, return the other's."""
        if isinstance(self._storage.put_if_absent(_RESULT, msgspec.json.encode(result)), AlreadyThere):
            return msgspec.json.decode(self._storage.read(_RESULT), type=FetchResult)
        return result

    def keep(self, kind: str, task: int, content: bytes) -> str:
        """Write a file of a task and return its name."""
        name = f"{_prefix(kind, task)}{time.time_ns():020}-{uuid.uuid4().hex}.parquet"
        self._storage.write(name, content)
        return name

    def kept(self, kind: str, task: int) -> Iterator[tuple[str, bytes]]:
        """Yield the files of a task that are there, with their content, about in the order of their writing."""
        for stat in self._storage.list(_prefix(kind, task)):
            yield stat.key, self._storage.read(stat.key)

    def uri(self, name: str) -> str:
        """Return the URI or path of a file, as Spark takes it."""
        return f"{self.folder}/{name}"

    def discard(self) -> None:
        """Delete the folder's files, the result last: nobody takes a part for the whole."""
        for stat in sorted(self._storage.list(""), key=lambda stat: stat.key == _RESULT):
            self._storage.delete(stat.key)


def _prefix(kind: str, task: int) -> str:
    return f"{kind}/{task:05}/"
