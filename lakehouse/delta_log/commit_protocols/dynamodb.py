"""Version N by an entry in DynamoDB: the arbiter that delta-spark and delta-rs use on S3.

The table of entries and the order of the steps are those of io.delta.storage.S3DynamoDBLogStore, so that all
three write one table side by side. An entry decides; N.json is only the copy that readers find.
"""

from __future__ import annotations

import time
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from lakehouse.delta_log.commit import Commit
from lakehouse.delta_log.commit_protocols.interface import AlreadyTaken, Visible
from lakehouse.delta_log.errors import LogGapError
from lakehouse.delta_log.log_segment import LOG_FOLDER, commit_key
from lakehouse.errors import StorageError
from lakehouse.optional_imports import require
from lakehouse.storage import AbstractStorageService, NotFoundError

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_dynamodb.type_defs import AttributeValueTypeDef

__all__ = ["DEFAULT_ENTRY_TABLE", "DynamoDbProtocol"]

_PURPOSE = "Writing a table on S3 beside delta-spark"
_boto3 = require("boto3", extra="cloud", purpose=_PURPOSE)
_errors = require("botocore.exceptions", extra="cloud", purpose=_PURPOSE)

DEFAULT_ENTRY_TABLE = "delta_log"
_SECONDS_TO_LIVE = 24 * 60 * 60
_TEMPORARY_FOLDER = ".tmp/"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Entry:
    """Who has version N, and where its content is (``ExternalCommitEntry``)."""

    file_name: str
    temporary: str
    """Relative to the log folder."""
    complete: bool


class DynamoDbProtocol:
    """For tables on S3 that delta-spark writes through its S3DynamoDBLogStore. Never with conditional writes.

    ``table_path`` is the table's URI to the letter as the other writers spell it (``s3a://…`` for Spark):
    entries are found by it, and writers of different spellings don't see each other.
    """

    def __init__(
        self,
        storage: AbstractStorageService,
        *,
        table_path: str | None = None,
        entry_table: str = DEFAULT_ENTRY_TABLE,
        client: DynamoDBClient | None = None,
    ) -> None:
        self._storage = storage
        self._table_path = (storage.uri() if table_path is None else table_path).rstrip("/")
        self._entry_table = entry_table
        self._client: DynamoDBClient = _boto3.client("dynamodb") if client is None else client

    def __repr__(self) -> str:
        return f"DynamoDbProtocol({self._table_path!r}, entry_table={self._entry_table!r})"

    def publish(self, version: int, commit: Commit) -> Visible | AlreadyTaken:
        if self._storage.exists(commit_key(version)):
            return AlreadyTaken(version=version)
        if version > 0:
            self._make_readable(version - 1)
        entry = self._prepare(version, commit)
        if self._decide(entry):
            self._finish_quietly(version, entry)
            return Visible(version=version)
        self._storage.delete(f"{LOG_FOLDER}{entry.temporary}")
        self._make_readable(version)
        return AlreadyTaken(version=version)

    def read_from(self, version: int, *, at_most: int = 1_000) -> Sequence[bytes]:
        bodies: list[bytes] = []
        while len(bodies) < at_most and (body := self._read(version + len(bodies))) is not None:
            bodies.append(body)
        return bodies

    def has(self, version: int) -> bool:
        return self._storage.exists(commit_key(version))

    def _prepare(self, version: int, commit: Commit) -> _Entry:
        name = commit_key(version).removeprefix(LOG_FOLDER)
        temporary = f"{_TEMPORARY_FOLDER}{name}.{uuid.uuid4()}"
        self._storage.write(f"{LOG_FOLDER}{temporary}", commit.body)
        return _Entry(file_name=name, temporary=temporary, complete=False)

    def _decide(self, entry: _Entry) -> bool:
        try:
            self._put(entry, only_if_absent=True)
        except _errors.ClientError as error:
            if error.response["Error"]["Code"] != "ConditionalCheckFailedException":
                raise self._wrapped(error) from error
            holder = self._entry(entry.file_name)
            # A retry inside the client is refused because of its own first attempt.
            return holder is not None and holder.temporary == entry.temporary
        except _errors.BotoCoreError as error:
            raise self._wrapped(error) from error
        return True

    def _finish_quietly(self, version: int, entry: _Entry) -> None:
        # The entry has decided. What is left, everybody who reads this version does for us.
        try:
            self._finish(version, entry)
        except (StorageError, _errors.ClientError, _errors.BotoCoreError):
            return

    def _finish(self, version: int, entry: _Entry) -> None:
        body = self._storage.read(f"{LOG_FOLDER}{entry.temporary}")
        self._storage.put_if_absent(commit_key(version), body)
        complete = _Entry(file_name=entry.file_name, temporary=entry.temporary, complete=True)
        self._put(complete, only_if_absent=False)

    def _make_readable(self, version: int) -> None:
        if self._read(version) is None:
            missing = range(version, version + 1)
            raise LogGapError(table=self._table_path, missing=missing, needed_for=version + 1, start=None)

    def _read(self, version: int) -> bytes | None:
        key = commit_key(version)
        try:
            return self._storage.read(key)
        except NotFoundError:
            entry = self._entry(key.removeprefix(LOG_FOLDER))
            if entry is None:
                return None
            self._finish(version, entry)
            return self._storage.read(key)

    def _entry(self, file_name: str) -> _Entry | None:
        try:
            item = self._client.get_item(
                TableName=self._entry_table,
                Key={"tablePath": {"S": self._table_path}, "fileName": {"S": file_name}},
                ConsistentRead=True,
            ).get("Item")
        except (_errors.ClientError, _errors.BotoCoreError) as error:
            raise self._wrapped(error) from error
        if item is None:
            return None
        complete = item["complete"].get("S") == "true"
        return _Entry(file_name=file_name, temporary=item["tempPath"]["S"], complete=complete)

    def _put(self, entry: _Entry, *, only_if_absent: bool) -> None:
        item: dict[str, AttributeValueTypeDef] = {
            "tablePath": {"S": self._table_path},
            "fileName": {"S": entry.file_name},
            "tempPath": {"S": entry.temporary},
            "complete": {"S": "true" if entry.complete else "false"},
        }
        if entry.complete:
            item["expireTime"] = {"N": str(int(time.time()) + _SECONDS_TO_LIVE)}
        if only_if_absent:
            condition = "attribute_not_exists(fileName)"
            self._client.put_item(TableName=self._entry_table, Item=item, ConditionExpression=condition)
        else:
            self._client.put_item(TableName=self._entry_table, Item=item)

    def _wrapped(self, error: Exception) -> StorageError:
        return StorageError(
            f"DynamoDB could not read or write the entries of {self._table_path!r} "
            f"in the table {self._entry_table!r}: {error}.",
            fix="check that the table exists, its region, and this process's rights on it.",
        )
