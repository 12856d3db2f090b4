"""Write checkpoints, classic and V2, and the hint to them (Delta PROTOCOL, "Checkpoints").

A checkpoint is written after its commit, by any writer; if that fails, only speed is lost.
"""

from __future__ import annotations

import io
import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

import msgspec
import pyarrow as pa
import pyarrow.parquet as pq

from lakehouse.delta_log.actions import CheckpointMetadata, Sidecar
from lakehouse.delta_log.arrow_columns import column
from lakehouse.delta_log.checkpoint.schema import (
    SMALL_ACTION_TYPES,
    add_rows_for_checkpoint,
    remove_rows_for_checkpoint,
    small_actions,
)
from lakehouse.delta_log.log_segment import (
    LAST_CHECKPOINT_KEY,
    SIDECAR_FOLDER,
    checkpoint_key,
    json_checksum,
    read_last_checkpoint,
    sidecar_key,
    v2_checkpoint_key,
)
from lakehouse.delta_log.snapshot import Snapshot
from lakehouse.delta_log.table_features import TableProperties
from lakehouse.storage import AbstractStorageService

__all__ = ["CheckpointKind", "WrittenCheckpoint", "write_checkpoint"]

CheckpointKind: TypeAlias = Literal["classic", "v2-parquet", "v2-json"]

_SIDECAR_ROWS = 500_000
_ROW_GROUP_ROWS = 100_000


@dataclass(frozen=True, slots=True, kw_only=True)
class WrittenCheckpoint:
    """A checkpoint that is there to be read."""

    key: str
    version: int
    action_count: int
    file_count: int
    size_bytes: int
    """Of all its files."""


def write_checkpoint(
    storage: AbstractStorageService,
    snapshot: Snapshot,
    *,
    kind: CheckpointKind | None = None,
    now_ms: int | None = None,
) -> WrittenCheckpoint:
    """Write the snapshot as a checkpoint, then the hint to it. Raises StorageError.

    ``kind`` follows from the table's ``delta.checkpointPolicy`` by default; V2 needs the table's feature
    ``v2Checkpoint``. Tombstones older than the table's retention at ``now_ms`` are left out.
    """
    if kind is None:
        kind = "v2-parquet" if _may_write_v2(snapshot) else "classic"
    now = int(time.time() * 1000) if now_ms is None else now_ms
    content = _Content.of(snapshot, now)
    written = _write_classic(storage, content) if kind == "classic" else _write_v2(storage, content, kind)
    _write_hint(storage, written)
    return written


def _may_write_v2(snapshot: Snapshot) -> bool:
    has_feature = "v2Checkpoint" in (snapshot.protocol.reader_features or ())
    return has_feature and TableProperties(snapshot.properties).v2_checkpoints


@dataclass(frozen=True, slots=True, kw_only=True)
class _Content:
    version: int
    small: list[tuple[str, dict[str, Any]]]
    adds: pa.Table
    removes: pa.Table

    @classmethod
    def of(cls, snapshot: Snapshot, now_ms: int) -> _Content:
        return cls(
            version=snapshot.version,
            small=small_actions(snapshot, now_ms=now_ms),
            adds=add_rows_for_checkpoint(snapshot),
            removes=remove_rows_for_checkpoint(snapshot, now_ms=now_ms),
        )

    def written(self, key: str, *, extra_actions: int = 0, size_bytes: int) -> WrittenCheckpoint:
        rows = self.adds.num_rows + self.removes.num_rows
        return WrittenCheckpoint(
            key=key,
            version=self.version,
            action_count=len(self.small) + rows + extra_actions,
            file_count=self.adds.num_rows,
            size_bytes=size_bytes,
        )


def _write_classic(storage: AbstractStorageService, content: _Content) -> WrittenCheckpoint:
    names = ["txn", "add", "remove", "metaData", "protocol", "domainMetadata"]
    body = _parquet(names, content.small, content.adds, content.removes)
    key = checkpoint_key(content.version)
    storage.write(key, body)
    return content.written(key, size_bytes=len(body))


