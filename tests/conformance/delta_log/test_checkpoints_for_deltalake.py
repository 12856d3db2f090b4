"""Checkpoints that we write, as deltalake reads them."""

from __future__ import annotations

from pathlib import Path

import deltalake
import pyarrow as pa
import pytest

from lakehouse.delta_log import Snapshot
from lakehouse.delta_log.checkpoint import CheckpointKind, write_checkpoint
from lakehouse.storage import LocalStorageService


def rows(path: Path) -> list[dict]:
    found = deltalake.QueryBuilder().register("t", deltalake.DeltaTable(path)).execute("select * from t")
    return sorted(pa.table(found).to_pylist(), key=str)


@pytest.mark.parametrize("kind", ["classic", "v2-parquet", "v2-json"])
def test_deltalake_reads_the_same_table_from_our_checkpoint(tmp_path: Path, kind: CheckpointKind) -> None:
    data = pa.table({"p": ["a", "b c/d", None], "x": [1, 2, 3]})
    deltalake.write_deltalake(
        tmp_path, data, partition_by=["p"], configuration={"delta.checkpointPolicy": "v2"}
    )
    deltalake.write_deltalake(tmp_path, data, mode="append")
    deltalake.DeltaTable(tmp_path).delete("x = 1")
    before, protocol = rows(tmp_path), deltalake.DeltaTable(tmp_path).protocol()
    snapshot = Snapshot.load(tmp_path)
    write_checkpoint(LocalStorageService(tmp_path), snapshot, kind=kind)
    for version in range(snapshot.version + 1):
        (tmp_path / "_delta_log" / f"{version:020d}.json").unlink()
    after = deltalake.DeltaTable(tmp_path)
    assert (after.version(), after.protocol()) == (snapshot.version, protocol)
    assert rows(tmp_path) == before
    assert len(before) == 4
