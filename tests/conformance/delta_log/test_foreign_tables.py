"""The tables of other projects: none read wrongly, and no fewer read than deltalake reads."""

from __future__ import annotations

import json
import os
from pathlib import Path

import deltalake
import pyarrow as pa
import pytest
from foreign_tables import ForeignTable, Score, foreign_tables, score

from lakehouse.delta_log import Snapshot
from lakehouse.delta_log.errors import DataFileError, DeltaLogError

VARIABLE = "LAKEHOUSE_CONFORMANCE_DATA"


@pytest.fixture(scope="module")
def tables() -> list[ForeignTable]:
    folder = os.environ.get(VARIABLE)
    if not folder:
        pytest.skip(f"{VARIABLE} does not name the folder with the tables of other projects")
    found = foreign_tables(Path(folder))
    assert found, f"{folder} has no tables"
    return found


def read_ours(table: ForeignTable) -> pa.Table | int:
    snapshot = Snapshot.load(table.path)
    try:
        return snapshot.to_arrow()
    except DataFileError:
        if table.may_fail or table.expected is not None:
            raise
        # Some projects keep only the log of a table; then its statistics say how many rows there are.
        return sum(json.loads(text)["numRecords"] for text in snapshot.files().column("stats").to_pylist())


def read_deltalake(table: ForeignTable) -> pa.Table:
    query = deltalake.QueryBuilder().register("t", deltalake.DeltaTable(table.path))
    return pa.table(query.execute("select * from t"))


@pytest.fixture(scope="module")
def ours(tables: list[ForeignTable]) -> Score:
    return score("lakehouse", tables, read_ours, (DeltaLogError,))


@pytest.fixture(scope="module")
def peer(tables: list[ForeignTable]) -> Score:
    # deltalake's panics are BaseExceptions.
    return score("deltalake", tables, read_deltalake, (Exception, BaseException))


def test_no_foreign_table_is_read_wrongly(
    tables: list[ForeignTable], ours: Score, peer: Score, capsys: pytest.CaptureFixture[str]
) -> None:
    with capsys.disabled():
        print(f"\n{len(tables)} tables\n{ours.report(tables)}\n{peer.report(tables)}")
        for name in sorted(ours.named("not read")):
            print(f"  not read here: {name}: {ours.reasons[name][:300]}")
    assert ours.named("wrong") == set()


def test_we_read_whatever_deltalake_reads(ours: Score, peer: Score) -> None:
    assert peer.named("read right") - ours.named("read right") == set()


def test_what_must_be_refused_is_refused(tables: list[ForeignTable], ours: Score) -> None:
    must_fail = {table.name for table in tables if table.must_fail}
    assert must_fail <= ours.named("refused as they should")
