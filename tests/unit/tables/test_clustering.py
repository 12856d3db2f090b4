"""A declared clustering is noted in the log, in one commit, and only where the table has another one."""

from __future__ import annotations

import json
from pathlib import Path

import pyarrow as pa
import pytest

from lakehouse.delta_log import Snapshot, TransactionManager
from lakehouse.tables import TableDescription, TableLog, describe

ROWS = pa.table({"id": [1, 2], "day": ["a", "b"]})


def created(path: Path, **options: object) -> TableLog:
    manager = TransactionManager()
    transaction = manager.start_transaction(str(path))
    transaction.create(ROWS.schema, **options)
    manager.commit_transaction(transaction)
    return TableLog(str(path))


def noted(path: Path) -> list[list[str]]:
    """The oracle: what the last commits say, read as plain JSON."""
    lines = [line for file in sorted((path / "_delta_log").glob("*.json")) for line in file.open()]
    domains = [json.loads(line)["domainMetadata"] for line in lines if "domainMetadata" in json.loads(line)]
    assert {each["domain"] for each in domains} <= {"delta.clustering"}
    return [json.loads(each["configuration"])["clusteringColumns"] for each in domains]


def test_columns_are_noted_once_and_again_when_they_change(tmp_path: Path) -> None:
    log = created(tmp_path)
    assert describe(log, TableDescription(cluster_by=("day",))) == 1
    assert describe(TableLog(str(tmp_path)), TableDescription(cluster_by=("day",))) is None
    assert describe(TableLog(str(tmp_path)), TableDescription(cluster_by=("id", "day"))) == 2
    assert describe(TableLog(str(tmp_path)), TableDescription(comment="x")) == 3  # nothing declared: it stays
    assert noted(tmp_path) == [[["day"]], [["id"], ["day"]]]
    assert {"clustering", "domainMetadata"} <= set(
        Snapshot.load(str(tmp_path)).protocol.writer_features or ()
    )


@pytest.mark.parametrize("columns", [("nothing",), ("day", "nothing")])
def test_columns_that_the_table_has_not_yet_are_left_to_a_later_run(
    tmp_path: Path, columns: tuple[str, ...]
) -> None:
    assert describe(created(tmp_path), TableDescription(cluster_by=columns)) is None


def test_a_table_with_partitions_is_left_as_it_is(tmp_path: Path) -> None:
    log = created(tmp_path, partition_by=["day"])
    assert describe(log, TableDescription(cluster_by=("id",))) is None


def test_columns_are_noted_by_the_names_that_they_have_in_data_files(tmp_path: Path) -> None:
    log = created(tmp_path, properties={"delta.columnMapping.mode": "name"})
    describe(log, TableDescription(cluster_by=("day",)))
    ((((physical,),),),) = (noted(tmp_path),)
    assert physical.startswith("col-")
    assert describe(TableLog(str(tmp_path)), TableDescription(cluster_by=("day",))) is None
