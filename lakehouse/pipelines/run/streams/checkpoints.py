"""Where Spark keeps what has woken a table, and whose it is: a folder of the warehouse with a file of ours."""

from __future__ import annotations

from dataclasses import dataclass

import msgspec

from lakehouse.pipelines.declare.definition import TableDefinition
from lakehouse.pipelines.errors import ChangedCheckpointError, ForeignCheckpointError
from lakehouse.pipelines.refresh.fingerprint import digest_of
from lakehouse.pipelines.warehouse import SYSTEM_LAYER, Warehouse
from lakehouse.storage import NotFoundError

__all__ = ["Checkpoint"]


class _Identity(msgspec.Struct, frozen=True, kw_only=True):
    """What a checkpoint was made for."""

    pipeline: str
    table: str
    source: str
    """A digest of the source's declaration: its offsets mean something to no other."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Checkpoint:
    """The checkpoint of one table's source. It wakes, and says nothing of what the table has taken."""

    warehouse: Warehouse
    pipeline: str
    table: TableDefinition

    def location(self, kind: str) -> str:
        """Return the folder for a frame with this kind of offsets, as Spark takes it."""
        return f"{self.warehouse.root}/{self._folder}/{kind}"

    def check(self) -> None:
        """Make it this table's where it is nobody's; one that is lost is begun again.

        Raises ForeignCheckpointError where it was made for something else, ChangedCheckpointError where the
        source is not the one that it was made for.
        """
        storage, ours = self.warehouse.storage, self._identity
        try:
            found = msgspec.json.decode(storage.read(self._key), type=_Identity)
        except NotFoundError:
            if self._has_files():
                raise self._foreign("nobody") from None
            storage.put_if_absent(self._key, msgspec.json.encode(ours))
            return
        except msgspec.DecodeError:
            raise self._foreign("nobody") from None
        if (found.pipeline, found.table) != (ours.pipeline, ours.table):
            raise self._foreign(f"{found.table!r} of {found.pipeline!r}")
        if found.source != ours.source:
            raise ChangedCheckpointError(table=self.table.name, location=self.table.location)

    def reset(self) -> int:
        """Forget it and return how many files it had. The table stays as it is."""
        storage = self.warehouse.storage
        keys = [stat.key for stat in storage.list(f"{self._folder}/")]
        for key in sorted(
            keys, key=lambda key: key == self._key
        ):  # ours at last: until then it is known whose it is
            storage.delete(key)
        return len(keys)

    @property
    def _folder(self) -> str:
        return f"{SYSTEM_LAYER}/checkpoints/{self.pipeline}/{self.table.layer}/{self.table.folder}"

    @property
    def _key(self) -> str:
        return f"{self._folder}/identity.json"

    @property
    def _identity(self) -> _Identity:
        source = digest_of((self.table.flow.source,), version="")
        return _Identity(pipeline=self.pipeline, table=self.table.name, source=source)

    def _has_files(self) -> bool:
        return next(iter(self.warehouse.storage.list(f"{self._folder}/")), None) is not None

    def _foreign(self, owner: str) -> ForeignCheckpointError:
        path = f"{self.warehouse.root}/{self._folder}"
        return ForeignCheckpointError(table=self.table.name, owner=owner, path=path)
