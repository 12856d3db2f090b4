"""Random work on random tables leaves the rows that plain Python says, by every engine and for every reader."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from deltalake import DeltaTable, QueryBuilder
from pyspark.sql import DataFrame, SparkSession

from lakehouse.delta_log import Snapshot
from lakehouse.tables import (
    ArrowTable,
    DeltaSparkTable,
    IWritableDeltaTable,
    MergePlan,
    NativeTable,
    TableLayout,
)
from tests.spark.tables.conftest import Engine
from tests.spark.tables.table_rows import transaction

pytestmark = pytest.mark.spark

Row = tuple[Any, ...]
COLUMNS = {"k": "bigint", "part": "int", "text": "string"}
MORE = {"more": "double"}
LAYOUTS = {
    "plain": TableLayout(),
    "partitioned": TableLayout(partition_by=("part",)),
    "clustered": TableLayout(cluster_by=("k",)),
    "deletion vectors": TableLayout(properties={"delta.enableDeletionVectors": "true"}),
    "column mapping": TableLayout(properties={"delta.columnMapping.mode": "name"}),
    "change feed": TableLayout(properties={"delta.enableChangeDataFeed": "true"}),
    "mapping and feed": TableLayout(
        properties={"delta.columnMapping.mode": "name", "delta.enableChangeDataFeed": "true"}
    ),
    "vectors and feed": TableLayout(
        partition_by=("part",),
        properties={"delta.enableDeletionVectors": "true", "delta.enableChangeDataFeed": "true"},
    ),
}


class Model:
    """A table as a list of rows, and random work on both."""

    def __init__(self, seed: int, spark: SparkSession, table: IWritableDeltaTable) -> None:
        self._random, self._spark, self.table = random.Random(seed), spark, table
        self.rows: list[Row] = []
        self.columns: Mapping[str, str] = COLUMNS
        self.done: list[str] = []

    def works(self, *, all_of_them: bool) -> Iterator[Callable[[], None]]:
        """Yield an append, and then what can be done to a table, in a random order: all, or what tells most."""
        others = [self.replace_where, self.merge, self.delete]
        if all_of_them:
            others += [self.replace, self.evolve, self.compact, self.merge]
        yield from (self.append, *self._random.sample(others, len(others)))

    def do(self, work: Callable[[], None]) -> None:
        """Do one thing to the table and to the list."""
        self.done.append(work.__name__)
        work()

    def append(self) -> None:
        rows = self._drawn(self._random.randrange(1, 9))
        self.table.append(self._frame(rows), transaction=transaction(len(self.done)))
        self.rows += rows

    def replace(self) -> None:
        self.rows = self._drawn(self._random.randrange(1, 9))
        self.table.replace(self._frame(self.rows), transaction=transaction(len(self.done)))

    def replace_where(self) -> None:
        part = self._random.randrange(3)
        rows = [(row[0], part, *row[2:]) for row in self._drawn(3)]
        self.table.replace_where(self._frame(rows), f"part = {part}", transaction=transaction(len(self.done)))
        self.rows = [row for row in self.rows if row[1] != part] + rows

    def merge(self) -> None:
        """Rows come by key and partition, of which each is there once; some remove what they meet."""
        by_key = {row[:2]: (row, self._random.random() < 0.3) for row in self._drawn(5)}
        held = {row[:2] for row in self.rows}
        comes = [(*row, gone) for row, gone in by_key.values()]
        frame = self._spark.createDataFrame(comes, f"{self._schema}, gone boolean")
        plan = MergePlan(keys=("k", "part"), removed="gone")
        self.table.merge(frame, plan, transaction=transaction(len(self.done)))
        new: list[Row] = []
        for row in self.rows:
            if row[:2] not in by_key:
                new.append(row)
            elif not by_key[row[:2]][1]:
                new.append(by_key[row[:2]][0])
        new += [row for key, (row, gone) in by_key.items() if key not in held and not gone]
        self.rows = new

    def delete(self) -> None:
        low = self._random.randrange(8)
        self.table.delete(f"k < {low} AND text IS NOT NULL")
        self.rows = [row for row in self.rows if row[0] is None or row[0] >= low or row[2] is None]

    def evolve(self) -> None:
        if len(self.columns) == len(COLUMNS):
            self.columns = {**COLUMNS, **MORE}
            self.rows = [(*row, None) for row in self.rows]
        rows = self._drawn(3)
        self.table.append(self._frame(rows), transaction=transaction(len(self.done)), evolve_schema=True)
        self.rows += rows

    def compact(self) -> None:
        self.table.compact()

    def _drawn(self, count: int) -> list[Row]:
        drawn = self._random
        return [
            (
                drawn.choice([None, *range(12)]),
                drawn.randrange(3),
                drawn.choice([None, "", "a", "é", "long " * 9]),
                *((drawn.choice([None, 0.5, -1.0]),) if len(self.columns) > len(COLUMNS) else ()),
            )
            for _ in range(count)
        ]

    @property
    def _schema(self) -> str:
        return ", ".join(f"{name} {kind}" for name, kind in self.columns.items())

    def _frame(self, rows: Sequence[Row]) -> DataFrame:
        return self._spark.createDataFrame(rows, self._schema)


def readings(spark: SparkSession, table: IWritableDeltaTable) -> Mapping[str, Counter[Row]]:
    """Return the rows of the newest version, as each reader has them."""
    state = table.state()
    assert state is not None
    by_rust = QueryBuilder().register("t", DeltaTable(table.path)).execute("SELECT * FROM t").read_all()
    by_us = Snapshot.load(table.path).to_arrow()
    return {
        "the engine": Counter(map(tuple, table.read(version=state.version).collect())),
        "Delta on Spark": Counter(map(tuple, spark.read.format("delta").load(table.path).collect())),
        "delta-rs": Counter(tuple(row.values()) for row in _listed(by_rust)),
        "lakehouse": Counter(tuple(row.values()) for row in _listed(by_us)),
    }


def _listed(rows: Any) -> list[dict[str, Any]]:
    return pa.table(rows).to_pylist()


def check(
    spark: SparkSession, path: Path, engine: Engine, layout: str, *, seed: int, all_works: bool
) -> None:
    """Compare after each piece of work, and at the end by every reader."""
    model = Model(seed, spark, engine(spark, str(path), layout=LAYOUTS[layout]))
    for work in model.works(all_of_them=all_works):
        model.do(work)
        found = Counter(tuple(row.values()) for row in Snapshot.load(str(path)).to_arrow().to_pylist())
        assert found == Counter(model.rows), f"{layout}, seed {seed}: after {', '.join(model.done)}"
    for reader, rows in readings(spark, model.table).items():
        assert rows == Counter(model.rows), f"{layout}, seed {seed}, {reader}: after {', '.join(model.done)}"


@pytest.mark.parametrize(("engine", "layout"), [(NativeTable, "plain"), (ArrowTable, "vectors and feed")])
def test_random_work_leaves_the_rows_of_the_model(
    spark: SparkSession, warehouse: Path, engine: Engine, layout: str
) -> None:
    check(spark, warehouse / "t", engine, layout, seed=3, all_works=False)


@pytest.mark.slow
@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("engine", [NativeTable, DeltaSparkTable, ArrowTable])
def test_much_random_work_leaves_the_rows_of_the_model(
    spark: SparkSession, warehouse: Path, engine: Engine, layout: str
) -> None:
    check(spark, warehouse / "t", engine, layout, seed=len(layout), all_works=True)
