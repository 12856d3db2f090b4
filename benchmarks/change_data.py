"""The claim: applying a feed of changes costs what a MERGE by hand costs, and late rows cost the files they touch.

    python benchmarks/change_data.py [--rows 5000000] [--runs 3] [--only now|history]

A table of so many rows takes changes of 1 % of them, at random keys: with the rows as they are now, and with
their history. Beside it, a copy of the same table takes the same changes by the MERGE that one writes by hand,
which handles neither late rows of deleted keys nor contradictions. Then late rows come, 0.1 % of the table, that
lie in 1 % of its files, beside a rewrite of the whole table. Medians of several rounds, each with new changes.
"""

from __future__ import annotations

import argparse
import shutil
import statistics
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F
from pyspark.sql.types import StructType
from rich.console import Console
from rich.table import Table

from lakehouse.pipelines import (
    DeclarativePipelineBuilder,
    Inputs,
    NewInputs,
    PipelineDefinition,
    ReadRequest,
    Refreshed,
    Source,
    SourceContext,
    begin,
    read,
    run_pipeline,
)
from lakehouse.source_location import caller_location
from lakehouse.spark_session import SparkSessionFactory
from lakehouse.tables import NativeTable, Published, TransactionId

SCHEMA = "id bigint, at bigint, op string, name string, city string, amount double, note string"
COLUMNS = ["id", "at", "name", "city", "amount", "note"]
FILES = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class Written(Source):
    """The Bronze table, which the benchmark itself writes."""

    def schema(self, upstream: Mapping[str, StructType]) -> StructType:
        return StructType.fromDDL(SCHEMA)

    def next_inputs(self, context: SourceContext, table: str, history: Sequence[Inputs]) -> NewInputs | None:
        return None

    def read(self, context: SourceContext, request: ReadRequest) -> DataFrame:
        raise AssertionError("nobody asks")


def pipeline() -> PipelineDefinition:
    feed = read("raw", incremental=True)
    by: dict[str, Any] = {"keys": ["id"], "sequence_by": "at", "apply_as_deletes": "op = 'D'"}
    builder = DeclarativePipelineBuilder("changes").bronze(
        "raw", begin(Written(location=caller_location())).append()
    )
    builder.silver("now", feed.apply_changes(**by, column_list=COLUMNS))
    builder.silver("history", feed.apply_changes(**by, column_list=COLUMNS, stored_as_scd_type=2))
    return builder.build()


class Bench:
    """A warehouse with a Bronze table of changes, and copies of its Silver tables to merge into by hand."""

    def __init__(self, spark: SparkSession, folder: Path, *, rows: int) -> None:
        self.spark = spark
        self.folder = folder
        self.rows = rows
        self.raw = NativeTable(spark, str(folder / "lake" / "bronze" / "raw"))
        self.batch = 0

    def land(self, frame: DataFrame) -> DataFrame:
        """Add changes to Bronze, and return them as they stand there."""
        transaction = TransactionId(application="benchmark", number=self.batch)
        published = self.raw.append(frame, transaction=transaction)
        assert isinstance(published, Published)
        version = published.version
        self.batch += 1
        return self.raw.rows_added(after=version - 1, through=version)

    def refresh(self, table: str) -> float:
        """Let the pipeline take what is new, and return the seconds of the table's refresh."""
        result = run_pipeline(pipeline(), spark=self.spark, warehouse=self.folder / "lake", select=[table])
        outcome = result.outcomes[table]
        assert isinstance(outcome, Refreshed), outcome
        return sum(refresh.seconds for refresh in outcome.refreshes)

    def first(self) -> DataFrame:
        """Return the rows that the table begins with, in the order of their keys, in many files."""
        return self.spark.range(0, self.rows, 1, FILES).select(*_values("id", at=0, op="I"))

    def changes(self, share: float, *, at: int) -> DataFrame:
        """Return changes of a share of the keys, anywhere: a twentieth deletes, a tenth comes twice."""
        count = int(self.rows * share)
        keys = self.spark.range(0, count, 1, 4).select(
            (F.abs(F.xxhash64("id", F.lit(at))) % self.rows).alias("id")
        )
        op = F.when(F.rand(at) < 0.05, "D").otherwise("U")
        found = keys.distinct().select(*_values("id", at=at, op=op)).cache()
        return found.union(found.where("id % 10 = 0"))

    def late(self, *, at: int) -> DataFrame:
        """Return late rows of a thousandth of the keys, which lie in a hundredth of the files."""
        first = at * self.rows // FILES
        return self.spark.range(first, first + self.rows // FILES, 10, 1).select(
            *_values("id", at=-at, op="U")
        )

    def by_hand(self, table: str, merge: Callable[[DataFrame, str], None], changes: DataFrame) -> float:
        """Return the seconds of a merge by hand into the copy of a table."""
        started = time.monotonic()
        merge(changes, str(self.folder / "by_hand" / table))
        return time.monotonic() - started

    def seconds_of_rewriting(self, table: str) -> float:
        """Return how long it takes to write all rows of a Silver table again."""
        started = time.monotonic()
        frame = self.spark.read.format("delta").load(str(self.folder / "lake" / "silver" / table))
        frame.write.format("delta").mode("overwrite").save(str(self.folder / "rewritten"))
        return time.monotonic() - started

    def copy(self, table: str) -> None:
        """Copy a Silver table as it stands now."""
        target = self.folder / "by_hand" / table
        shutil.rmtree(target, ignore_errors=True)
        shutil.copytree(self.folder / "lake" / "silver" / table, target)


