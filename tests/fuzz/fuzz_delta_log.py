"""Fuzz the readers of a Delta log with atheris, guided by coverage: nothing but declared errors may come.

Not collected by pytest, for atheris is no dependency. Run: ``pip install atheris``, then
``python tests/fuzz/fuzz_delta_log.py commit|schema|vector|stats|checkpoint|hint CORPUS -max_total_time=60``.
CORPUS is a folder; it is filled with examples to start from.
"""

from __future__ import annotations

import contextlib
import json
import sys
from collections.abc import Callable
from pathlib import Path

import atheris
import pyarrow as pa

with atheris.instrument_imports(include=["lakehouse.delta_log"]):
    from lakehouse.delta_log import DeletionVectorDescriptor, Snapshot
    from lakehouse.delta_log.audit import verify
    from lakehouse.delta_log.checkpoint import write_checkpoint
    from lakehouse.delta_log.deletion_vectors import read_deletion_vector
    from lakehouse.delta_log.scan import col, may_match
    from lakehouse.delta_log.schema import delta_schema, schema_from_json
    from lakehouse.errors import LakehouseError
    from lakehouse.storage import MemoryStorageService

FIRST = b"""{"protocol":{"minReaderVersion":1,"minWriterVersion":2}}
{"metaData":{"id":"i","format":{"provider":"parquet","options":{}},"schemaString":"{\\"type\\":\\"struct\\",\\"fields\\":[{\\"name\\":\\"x\\",\\"type\\":\\"long\\",\\"nullable\\":true,\\"metadata\\":{}}]}","partitionColumns":[],"configuration":{}}}
"""
SECOND = b"""{"commitInfo":{"timestamp":1,"operation":"WRITE","operationParameters":{"mode":"Append"}}}
{"add":{"path":"a%20b.parquet","partitionValues":{},"size":10,"modificationTime":5,"dataChange":true,"stats":"{\\"numRecords\\":3}"}}
{"remove":{"path":"gone","deletionTimestamp":6,"dataChange":true}}
{"txn":{"appId":"a","version":1,"lastUpdated":4}}
{"domainMetadata":{"domain":"d","configuration":"{}","removed":false}}
"""
COLUMNS = delta_schema(
    pa.schema([("x", pa.int64()), ("t", pa.timestamp("us", "UTC")), ("s", pa.string())]), table="t"
)


def log_with(key: str, body: bytes) -> MemoryStorageService:
    storage = MemoryStorageService()
    storage.write(f"_delta_log/{0:020d}.json", FIRST)
    storage.write(f"_delta_log/{1:020d}.json", SECOND)
    storage.write(f"_delta_log/{key}", body)
    return storage


def read(storage: MemoryStorageService) -> None:
    with contextlib.suppress(LakehouseError):
        list(verify(storage))
    with contextlib.suppress(LakehouseError):
        snapshot = Snapshot.load("memory:///", storage=storage)
        for question in (snapshot.files, snapshot.tombstones, snapshot.history, lambda: snapshot.schema):
            with contextlib.suppress(LakehouseError):
                question()


def fuzz_commit(data: bytes) -> None:
    read(log_with(f"{1:020d}.json", data))


def fuzz_hint(data: bytes) -> None:
    storage = log_with("_last_checkpoint", data)
    if Snapshot.load("memory:///", storage=storage).version != 1:
        raise AssertionError(data)


def fuzz_checkpoint(data: bytes) -> None:
    read(log_with(f"{1:020d}.checkpoint.parquet", data))


def fuzz_schema(data: bytes) -> None:
    with contextlib.suppress(LakehouseError):
        schema_from_json(data.decode("utf-8", errors="replace"), table="t")


def fuzz_vector(data: bytes) -> None:
    storage = MemoryStorageService()
    storage.write("v.bin", data)
    vector = DeletionVectorDescriptor(
        storage_type="p",
        path_or_inline="memory:///v.bin",
        offset=1,
        size_bytes=max(0, len(data) - 9),
        cardinality=1,
    )
    inline = DeletionVectorDescriptor(
        storage_type="i",
        path_or_inline=data.decode("utf-8", errors="replace"),
        size_bytes=max(0, len(data) * 4 // 5),
        cardinality=1,
    )
    for each in (vector, inline):
        with contextlib.suppress(LakehouseError):
            read_deletion_vector(storage, each)


def fuzz_stats(data: bytes) -> None:
    text = data.decode("utf-8", errors="replace")
    files = pa.table(
        {"path": ["a"], "stats": [text], "partitionValues": pa.nulls(1, pa.map_(pa.string(), pa.string()))}
    )
    with contextlib.suppress(LakehouseError):
        may_match(files, (col("x") > 1) & (col("s") < "m"), COLUMNS, partition_columns=[], table="t")


def checkpoint() -> bytes:
    storage = log_with("_last_checkpoint", b"")
    written = write_checkpoint(storage, Snapshot.load("memory:///", storage=storage))
    return storage.read(written.key)


TARGETS: dict[str, tuple[Callable[[bytes], None], Callable[[], bytes]]] = {
    "commit": (fuzz_commit, lambda: FIRST + SECOND),
    "hint": (fuzz_hint, lambda: b'{"version":1,"size":4,"parts":2,"checksum":"ab"}'),
    "checkpoint": (fuzz_checkpoint, checkpoint),
    "schema": (fuzz_schema, lambda: json.loads(FIRST.splitlines()[1])["metaData"]["schemaString"].encode()),
    "vector": (fuzz_vector, lambda: b"^Bg9^0rr910000000000iXQKl0rr91000f55c8Xg0@@D72lkbi5=-{L"),
    "stats": (
        fuzz_stats,
        lambda: (
            b'{"numRecords":3,"minValues":{"x":1,"s":"a"},"maxValues":{"x":9,"s":"z"},"nullCount":{"x":0,"s":1}}'
        ),
    ),
}

if __name__ == "__main__":
    target, example = TARGETS[sys.argv[1]]
    corpus = Path(sys.argv[2])
    corpus.mkdir(parents=True, exist_ok=True)
    (corpus / "example").write_bytes(example())
    atheris.Setup([sys.argv[0], *sys.argv[2:]], target)
    atheris.Fuzz()
