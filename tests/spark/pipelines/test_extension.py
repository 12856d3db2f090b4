"""A layer, a source, a format, a step and a write mode of one's own: one file each, and no class touched."""

from __future__ import annotations

from pathlib import Path

import pytest
from pyspark.sql import SparkSession

from lakehouse.pipelines import (
    DeclarativePipelineBuilder,
    Flow,
    PipelineFactory,
    Refreshed,
    from_files,
    read,
    read_yaml_definition,
)
from lakehouse.source_location import caller_location
from lakehouse.words import UnknownWordError
from tests.spark.pipelines.extensions.append_twice import AppendTwice
from tests.spark.pipelines.extensions.countdown import Countdown
from tests.spark.pipelines.extensions.lines import LinesFormat
from tests.spark.pipelines.extensions.platinum import PlatinumPipeline
from tests.spark.pipelines.extensions.sample import Sample
from tests.spark.pipelines.landing import Lake

pytestmark = pytest.mark.spark

YAML = """
name: own
extensions: [tests.spark.pipelines.extensions.sample, tests.spark.pipelines.extensions.countdown,
             tests.spark.pipelines.extensions.append_twice]
variables: {landing: none}
tables:
  - name: numbers
    layer: silver
    flow: {countdown: {start: 10}, steps: [{sample: {every: 5}}]}
    write: append_twice
  - name: top
    layer: platinum
    flow: {read: {table: numbers}, steps: [{aggregate: {measures: {most: max(number)}}}]}
    write: replace
"""


@pytest.fixture
def platinum(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(PipelineFactory, "_layers", PipelineFactory.layers())
    monkeypatch.setattr(PlatinumPipeline, "approved", [])
    PipelineFactory.register("platinum", PlatinumPipeline)


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


def test_words_from_outside_are_words_of_flows_and_of_yaml(tmp_path: Path) -> None:
    flow = Flow(source=Countdown(start=10, location=caller_location())).sample(5).append_twice()
    assert flow.steps == (Sample(every=5, location=caller_location()),)
    assert flow.write_mode == AppendTwice()
    (tmp_path / "own.yaml").write_text(YAML)
    numbers, _ = read_yaml_definition(tmp_path / "own.yaml").tables
    assert numbers.flow == flow
    assert numbers.flow.steps[0].location.line == 9
    with pytest.raises(UnknownWordError, match="did you mean 'sample'"):
        flow.sampel(5)


def test_what_a_source_from_outside_rejects_is_set_aside_and_counted(
    spark: SparkSession, tmp_path: Path
) -> None:
    lake = Lake(spark, tmp_path)
    builder = DeclarativePipelineBuilder("own").variable("landing", default="none")
    long = Flow(source=Countdown(start=1_001, location=caller_location())).append()
    outcome = lake.run(builder.gold("numbers", long).build()).outcomes["numbers"]
    assert isinstance(outcome, Refreshed)
    assert outcome.refreshes[0].details == {"numbers": 1_001}
    assert lake.rows("gold/numbers_quarantine", "number") == [(1000,)]


@pytest.mark.parametrize(
    "layer", ["silver", *(pytest.param(layer, marks=pytest.mark.slow) for layer in ("bronze", "gold"))]
)
def test_any_layer_takes_files_of_a_format_from_outside(
    spark: SparkSession, tmp_path: Path, layer: str
) -> None:
    lake = Lake(spark, tmp_path)
    flow = from_files("${landing}/*.txt", format=LinesFormat(forbidden="secret"))
    builder = DeclarativePipelineBuilder("own").variable("landing", default="none")
    definition = builder.table("lines", flow, layer=layer).build()
    (lake.landing / "a.txt").write_text("one\ntwo\n")
    (lake.landing / "b.txt").write_text("a secret\n")
    assert lake.run(definition).status == "ok"
    assert lake.rows(f"{layer}/lines", "line") == [("one",), ("two",)]
    (lake.landing / "c.txt").write_text("three\n")
    lake.run(definition)
    assert lake.rows(f"{layer}/lines", "line") == [("one",), ("three",), ("two",)]
    (bad,) = lake.rows(f"{layer}/lines_quarantine", "_source_file", "_errors.message")
    assert bad == (str(lake.landing / "b.txt"), ["it holds 'secret'"])
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
