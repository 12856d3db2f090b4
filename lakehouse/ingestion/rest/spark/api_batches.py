"""What one batch takes from an API: decided by a fetch that is kept beside the table until its rows are in it."""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import msgspec
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql.types import StructType

from lakehouse.ingestion.errors import LostPagesError
from lakehouse.ingestion.rest.access import NoAuth
from lakehouse.ingestion.rest.declaration import CursorValue, Limits, RestApi, later
from lakehouse.ingestion.rest.fetching import Chain, chains_of
from lakehouse.ingestion.rest.keeping import FetchPlan, FetchResult, KeptFetch
from lakehouse.ingestion.rest.spark.fetch_job import fetched
from lakehouse.ingestion.rest.spark.records import failed_requests, record_schema, records
from lakehouse.storage import storage_for
from lakehouse.tables import STAGING_FOLDER

__all__ = ["ApiBatches", "ApiInputs"]

_PREFIX = "api-"
_GOES_ON_FOR = dt.timedelta(hours=24)
"""A fetch that was stopped longer ago is begun again: its half of the list and today's don't go together."""


class ApiInputs(msgspec.Struct, frozen=True, kw_only=True):
    """The fetch whose pages one batch reads, and what the next batch needs to know of it."""

    fetch: str
    since: CursorValue | None
    until: CursorValue | None
    """The highest value of the incremental field that came so far."""
    pages: int
    records: int
    failed: int
    content: str
    """A digest of the records, whatever their order."""
    repeated: list[Chain]
    """Requests that failed in the batch before and were made again."""
    again: list[Chain]
    """Requests that failed and may do better: the next batch makes them too."""

    @classmethod
    def of(cls, inputs: Mapping[str, Any]) -> ApiInputs:
        """Read a batch's inputs."""
        return msgspec.convert(inputs, cls)

    def as_json(self) -> dict[str, Any]:
        """Return the inputs as a batch keeps them."""
        return {name: msgspec.to_builtins(getattr(self, name)) for name in self.__struct_fields__}

    def brings_nothing_after(self, last: ApiInputs | None) -> bool:
        """Say whether the batch would leave a table as the last one made it."""
        if self.failed or (last is not None and last.again):
            return False
        if self.since is not None and not self.records:
            return True
        return last is not None and (self.since, self.content) == (last.since, last.content)


@dataclass(frozen=True, slots=True, kw_only=True)
class ApiBatches:
    """The fetches of one table. Their folders lie beside it, under a name that no reader looks at."""

    api: RestApi
    table_path: str
    open_session: Callable[[], SparkSession]
    clock: Callable[[], dt.datetime] = lambda: dt.datetime.now(dt.UTC)

    def reason(self, last: ApiInputs | None) -> str:
        """Return in a few words what the next batch asks for."""
        since = self._since(last)
        parts = [f"{len(self.api.endpoints)} lists of {self.api.url}"]
        parts += [f"since {since}"] if since is not None else []
        parts += [f"and {len(last.again)} requests that failed"] if last is not None and last.again else []
        return " ".join(parts)

    def next(self, last: ApiInputs | None) -> ApiInputs | None:
        """Fetch what the batch after ``last`` reads; None when nothing is new.

        A fetch that an earlier run of this batch began goes on. Raises TooManyFailuresError.
        """
        name = self._name(last.fetch if last is not None else "")
        self._discard_others(keep={name, last.fetch if last is not None else name})
        kept = KeptFetch(self._folder(name))
        begun_at = kept.begun_at()
        if begun_at is not None and self.clock() - begun_at > _GOES_ON_FOR:
            kept.discard()
        inputs = self._fetched(name, since=self._since(last), again=last.again if last is not None else [])
        if inputs.brings_nothing_after(last):
            kept.discard()
            return None
        return inputs

    def forget_first(self) -> None:
        """Delete what is kept of the first fetch, so that its lists are asked for again."""
        KeptFetch(self._folder(self._name(""))).discard()

    def standing(self, inputs: ApiInputs) -> ApiInputs | None:
        """Return the inputs that take the place of a batch's, where its pages are gone; None while they are there."""
        if KeptFetch(self._folder(inputs.fetch)).result() is not None:
            return None
        return self._fetched(self._name(inputs.fetch), since=inputs.since, again=inputs.repeated)

    def rows(self, inputs: ApiInputs, *, columns: StructType | None, ingested_at: dt.datetime) -> DataFrame:
        """Return the records of a batch as rows. Raises LostPagesError."""
        kept, result = self._result(inputs)
        files = [kept.uri(name) for name in result.page_files]
        return records(self.open_session(), files, columns=columns, ingested_at=ingested_at)

    def failures(
        self, inputs: ApiInputs, *, columns: StructType | None, ingested_at: dt.datetime
    ) -> DataFrame | None:
        """Return a row for each failed request of a batch; None when there are none. Raises LostPagesError."""
        if not inputs.failed:
            return None
        kept, result = self._result(inputs)
        files = [kept.uri(name) for name in result.failure_files]
        schema = record_schema(columns)
        return failed_requests(self.open_session(), files, schema=schema, ingested_at=ingested_at)

    def _fetched(self, name: str, *, since: CursorValue | None, again: Sequence[Chain]) -> ApiInputs:
        chains = list(chains_of(self.api, since=since, tasks=self.api.limits.tasks))
        # Requests that failed come first: they belong to what came before.
        numbered = [msgspec.structs.replace(chain, number=at) for at, chain in enumerate([*again, *chains])]
        plan = FetchPlan(
            tasks=min(self.api.limits.tasks, len(numbered)), chains=numbered, begun_at=self.clock()
        )
        result = fetched(self.open_session(), self.api, plan, self._folder(name))
        return ApiInputs(
            fetch=name,
            since=since,
            until=later(since, result.highest),
            pages=result.pages,
            records=result.records,
            failed=result.failed,
            content=result.content,
            repeated=list(again),
            again=result.again if self.api.incremental is not None else [],
        )

    def _result(self, inputs: ApiInputs) -> tuple[KeptFetch, FetchResult]:
        kept = KeptFetch(self._folder(inputs.fetch))
        result = kept.result()
        if result is None:
            raise LostPagesError(folder=kept.folder)
        return kept, result

    def _since(self, last: ApiInputs | None) -> CursorValue | None:
        if self.api.incremental is None:
            return None
        return self.api.incremental.initial if last is None or last.until is None else last.until

    def _name(self, last: str) -> str:
        """Return the same name for every try at the same fetch: limits may change between them."""
        asked = repr(replace(self.api, limits=Limits(), auth=NoAuth(), headers={}))
        return _PREFIX + hashlib.blake2b(f"{asked}\n{last}".encode(), digest_size=12).hexdigest()

    def _folder(self, name: str) -> str:
        return f"{self.table_path}/{STAGING_FOLDER}/{name}"

    def _discard_others(self, *, keep: set[str]) -> None:
        """Delete what older batches left: their rows are in the table. The last one's may be read by another run."""
        storage = storage_for(f"{self.table_path}/{STAGING_FOLDER}")
        for stat in list(storage.list(_PREFIX)):
            if stat.key.partition("/")[0] not in keep:
                storage.delete(stat.key)
