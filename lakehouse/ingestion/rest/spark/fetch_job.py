"""A fetch as a Spark job: each task asks for its share and keeps the pages itself; the driver sees sums."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import msgspec
import pyarrow as pa
from pyspark.sql import SparkSession

from lakehouse.ingestion.errors import MissingSecretError, TooManyFailuresError
from lakehouse.ingestion.rest.declaration import RestApi
from lakehouse.ingestion.rest.keeping import FetchPlan, FetchResult, KeptFetch, TaskResult, fetch_task
from lakehouse.settings import StorageSettings
from lakehouse.storage import known_settings, parse_uri

__all__ = ["fetched"]

_OUTCOME = pa.schema([("result", pa.string()), ("missing_secret", pa.string())])


def fetched(spark: SparkSession, api: RestApi, wanted: FetchPlan, folder: str) -> FetchResult:
    """Fetch into a folder, or go on with a fetch that is there, and return what it brought.

    What is in the folder counts: its plan, its pages, its result. Raises MissingSecretError, and
    TooManyFailuresError: then the pages that came stay, and the next call asks only for the others.
    """
    settings = known_settings(parse_uri(folder))
    kept = KeptFetch(folder, settings)
    if (done := kept.result()) is not None:
        return done
    plan = kept.plan(wanted)
    task = _Task(api=api, plan=plan, folder=folder, settings=settings)
    tasks = spark.range(0, plan.tasks, 1, plan.tasks)
    rows = tasks.mapInArrow(task.run, "result string, missing_secret string").collect()
    for row in rows:
        if row["missing_secret"] is not None:
            raise MissingSecretError(source=row["missing_secret"])
    result = FetchResult.of([msgspec.json.decode(row["result"], type=TaskResult) for row in rows])
    requests = result.pages + result.failed
    if requests and result.failed > api.limits.max_failure_ratio * requests:
        raise TooManyFailuresError(
            url=api.url,
            failed=result.failed,
            requests=requests,
            allowed=api.limits.max_failure_ratio,
            first=result.first_failure,
        )
    return kept.finish(result)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Task:
    api: RestApi
    plan: FetchPlan
    folder: str
    settings: StorageSettings | None
    """How to reach the folder's store; a task has none of the driver's registrations."""

    def run(self, batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        for batch in batches:
            for number in batch.column(0).to_pylist():
                yield pa.RecordBatch.from_pylist([self._outcome(number)], schema=_OUTCOME)

    def _outcome(self, number: int) -> dict[str, str]:
        try:
            result = fetch_task(self.api, self.plan, KeptFetch(self.folder, self.settings), number)
        except MissingSecretError as error:  # Spark would give it back as a text of its own
            return {"missing_secret": error.source}
        return {"result": msgspec.json.encode(result).decode()}
