"""Whatever a log holds, reading it ends in a table or in an error that we declare, within bounds on memory."""

from __future__ import annotations

import contextlib
import json
import math
import random
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from lakehouse.delta_log import Snapshot
from lakehouse.delta_log.audit import verify
from lakehouse.delta_log.checkpoint import write_checkpoint
from lakehouse.delta_log.scan import col
from lakehouse.errors import LakehouseError
from lakehouse.storage import MemoryStorageService

SCHEMA = {
    "type": "struct",
    "fields": [
        {"name": "x", "type": "long", "nullable": True, "metadata": {}},
        {"name": "p", "type": "date", "nullable": True, "metadata": {}},
        {
            "name": "deep",
            "type": {"type": "array", "elementType": "string", "containsNull": True},
            "nullable": True,
            "metadata": {},
        },
    ],
}
VECTOR = {
    "storageType": "i",
    "pathOrInlineDv": "^Bg9^0rr910000000000iXQKl0rr91000f55c8Xg0@@D72lkbi5=-{L",
    "sizeInBytes": 44,
    "cardinality": 6,
}
STATS = {"numRecords": 30, "minValues": {"x": 0}, "maxValues": {"x": 29}, "nullCount": {"x": 0, "p": 0}}
LINES: list[dict[str, Any]] = [
    {"commitInfo": {"timestamp": 1, "operation": "WRITE", "inCommitTimestamp": 5}},
    {
        "protocol": {
            "minReaderVersion": 3,
            "minWriterVersion": 7,
            "readerFeatures": ["deletionVectors", "columnMapping"],
            "writerFeatures": ["deletionVectors", "columnMapping"],
        }
    },
    {
        "metaData": {
            "id": "i",
            "format": {"provider": "parquet", "options": {}},
            "schemaString": json.dumps(SCHEMA),
            "partitionColumns": ["p"],
            "configuration": {"delta.columnMapping.mode": "name", "delta.checkpointInterval": "3"},
        }
    },
    {"txn": {"appId": "a", "version": 1, "lastUpdated": 4}},
    {"domainMetadata": {"domain": "d", "configuration": "{}", "removed": False}},
    {
        "add": {
            "path": "a%20b.parquet",
            "partitionValues": {"p": "2024-02-29"},
            "size": 10,
            "modificationTime": 5,
            "dataChange": True,
            "stats": json.dumps(STATS),
            "deletionVector": VECTOR,
            "tags": {"t": None},
        }
    },
    {"remove": {"path": "gone.parquet", "deletionTimestamp": 6, "dataChange": True, "partitionValues": {}}},
    {"cdc": {"path": "_change_data/c.parquet", "partitionValues": {}, "size": 1, "dataChange": False}},
]
DATA = pa.table({"x": range(30), "deep": [["a", None]] * 30})
NOT_SLOW = settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large]
)


def parquet(table: pa.Table) -> bytes:
    sink = pa.BufferOutputStream()
    pq.write_table(table, sink)
    return bytes(sink.getvalue())


def commit(lines: list[dict[str, Any]]) -> bytes:
    return b"".join(json.dumps(line).encode() + b"\n" for line in lines)


def key(version: int, suffix: str = ".json") -> str:
    return f"_delta_log/{version:020d}{suffix}"


def store(objects: dict[str, bytes]) -> MemoryStorageService:
    storage = MemoryStorageService()
    for name, body in {"a b.parquet": parquet(DATA), **objects}.items():
        storage.write(name, body)
    return storage


def read_everything(storage: MemoryStorageService) -> None:
    """Ask a table for all that it has; only our own errors may come."""
    survive(lambda: list(verify(storage)))
    snapshot = survive(lambda: Snapshot.load("memory:///", storage=storage))
    if snapshot is None:
        return
    questions: list[Callable[[], Any]] = [
        lambda: snapshot.schema,
        snapshot.files,
        snapshot.tombstones,
        snapshot.history,
        snapshot.to_arrow,
        lambda: snapshot.files(col("x") > 5),
        lambda: snapshot.files(col("p").is_null()),
        lambda: snapshot.changes(0),
        lambda: snapshot.timestamp_ms,
        lambda: Snapshot.load("memory:///", timestamp=10**13, storage=storage),
        snapshot.update,
        lambda: write_checkpoint(storage, snapshot),
    ]
    for question in questions:
        survive(question)


def survive(question: Callable[[], Any]) -> Any:
    """Return the answer, or None for an error of ours; any other error is a bug."""
    with contextlib.suppress(LakehouseError):
        return question()
    return None


def places(value: Any, path: tuple = ()) -> list[tuple]:
    """Return where a JSON value can be changed."""
    found = [path]
    if isinstance(value, dict):
        found += [place for name, part in value.items() for place in places(part, (*path, name))]
    if isinstance(value, list):
        found += [place for index, part in enumerate(value) for place in places(part, (*path, index))]
    return found


def replaced(value: Any, path: tuple, new: Any) -> Any:
    if not path:
        return new
    first, *rest = path
    copy = dict(value) if isinstance(value, dict) else list(value)
    copy[first] = replaced(copy[first], tuple(rest), new)
    return copy


