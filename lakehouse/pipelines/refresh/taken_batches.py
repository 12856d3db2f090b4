"""The batches that a table is made of, read from the newest back, and only as far as somebody asks."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from typing import overload

from lakehouse.pipelines.declare.sources import CondensedHistory, History, Inputs, Source
from lakehouse.pipelines.refresh.batches import Batch, BatchLog, StoredBatch
from lakehouse.pipelines.refresh.condensed_histories import CondensedHistories

__all__ = ["TakenBatches"]

_log = logging.getLogger(__name__)

_MANY_BATCHES = 16
_MANY_BYTES = 1 << 20
"""With this many batches, or bytes of batches, since the last time, it is worth condensing again."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Tail:
    """What is not condensed: the newest batches, newest first, and what lies under them."""

    body: bytes | None
    batches: Sequence[StoredBatch]

    @property
    def is_long(self) -> bool:
        """Whether reading it costs more than its share of writing the whole again."""
        under = len(self.body or b"")
        return len(self.batches) >= _MANY_BATCHES + under // _MANY_BYTES or (
            sum(each.size_bytes for each in self.batches) >= _MANY_BYTES + under // 8
        )


class TakenBatches(History):
    """The chain of batches that ends with ``last``, the one that the table says it took last.

    A batch that was decided and never committed, or whose commit is gone with a restored backup, is not in it:
    its inputs come again. Whoever needs a batch whose file is gone gets LostBatchError; what is condensed needs
    only the file of the batch with which it ends.
    """

    def __init__(self, batches: BatchLog, condensed: CondensedHistories, *, last: int | None) -> None:
        self._batches = batches
        self._condensed = condensed
        self._last = last

    @property
    def newest(self) -> Batch | None:
        """The batch that the table took last; None for a table that took none."""
        return None if self._last is None else self._batches.get(self._last).batch

    def __bool__(self) -> bool:
        return self._last is not None

    def __len__(self) -> int:
        return len(self._batches.taken(self._last))

    @overload
    def __getitem__(self, index: int) -> Inputs: ...

    @overload
    def __getitem__(self, index: slice) -> Sequence[Inputs]: ...

    def __getitem__(self, index: int | slice) -> Inputs | Sequence[Inputs]:
        if index == -1 and self.newest is not None:
            return self.newest.inputs
        return [batch.inputs for batch in self._batches.taken(self._last)][index]

    def condensed(self, form: str) -> CondensedHistory:
        return _as_history(self._tail(form))

    def condense(self, source: Source) -> None:
        """Keep the history condensed, when its tail has become long; a failure is only warned of."""
        if source.condensed_as is None or self._last is None:
            return
        try:
            tail = self._tail(source.condensed_as)
            if tail.is_long:
                body, newest = source.condense(_as_history(tail)), tail.batches[0]
                self._condensed.keep(self._last, source.condensed_as, body, batch_digest=newest.digest)
        except Exception as error:  # noqa: BLE001 - the table has its rows: the batch after the next tries again
            _log.warning("The history of %s can't be condensed: %s", self._batches.table, error)

    def _tail(self, form: str) -> _Tail:
        keys = self._condensed.keys(form)
        batches: list[StoredBatch] = []
        number = self._last
        while number is not None:
            stored = self._batches.get(number)
            for key in keys.get(number, ()):
                if (body := self._condensed.read(key, batch_digest=stored.digest)) is not None:
                    return _Tail(body=body, batches=batches)
            batches.append(stored)
            number = stored.batch.goes_on_from
        return _Tail(body=None, batches=batches)


def _as_history(tail: _Tail) -> CondensedHistory:
    return CondensedHistory(body=tail.body, since=[each.batch.inputs for each in reversed(tail.batches)])