def _write_v2(storage: AbstractStorageService, content: _Content, kind: CheckpointKind) -> WrittenCheckpoint:
    sidecars = [_write_sidecar(storage, part) for part in _sidecar_parts(content)]
    own = CheckpointMetadata(version=content.version)
    small = [
        ("checkpointMetadata", msgspec.to_builtins(own)),
        *content.small,
        *(("sidecar", msgspec.to_builtins(sidecar)) for sidecar in sidecars),
    ]
    if kind == "v2-json":
        body = msgspec.json.Encoder().encode_lines([{name: fields} for name, fields in small])
    else:
        # Delta-spark asks for the columns of files here too, though the files are in the sidecars.
        names = [*SMALL_ACTION_TYPES, "add", "remove"]
        body = _parquet(names, small, content.adds.slice(0, 0), content.removes.slice(0, 0))
    key = v2_checkpoint_key(content.version, extension="json" if kind == "v2-json" else "parquet")
    storage.write(key, body)
    size_bytes = len(body) + sum(sidecar.size_bytes for sidecar in sidecars)
    return content.written(key, extra_actions=1 + len(sidecars), size_bytes=size_bytes)


def _sidecar_parts(content: _Content) -> Iterator[tuple[pa.Table, pa.Table]]:
    for start in range(0, content.adds.num_rows, _SIDECAR_ROWS):
        yield content.adds.slice(start, _SIDECAR_ROWS), content.removes.slice(0, 0)
    for start in range(0, content.removes.num_rows, _SIDECAR_ROWS):
        yield content.adds.slice(0, 0), content.removes.slice(start, _SIDECAR_ROWS)


def _write_sidecar(storage: AbstractStorageService, part: tuple[pa.Table, pa.Table]) -> Sidecar:
    body = _parquet(["add", "remove"], [], *part)
    key = sidecar_key()
    stat = storage.write(key, body)
    name = key.removeprefix(SIDECAR_FOLDER)
    return Sidecar(path=name, size_bytes=len(body), modified_ms=stat.modified_ms)


def _parquet(
    names: list[str],
    small: list[tuple[str, dict[str, Any]]],
    adds: pa.Table | None,
    removes: pa.Table | None,
) -> bytes:
    types: dict[str, pa.DataType] = dict(SMALL_ACTION_TYPES)
    if adds is not None and removes is not None:
        types |= {"add": pa.struct(list(adds.schema)), "remove": pa.struct(list(removes.schema))}
    schema = pa.schema([(name, types[name]) for name in names])
    body = io.BytesIO()
    with pq.ParquetWriter(body, schema, compression="zstd", version="2.6") as writer:
        if small:
            writer.write_table(_small_rows(small, schema))
        files = [(action, table) for action, table in (("add", adds), ("remove", removes)) if table]
        for action, table in files:
            for start in range(0, table.num_rows, _ROW_GROUP_ROWS):
                writer.write_table(_only(action, table.slice(start, _ROW_GROUP_ROWS), schema))
    return body.getvalue()


def _small_rows(small: list[tuple[str, dict[str, Any]]], schema: pa.Schema) -> pa.Table:
    arrays = [
        column([fields if name == field.name else None for name, fields in small], field.type)
        for field in schema
    ]
    return pa.Table.from_arrays(arrays, schema=schema)


def _only(action: str, rows: pa.Table, schema: pa.Schema) -> pa.Table:
    """Return rows of one action in the schema of all; the others are null."""
    arrays = []
    for field in schema:
        if field.name == action:
            parts = [part.combine_chunks() for part in rows.columns]
            arrays.append(pa.StructArray.from_arrays(parts, fields=list(field.type)))
        else:
            arrays.append(pa.nulls(rows.num_rows, field.type))
    return pa.Table.from_arrays(arrays, schema=schema)


def _write_hint(storage: AbstractStorageService, written: WrittenCheckpoint) -> None:
    known = read_last_checkpoint(storage)
    if known is not None and known.version > written.version:
        return
    fields: dict[str, Any] = {
        "version": written.version,
        "size": written.action_count,
        "sizeInBytes": written.size_bytes,
        "numOfAddFiles": written.file_count,
    }
    body = msgspec.json.encode({**fields, "checksum": json_checksum(fields)})
    storage.write(LAST_CHECKPOINT_KEY, body)