ODD = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.sampled_from(
        [2**63, -(2**63) - 1, 10**400, 1e308, -0.5, "", "\0", "..", "/", "s3://b/k", "%", "é" * 300]
    ),
    st.text(max_size=20),
    st.lists(st.integers(), max_size=2),
    st.dictionaries(st.text(max_size=3), st.text(max_size=3), max_size=2),
)


def test_the_table_that_is_damaged_below_is_whole_to_begin_with() -> None:
    storage = store({key(0): commit(LINES[:6])})
    snapshot = Snapshot.load("memory:///", storage=storage)
    assert snapshot.to_arrow().num_rows == 24
    assert [f.kind for f in verify(storage)] == ["wrong size"]


@NOT_SLOW
@given(st.data())
def test_values_of_other_types_and_sizes(data: st.DataObject) -> None:
    number = data.draw(st.integers(0, len(LINES) - 1))
    place = data.draw(st.sampled_from(places(LINES[number])))
    lines = [*LINES]
    lines[number] = replaced(LINES[number], place, data.draw(ODD))
    read_everything(store({key(0): commit(lines)}))


@NOT_SLOW
@given(st.data())
def test_schemas_of_any_shape(data: st.DataObject) -> None:
    place = data.draw(st.sampled_from(places(SCHEMA)))
    schema = replaced(SCHEMA, place, data.draw(ODD | st.just(SCHEMA) | st.just(SCHEMA["fields"])))
    lines = [*LINES]
    lines[2] = replaced(LINES[2], ("metaData", "schemaString"), json.dumps(schema))
    read_everything(store({key(0): commit(lines)}))


@NOT_SLOW
@given(st.data())
def test_statistics_of_any_shape(data: st.DataObject) -> None:
    place = data.draw(st.sampled_from(places(STATS)))
    stats = json.dumps(replaced(STATS, place, data.draw(ODD)))
    lines = [*LINES]
    lines[5] = replaced(LINES[5], ("add", "stats"), stats)
    read_everything(store({key(0): commit(lines)}))


@NOT_SLOW
@given(st.integers(0, 3000), st.binary(max_size=6), st.booleans())
@example(0, b"\xef\xbb\xbf", False)
def test_bytes_cut_out_or_put_in(position: int, noise: bytes, cut: bool) -> None:
    body = commit(LINES)
    position %= len(body)
    damaged = body[:position] + noise + (b"" if cut else body[position:])
    read_everything(store({key(0): damaged}))
    read_everything(store({key(0): commit(LINES), key(1): damaged}))


@pytest.mark.parametrize(
    "body",
    [
        b'{"add":{"path":"a","path":"b","partitionValues":{},"size":1,"size":2,"modificationTime":1,"dataChange":true}}',
        b'{"add":' * 5_000,
        b'{"metaData":' + b"[" * 200_000 + b"]" * 200_000 + b"}",
        b'{"txn":{"appId":"a","version":' + b"9" * 10_000 + b"}}",
        b"\n" * 1_000_000,
        b"null\n0\n[]\n{}\n",
    ],
    ids=["duplicate keys", "unclosed", "deep", "huge integer", "blank lines", "no objects"],
)
def test_lines_that_only_an_enemy_writes(body: bytes) -> None:
    read_everything(store({key(0): commit(LINES[:6]), key(1): body}))


def test_a_schema_that_goes_on_for_ever() -> None:
    inner: Any = "long"
    for _ in range(2_000):
        inner = {"type": "array", "elementType": inner, "containsNull": True}
    text = json.dumps({"type": "struct", "fields": [{"name": "x", "type": "long"}]}).replace(
        '"long"', '{"type":"array","elementType":' * 5_000 + '"long"' + ',"containsNull":true}' * 5_000
    )
    lines = [*LINES]
    lines[2] = replaced(LINES[2], ("metaData", "schemaString"), text)
    storage = store({key(0): commit(lines)})
    with pytest.raises(LakehouseError, match="schemaString"):
        _ = Snapshot.load("memory:///", storage=storage).schema


def checkpointed() -> MemoryStorageService:
    storage = store({key(0): commit(LINES)})
    write_checkpoint(storage, Snapshot.load("memory:///", storage=storage))
    storage.delete(key(0))
    return storage


CHECKPOINT = checkpointed().read(key(0, ".checkpoint.parquet"))


@NOT_SLOW
@given(st.randoms(use_true_random=False), st.integers(1, 30))
def test_checkpoints_with_flipped_bytes(chance: random.Random, count: int) -> None:
    body = bytearray(CHECKPOINT)
    for _ in range(count):
        body[chance.randrange(len(body))] = chance.randrange(256)
    read_everything(store({key(0, ".checkpoint.parquet"): bytes(body)}))


OFF_BY_ONE = """
import sys
from pathlib import Path
from lakehouse.delta_log import Snapshot
from lakehouse.errors import LakehouseError
path, first, last = Path({path!r}), {first}, {last}
whole = path.read_bytes()
for place in range(first, last):
    for step in (1, 255):
        body = bytearray(whole)
        body[place] = (body[place] + step) % 256
        path.write_bytes(body)
        try:
            Snapshot.load(path.parents[1]).files()
        except LakehouseError:
            pass
"""


