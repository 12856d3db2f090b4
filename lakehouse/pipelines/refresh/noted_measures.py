"""What batches of a table were measured to be, for rules that compare a batch with those before."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import msgspec

from lakehouse.pipelines.refresh.batches import Batch, BatchLog
from lakehouse.pipelines.warehouse import SYSTEM_LAYER
from lakehouse.storage import AbstractStorageService, NotFoundError

__all__ = ["NotedMeasures"]

_MOST_WITHOUT = 100
"""After so many batches that something else was noted of, a measure is taken for a new one."""


class NotedMeasures:
    """A small file a batch, by its number. Only what the table has taken counts: its batches form a chain."""

    def __init__(
        self,
        storage: AbstractStorageService,
        batches: BatchLog,
        *,
        layer: str,
        table: str,
        kind: str = "measures",
    ) -> None:
        self._storage = storage
        self._batches = batches
        self._prefix = f"{SYSTEM_LAYER}/{kind}/{layer}/{table}/"

    def keep(self, batch: Batch, measures: Mapping[str, float]) -> None:
        """Note the measures of a batch; of two runs that judge it, the first one's stay."""
        if measures:
            self._storage.put_if_absent(self._key(batch.number), msgspec.json.encode(measures))

    def earlier(self, batch: Batch, name: str, most: int) -> Sequence[float]:
        """Return a measure of the last batches that the table took before, newest first.

        Batches before the first one that anything was noted of are not looked at, nor more than so many without this
        measure: a table may have many of them.
        """
        found: list[float] = []
        left = most + _MOST_WITHOUT
        keys = (stat.key for stat in self._storage.list(self._prefix))
        first = next((self._number(key) for key in keys), None)
        last = batch.goes_on_from
        while first is not None and last is not None and last >= first and len(found) < most and left:
            left -= 1
            measures = self._read(last)
            if name in measures:
                found.append(measures[name])
            last = self._batches.get(last).batch.goes_on_from
        return found

    def _read(self, number: int) -> Mapping[str, float]:
        try:
            return msgspec.json.decode(self._storage.read(self._key(number)), type=dict[str, float])
        except NotFoundError:
            return {}

    def _key(self, number: int) -> str:
        return f"{self._prefix}{number:020}.json"

    def _number(self, key: str) -> int:
        return int(key.removeprefix(self._prefix).removesuffix(".json"))
