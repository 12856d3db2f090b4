"""Version N by the store's own conditional write."""

from __future__ import annotations

from collections.abc import Sequence

from lakehouse.delta_log.commit import Commit
from lakehouse.delta_log.commit_protocols.interface import AlreadyTaken, Visible
from lakehouse.delta_log.log_segment import commit_key
from lakehouse.storage import AbstractStorageService, AlreadyThere, NotFoundError

__all__ = ["PutIfAbsentProtocol"]


class PutIfAbsentProtocol:
    """For stores where everybody who writes the table creates files conditionally (S3, ADLS, memory).

    Not beside delta-spark on S3: it writes unconditionally there, or through DynamoDB.
    """

    def __init__(self, storage: AbstractStorageService) -> None:
        self._storage = storage

    def __repr__(self) -> str:
        return f"PutIfAbsentProtocol({self._storage!r})"

    def publish(self, version: int, commit: Commit) -> Visible | AlreadyTaken:
        outcome = self._storage.put_if_absent(commit_key(version), commit.body)
        if isinstance(outcome, AlreadyThere):
            return AlreadyTaken(version=version)
        return Visible(version=version)

    def read_from(self, version: int, *, at_most: int = 1_000) -> Sequence[bytes]:
        bodies: list[bytes] = []
        while len(bodies) < at_most:
            try:
                bodies.append(self._storage.read(commit_key(version + len(bodies))))
            except NotFoundError:
                break
        return bodies

    def has(self, version: int) -> bool:
        return self._storage.exists(commit_key(version))