@pytest.mark.parametrize(
    ("first", "last"),
    [(0, 120), pytest.param(120, 20_000, marks=[pytest.mark.slow, pytest.mark.timeout(600)])],
    ids=["schema", "all"],
)
def test_no_byte_of_a_footer_ends_the_process(first: int, last: int) -> None:
    # Where a footer contradicts itself, asking it may end the process; reading by it is an error.
    start = len(CHECKPOINT) - 8 - int.from_bytes(CHECKPOINT[-8:-4], "little")
    last = min(start + last, len(CHECKPOINT) - 8)
    with tempfile.TemporaryDirectory() as folder:
        write(folder, key(0, ".checkpoint.parquet"), CHECKPOINT)
        path = f"{folder}/{key(0, '.checkpoint.parquet')}"
        code = OFF_BY_ONE.format(path=path, first=start + first, last=last)
        done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


ARROW_TYPES = [pa.int8(), pa.string(), pa.binary(), pa.list_(pa.int64()), pa.struct([("path", pa.int64())])]


@pytest.mark.parametrize("wrong", ARROW_TYPES, ids=str)
@pytest.mark.parametrize("column", ["add", "remove", "metaData", "protocol", "txn", "domainMetadata"])
def test_checkpoints_with_columns_of_other_types(column: str, wrong: pa.DataType) -> None:
    content = pq.read_table(pa.BufferReader(CHECKPOINT))
    values = {"int8": 1, "string": "s", "binary": b"b", "list<item: int64>": [1]}
    value = values.get(str(wrong), {"path": 1})
    other = pa.array([value] * content.num_rows, wrong)
    body = parquet(content.set_column(content.schema.get_field_index(column), column, other))
    read_everything(store({key(0, ".checkpoint.parquet"): body}))
    assert not math.isnan(len(body))


PEAK_MB = 900
"""Python with pyarrow takes 150; the bombs below would take many gigabytes."""


def peak_megabytes(code: str) -> tuple[str, float]:
    """Run code in a process of its own; return what it printed, and how much memory it took at most."""
    # Not getrusage: its maximum is inherited from the process that started this one.
    program = f"""
{code}
print(next(line for line in open("/proc/self/status") if line.startswith("VmHWM")).split()[1])
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    *answer, peak = done.stdout.splitlines()
    return "\n".join(answer), float(peak) / 1024


OPEN = """
from lakehouse.delta_log import Snapshot
from lakehouse.errors import LakehouseError
try:
    print(Snapshot.load({path!r}).files().num_rows)
except LakehouseError as error:
    print(type(error).__name__)
"""


def write(folder: str, name: str, body: bytes) -> None:
    path = Path(folder) / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(body)


@pytest.mark.slow
@pytest.mark.parametrize("field", ["stats", "novelty", "path"])
def test_a_line_of_a_hundred_megabytes_costs_a_few_times_its_size(field: str) -> None:
    with tempfile.TemporaryDirectory() as folder:
        line = {"add": {**LINES[5]["add"], field: "x" * 100_000_000}}
        write(folder, key(0), commit([*LINES[:3], line]))
        answer, peak = peak_megabytes(OPEN.format(path=folder))
    assert answer == "1"
    assert peak < PEAK_MB


def many_nulls(content: pa.Table) -> tuple[pa.Table, int]:
    nothing = pa.table([pa.nulls(20_000_000, f.type) for f in content.schema], schema=content.schema)
    return pa.concat_tables([content, nothing]), 20_000_000


def one_long_text(content: pa.Table) -> tuple[pa.Table, int]:
    row = next(row for row in content.to_pylist() if row["add"])
    row["add"]["stats"] = " " * 1_000_000
    some = pa.Table.from_pylist([row] * 100, content.schema)
    return pa.concat_tables([content] + [some] * 100), 1_000_000


def zeros(content: pa.Table) -> tuple[pa.Table, int]:
    row = next(row for row in content.to_pylist() if row["add"])
    rows = []
    for number in range(60):
        row["add"]["stats"] = " " * 20_000_000 + str(number)
        rows.append(pa.Table.from_pylist([row], content.schema))
    return pa.concat_tables([content, *rows]), 1_000


@pytest.mark.slow
@pytest.mark.parametrize("bomb", [many_nulls, one_long_text, zeros])
def test_a_checkpoint_that_unpacks_without_end_is_refused_or_read_in_bounds(bomb: Callable) -> None:
    with tempfile.TemporaryDirectory() as folder:
        content, row_group_rows = bomb(pq.read_table(pa.BufferReader(CHECKPOINT)))
        sink = pa.BufferOutputStream()
        pq.write_table(content, sink, compression="zstd", row_group_size=row_group_rows)
        body = bytes(sink.getvalue())
        assert len(body) < 5_000_000
        write(folder, key(0, ".checkpoint.parquet"), body)
        answer, peak = peak_megabytes(OPEN.format(path=folder))
    assert answer == "MalformedLogError"
    assert peak < PEAK_MB
