"""A layer, a source, a step and a write mode of one's own: registered from outside, no class touched."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql.types import StructType

from lakehouse.pipelines import (
    DeclarativePipelineBuilder,
    Flow,
    GoldAggregationPipeline,
    Inputs,
    PipelineFactory,
    ReadableSource,
    RefreshContext,
    Step,
    Verdict,
    read,
)
from lakehouse.pipelines.batches import Batch
from lakehouse.pipelines.steps import TableReader
from lakehouse.source_location import caller_location
from lakehouse.tables import AlreadyPublished, IWritableDeltaTable, Published, TransactionId
from tests.spark.pipelines.landing import Lake

pytestmark = pytest.mark.spark


@dataclass(frozen=True, slots=True, kw_only=True)
class Countdown(ReadableSource):
    """A source that offers the numbers below ``start``, once."""

    start: int

    def schema(self, upstream: Mapping[str, StructType]) -> StructType:
        return StructType().add("number", "long", False)

    def next_inputs(self, context: RefreshContext, table: str, history: Sequence[Inputs]) -> Inputs | None:
        return None if history else {"start": self.start}

    def read(self, context: RefreshContext, inputs: Inputs) -> DataFrame:
        return context.spark.range(inputs["start"]).toDF("number")


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample(Step):
    """A step that keeps every n-th number."""

    every: int

    @property
    def label(self) -> str:
        return f"sample({self.every})"

    def apply(self, frame: DataFrame, tables: TableReader) -> DataFrame:
        return frame.where(f"number % {self.every} = 0")


@dataclass(frozen=True, slots=True, kw_only=True)
class AppendTwice:
    """A write mode that writes every row two times over, in one commit."""

    name: str = "append twice"
    keeps_rows: bool = True
    takes_new_columns: bool = False
    required_columns: Sequence[str] = ()

    def publish(
        self, table: IWritableDeltaTable, frame: DataFrame, transaction: TransactionId
    ) -> Published | AlreadyPublished:
        return table.append(frame.union(frame), transaction=transaction)


class PlatinumPipeline(GoldAggregationPipeline):
    """A layer whose results are approved before they are published."""

    approved: list[str] = []  # noqa: RUF012 - the test looks at it

    def publish(self, verdict: Verdict, batch: Batch) -> Published | AlreadyPublished:
        self.approved.append(self.table.name)
        return super().publish(verdict, batch)


@pytest.fixture
def platinum() -> Iterator[None]:
    before = PipelineFactory.layers()
    PipelineFactory.register("platinum", PlatinumPipeline)
    yield
    PipelineFactory._layers = before


@pytest.mark.usefixtures("platinum")
def test_a_layer_source_step_and_write_mode_from_outside_work_together(
    spark: SparkSession, tmp_path: Path
) -> None:
    lake = Lake(spark, tmp_path)
    source = Countdown(start=10, location=caller_location())
    flow = Flow(source=source).step(Sample(every=5, location=caller_location())).write(AppendTwice())
    top = read("numbers").aggregate(most="max(number)").replace()
    definition = (
        DeclarativePipelineBuilder("own")
        .variable("landing", default="none")
        .silver("numbers", flow)
        .table("top", top, layer="platinum")
        .build()
    )
    assert lake.run(definition).status == "ok"
    assert lake.rows("silver/numbers") == [(0,), (0,), (5,), (5,)]
    assert lake.rows("platinum/top") == [(5,)]
    assert PlatinumPipeline.approved == ["top"]
    assert lake.run(definition).status == "nothing new"


def test_a_flow_is_tested_alone_on_frames_of_ones_own(spark: SparkSession) -> None:
    flow = read("sales").where("units > 0").join("names", on="id").select("name", "units")
    sales = spark.createDataFrame([(1, 5), (2, 0)], "id int, units int")
    names = spark.createDataFrame([(1, "one"), (2, "two")], "id int, name string")
    assert [tuple(row) for row in flow.apply(sales, {"names": names}).collect()] == [("one", 5)]


def test_usual_steps_do_what_they_say(spark: SparkSession) -> None:
    rows = [("a", "x", 1), ("a", "y", 2), ("b", "x", 3), ("b", "x", 4)]
    frame = spark.createDataFrame(rows, "k string, c string, n int")
    pivoted = read("t").pivot("c", ["x", "y"], by="k", measure="sum(n)").apply(frame)
    assert sorted(tuple(row) for row in pivoted.collect()) == [("a", 1, 2), ("b", 7, None)]
    first = read("t").deduplicate("k", keep="first", order_by="n").select("k", "n").apply(frame)
    assert sorted(tuple(row) for row in first.collect()) == [("a", 1), ("b", 3)]
    latest = read("t").deduplicate("k", keep="latest", order_by="n").select("k", "n").apply(frame)
    assert sorted(tuple(row) for row in latest.collect()) == [("a", 2), ("b", 4)]
    renamed = (
        read("t").rename(k="key").transform("SELECT key, n + 1 AS m FROM {input} WHERE n > 3").apply(frame)
    )
    assert [tuple(row) for row in renamed.collect()] == [("b", 5)]
