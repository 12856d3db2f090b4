"""The data source ``lakehouse.rest``: an API's records, and its failures beside them, as a frame or a stream."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing
from typing import Any

import pyarrow as pa
from pyspark.sql.datasource import DataSource, DataSourceReader, InputPartition
from pyspark.sql.types import StructType

from lakehouse.ingestion.errors import InvalidApiError, TooManyFailuresError
from lakehouse.ingestion.rest.declaration import RestApi, rest_api
from lakehouse.ingestion.rest.fetching import Chain, FailedRequest, Page, PageOutcome, chains_of, fetch
from lakehouse.ingestion.rest.spark.stream_reader import RestStreamReader

__all__ = ["RestDataSource"]

_SCHEMA = "record string, _source_url string, _status int, _attempts int, _error string, _payload string"
_ARROW = pa.schema(
    [
        ("record", pa.string()),
        ("_source_url", pa.string()),
        ("_status", pa.int32()),
        ("_attempts", pa.int32()),
        ("_error", pa.string()),
        ("_payload", pa.string()),
    ]
)
_BATCH_ROWS = 10_000
_BATCH_CHARACTERS = 8 << 20
_NESTED = ("pagination", "auth", "incremental", "limits")


class RestDataSource(DataSource):
    """Register it (``spark.dataSource.register(RestDataSource)``), then ``spark.read.format("lakehouse.rest")``.

    Options are the names of ``from_rest``: ``url``, ``endpoints`` (with commas between), ``records``;
    ``pagination`` and ``auth`` as a word, and what belongs to it with a dot: ``pagination.size``,
    ``auth.secret``, ``incremental.field``, ``limits.concurrency``; ``parameters`` and ``headers`` as JSON. A row
    has either a ``record``, as JSON text, or an ``_error``.
    """

    @classmethod
    def name(cls) -> str:
        return "lakehouse.rest"

    def schema(self) -> str:
        return _SCHEMA

    def reader(self, schema: StructType) -> DataSourceReader:
        return _Reader(self._api(schema))

    def simpleStreamReader(self, schema: StructType) -> RestStreamReader:  # noqa: N802 - pyspark's name
        return RestStreamReader(self._api(schema))

    def _api(self, schema: StructType) -> RestApi:
        if schema.names != _ARROW.names:
            raise InvalidApiError(
                problem=f"rows of lakehouse.rest have the columns {', '.join(_ARROW.names)}",
                fix="take the schema out, and use from_json(record, schema).",
            )
        api = rest_api(_nested(self.options))
        for problem in api.problems():
            raise problem
        return api


class _Chains(InputPartition):
    def __init__(self, chains: Sequence[Chain], tasks: int) -> None:
        super().__init__(tuple(chains))
        self.chains = tuple(chains)
        self.tasks = tasks


class _Reader(DataSourceReader):
    """Each task fetches its chains; nothing is kept, and what is read twice is fetched twice."""

    def __init__(self, api: RestApi) -> None:
        self._api = api

    def partitions(self) -> Sequence[InputPartition]:
        since = self._api.incremental.initial if self._api.incremental is not None else None
        chains = chains_of(self._api, since=since, tasks=self._api.limits.tasks)
        tasks = min(self._api.limits.tasks, len(chains))
        return [_Chains(chains[task::tasks], tasks) for task in range(tasks)]

    def read(self, partition: InputPartition) -> Iterator[pa.RecordBatch]:
        assert isinstance(partition, _Chains)  # noqa: S101 - it is one of those above
        pages, failures = 0, []
        with closing(fetch(self._api, partition.chains, tasks=partition.tasks)) as outcomes:
            rows = _Rows()
            for outcome in outcomes:
                pages += isinstance(outcome, Page)
                if isinstance(outcome, FailedRequest):
                    failures.append(f"{outcome.url}: {outcome.reason}")
                if rows.add(outcome):
                    yield rows.batch()
        allowed = self._api.limits.max_failure_ratio
        if len(failures) > allowed * (pages + len(failures)):
            raise TooManyFailuresError(
                url=self._api.url,
                failed=len(failures),
                requests=pages + len(failures),
                allowed=allowed,
                first=failures[0],
            )
        yield rows.batch()


class _Rows:
    """Rows on their way into a batch."""

    def __init__(self) -> None:
        self._rows: list[dict[str, Any]] = []
        self._characters = 0

    def add(self, outcome: PageOutcome) -> bool:
        """Take the rows of an outcome; say whether a batch is full."""
        if isinstance(outcome, Page):
            for record in outcome.records:
                self._rows.append(
                    {"record": record, "_source_url": outcome.url, "_attempts": outcome.attempts}
                )
                self._characters += len(record)
        else:
            self._rows.append(
                {
                    "_source_url": outcome.url,
                    "_status": outcome.status,
                    "_attempts": outcome.attempts,
                    "_error": outcome.reason,
                    "_payload": outcome.payload,
                }
            )
        return len(self._rows) >= _BATCH_ROWS or self._characters >= _BATCH_CHARACTERS

    def batch(self) -> pa.RecordBatch:
        """Return the rows that are there; the next batch begins."""
        batch = pa.RecordBatch.from_pylist(self._rows, schema=_ARROW)
        self._rows, self._characters = [], 0
        return batch


def _nested(options: Mapping[str, str]) -> dict[str, Any]:
    """Return the options as YAML nests them."""
    found: dict[str, Any] = {}
    inner: dict[str, dict[str, str]] = {}
    for key, value in options.items():
        name, dot, option = key.partition(".")
        if dot and name in _NESTED:
            inner.setdefault(name, {})[option] = value
        elif name in ("parameters", "headers"):
            found[name] = json.loads(value)
        else:
            found[name] = value.split(",") if name == "endpoints" else value
    for name, given in inner.items():
        found[name] = {found[name]: given} if name in found else given
    return found