def _values(key: str, *, at: int, op: Any) -> Sequence[Any]:
    made = F.lit(op) if isinstance(op, str) else op
    return (
        F.col(key).alias("id"),
        F.lit(at).cast("bigint").alias("at"),
        made.alias("op"),
        F.concat(F.lit("name "), F.col(key)).alias("name"),
        F.concat(F.lit("city "), F.col(key) % 1000 + at).alias("city"),
        (F.col(key) * 0.25 + at).cast("double").alias("amount"),
        F.sha1(F.concat(F.col(key).cast("string"), F.lit(at))).alias("note"),
    )


def merge_now(changes: DataFrame, path: str) -> None:
    """The MERGE that keeps rows as they are now."""
    latest = changes.selectExpr("*", "row_number() OVER (PARTITION BY id ORDER BY at DESC) AS rank").where(
        "rank = 1"
    )
    latest.drop("rank").createOrReplaceTempView("latest")
    sets = ", ".join(f"t.{name} = s.{name}" for name in COLUMNS)
    changes.sparkSession.sql(
        f"MERGE INTO delta.`{path}` t USING latest s ON t.id = s.id "
        "WHEN MATCHED AND s.at > t.at AND s.op = 'D' THEN DELETE "
        f"WHEN MATCHED AND s.at > t.at THEN UPDATE SET {sets} "
        f"WHEN NOT MATCHED AND s.op <> 'D' THEN INSERT ({', '.join(COLUMNS)}) "
        f"VALUES ({', '.join(f's.{name}' for name in COLUMNS)})"
    )


def merge_history(changes: DataFrame, path: str) -> None:
    """The MERGE that closes the row that is true now, and inserts the next one, in one go."""
    latest = changes.selectExpr("*", "row_number() OVER (PARTITION BY id ORDER BY at DESC) AS rank").where(
        "rank = 1"
    )
    latest.drop("rank").createOrReplaceTempView("latest")
    spark = changes.sparkSession
    spark.sql(
        "SELECT id AS key, true AS closes, * FROM latest UNION ALL "
        "SELECT NULL AS key, false AS closes, * FROM latest WHERE op <> 'D'"
    ).createOrReplaceTempView("closing_and_new")
    names, values = ", ".join(COLUMNS), ", ".join(f"s.{name}" for name in COLUMNS)
    spark.sql(
        f"MERGE INTO delta.`{path}` t USING closing_and_new s "
        "ON t.id = s.key AND t.__END_AT IS NULL "
        "WHEN MATCHED AND s.at > t.at THEN UPDATE SET t.__END_AT = s.at "
        f"WHEN NOT MATCHED AND NOT s.closes THEN INSERT ({names}, __START_AT, __END_AT) VALUES ({values}, s.at, NULL)"
    )


def main(arguments: argparse.Namespace) -> None:
    spark = SparkSessionFactory().create("change data")
    spark.sparkContext.setLogLevel("ERROR")
    shown = Table(title=f"changes of {arguments.rows:,} rows: medians of {arguments.runs}, in seconds")
    for heading in ("what", "ours", "by hand", "ratio"):
        shown.add_column(heading, justify="left" if heading == "what" else "right")
    merges = {"now": merge_now, "history": merge_history}
    for table in [arguments.only] if arguments.only else list(merges):
        merge = merges[table]
        with tempfile.TemporaryDirectory(dir=arguments.folder) as folder:
            bench = Bench(spark, Path(folder), rows=arguments.rows)
            bench.land(bench.first())
            print(f"{table}: begins in {bench.refresh(table):.1f} s", flush=True)
            if table == "history":
                late, rewritten = [], []
                for round_ in range(1, arguments.runs + 1):
                    bench.land(bench.late(at=round_))
                    late.append(bench.refresh(table))
                    rewritten.append(bench.seconds_of_rewriting(table))
                    print(f"{table}: late {late[-1]:.1f} s, rewritten {rewritten[-1]:.1f} s", flush=True)
                _add(shown, "history: late rows, beside rewriting the table", late, rewritten)
            bench.copy(table)
            ours, theirs = [], []
            for round_ in range(1, arguments.runs + 2):
                changes = bench.land(bench.changes(0.01, at=round_))
                theirs.append(bench.by_hand(table, merge, changes))
                ours.append(bench.refresh(table))
                print(f"{table}: ours {ours[-1]:.1f} s, by hand {theirs[-1]:.1f} s", flush=True)
            _add(shown, f"{table}: 1 % at random keys", ours[1:], theirs[1:])
    Console(width=110).print(shown)


def _add(shown: Table, what: str, ours: Sequence[float], theirs: Sequence[float]) -> None:
    one, other = statistics.median(ours), statistics.median(theirs)
    shown.add_row(what, f"{one:.1f}", f"{other:.1f}", f"{one / other:.2f}")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--rows", type=int, default=5_000_000)
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--only", choices=("now", "history"), help="one of the two tables")
    parser.add_argument("--folder", type=Path, default=None, help="where the tables are made")
    main(parser.parse_args())
