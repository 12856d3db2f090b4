"""Feeds of an order system that other software was tested with give the tables that they should, in any order of files.

A folder for each feed: its files, ``source/*.csv``, and the table that they make, ``control/*.csv``.
"""

from __future__ import annotations

import csv
import os
from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest
from pyspark.sql import SparkSession

from lakehouse.pipelines import DeclarativePipelineBuilder, PipelineDefinition, from_files, read
from tests.change_oracle import Change, conflicting
from tests.spark.pipelines.landing import Lake

FOLDER = os.environ.get("LAKEHOUSE_CHANGE_FEEDS", "")
pytestmark = [
    pytest.mark.spark,
    pytest.mark.slow,
    pytest.mark.skipif(not FOLDER, reason="LAKEHOUSE_CHANGE_FEEDS names no folder of feeds"),
]

ORDER = ("extraction_timestamp", "actrequest_timestamp", "datapakid", "partno", "record")
TABLE = (*ORDER, "request", "salesorder", "item", "recordmode", "date", "customer", "article", "amount")
NEW = ("discount", "uninteresting_column")
"""Columns that come with later files of one feed."""
NUMBERS = ("datapakid", "partno", "record", "amount")
FEEDS = sorted(path.name for path in Path(FOLDER or os.devnull).glob("*"))


def definition() -> PipelineDefinition:
    builder = DeclarativePipelineBuilder("orders").variable("landing", default="none")
    builder.bronze("raw", from_files("${landing}/*.csv", columns=(*TABLE, *NEW), optional=NEW, delimiter="|"))
    flow = read("raw", incremental=True).where("coalesce(recordmode, '') <> 'X'")
    flow = flow.select("*", "regexp_extract(_source_file, '([a-z_]+)-part-', 1) AS feed")
    flow = flow.cast(dict.fromkeys(NUMBERS, "int"))
    changes = flow.apply_changes(
        keys=["feed", "salesorder", "item"],
        # Of rows that were loaded again with other values, those of the later file are right.
        sequence_by=[*ORDER, "_source_file"],
        apply_as_deletes="recordmode IN ('D', 'R')",
        column_list=[*TABLE, "_source_file"],
    )
    return builder.silver("orders", changes).build()


def rows_of(folder: Path) -> list[Mapping[str, str]]:
    return [
        row for file in sorted(folder.glob("*.csv")) for row in csv.DictReader(file.open(), delimiter="|")
    ]


def files_of(feed: str) -> Sequence[Path]:
    return sorted((Path(FOLDER) / feed).glob("**/source/*.csv"))


def contradictions(feed: str) -> set[tuple[str, ...]]:
    """Return what rows of one file say that has the same order and is not the same."""
    changes = [
        Change(
            (row["salesorder"], row["item"]),
            (*(row[name] for name in ORDER), file.name),
            tuple(row[n] for n in TABLE),
        )
        for file in files_of(feed)
        for row in csv.DictReader(file.open(), delimiter="|")
        if row["recordmode"] != "X"
    ]
    return {change.values for change in conflicting(changes) if change.values is not None}


@pytest.mark.parametrize("order", ["as they came", "backwards", "at once"])
def test_feeds_give_their_tables(spark: SparkSession, tmp_path: Path, order: str) -> None:
    lake = Lake(spark, tmp_path)
    files = [(feed, file) for feed in FEEDS for file in files_of(feed)]
    assert files
    names = sorted({file.name for _, file in files}, reverse=order == "backwards")
    for batch in [names] if order == "at once" else [[name] for name in names]:
        for feed, file in files:
            if file.name in batch:
                (lake.landing / f"{feed}-{file.name}").write_bytes(file.read_bytes())
        result = lake.run(definition())
        assert result.status == "ok", result.failures

    found = lake.rows("silver/orders", "feed", *TABLE)
    aside = lake.rows("silver/orders_quarantine", "feed", *TABLE)
    for feed in FEEDS:
        control = next((Path(FOLDER) / feed).glob("**/control"))
        expected = sorted(tuple(row[name] for name in TABLE) for row in rows_of(control))
        assert sorted(as_text(row) for row in found if row[0] == feed) == expected, feed
        assert {as_text(row) for row in aside if row[0] == feed} == contradictions(feed)


def as_text(row: Sequence[object]) -> tuple[str, ...]:
    return tuple("" if value is None else str(value) for value in row[1:])
