"""How tables are refreshed: what is new and only that, once, whole or not at all."""

from __future__ import annotations

import datetime as dt
import shutil
import time
from pathlib import Path

import pytest
from delta.tables import DeltaTable
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from lakehouse.pipelines import (
    DeclarativePipelineBuilder,
    DefinitionErrors,
    EventLog,
    Failed,
    NothingNew,
    PipelineDefinition,
    Refreshed,
    RunListener,
    Skipped,
    Warehouse,
    from_files,
    read,
)
from tests.spark.pipelines.landing import TYPED, Lake, shop

pytestmark = pytest.mark.spark

SALES = ("silver", TYPED.append())
TOTALS = ("gold", read("sales").aggregate(by="day", units="sum(units)").replace())


@pytest.fixture
def lake(spark: SparkSession, tmp_path: Path) -> Lake:
    return Lake(spark, tmp_path)


def test_only_new_files_and_new_rows_are_processed(lake: Lake) -> None:
    definition = shop(sales=SALES, totals=TOTALS)
    lake.land("a.csv", (1, 5, "2024-01-01"), (2, 6, "2024-01-01"))
    lake.run(definition)
    lake.land("b.csv", (3, 7, "2024-01-02"))
    result = lake.run(definition)
    outcome = result.outcomes["sales"]
    assert isinstance(outcome, Refreshed)
    assert outcome.refreshes[0].tally.rows_in == 1
    assert lake.rows("silver/sales", "id") == [(1,), (2,), (3,)]
    assert lake.rows("gold/totals") == [(dt.date(2024, 1, 1), 11), (dt.date(2024, 1, 2), 7)]


def test_a_row_that_the_table_holds_already_is_left_out_and_counted(lake: Lake) -> None:
    definition = shop(sales=SALES)
    lake.land("a.csv", (1, 5, "2024-01-01"), (2, None, "2024-01-01"))
    lake.run(definition)
    lake.land("b.csv", (1, 5, "2024-01-01"), (2, None, "2024-01-01"), (3, 5, "2024-01-01"))
    outcome = lake.run(definition).outcomes["sales"]
    assert isinstance(outcome, Refreshed)
    steps = {step.step: (step.rows_in, step.rows_out) for step in outcome.refreshes[0].steps}
    assert steps == {"deduplicate()": (3, 3), "already in sales": (3, 1)}
    assert lake.rows("silver/sales", "id") == [(1,), (2,), (3,)]


def test_the_latest_row_of_a_key_is_merged_in(lake: Lake) -> None:
    latest = read("raw", incremental=True).cast({"id": "int", "units": "int", "day": "date"})
    latest = latest.deduplicate("id", keep="latest", order_by="day").select("id", "units", "day")
    definition = shop(stock=("silver", latest.merge("id")))
    lake.land("a.csv", (1, 5, "2024-01-01"), (1, 6, "2024-01-02"), (2, 1, "2024-01-01"))
    lake.run(definition)
    assert lake.rows("silver/stock", "id", "units") == [(1, 6), (2, 1)]
    lake.land("b.csv", (2, 9, "2024-01-03"), (3, 3, "2024-01-03"))
    lake.run(definition)
    assert lake.rows("silver/stock", "id", "units") == [(1, 6), (2, 9), (3, 3)]


def test_a_joined_table_is_read_at_the_version_that_the_batch_names(lake: Lake) -> None:
    names = read("raw").cast({"id": "int"}).select("id", "concat('n', id) AS name").deduplicate().replace()
    typed = read("raw", incremental=True).cast({"id": "int"})
    named = typed.join("names", on="id").select("id", "name").append()
    definition = shop(names=("silver", names), named=("silver", named))
    lake.land("a.csv", (1, 5, "2024-01-01"))
    lake.run(definition)
    assert lake.rows("silver/named") == [(1, "n1")]
    batch = next((lake.warehouse / "system" / "batches" / "silver" / "named").iterdir()).read_text()
    assert '"pinned":{"names":0}' in batch


def test_a_failing_table_and_those_behind_it_stay_as_they_were_and_the_others_go_on(lake: Lake) -> None:
    def ratio(frame: DataFrame) -> DataFrame:
        return frame.withColumn("ratio", F.lit(1) / F.col("units"))

    definition = shop(
        sales=SALES,
        totals=TOTALS,
        ratios=("silver", TYPED.transform(ratio).append()),
        behind=("gold", read("ratios").aggregate(by="id", top="max(ratio)").replace()),
    )
    lake.land("a.csv", (1, 5, "2024-01-01"))
    assert lake.run(definition).status == "ok"
    before = lake.rows("silver/ratios"), lake.rows("gold/behind")
    lake.land("b.csv", (2, 0, "2024-01-02"))
    result = lake.run(definition)
    failed, behind = result.outcomes["ratios"], result.outcomes["behind"]
    assert isinstance(failed, Failed)
    assert "DIVIDE_BY_ZERO" in failed.cause
    assert not failed.is_bug
    assert behind == Skipped(table="behind", because="ratios")
    assert (lake.rows("silver/ratios"), lake.rows("gold/behind")) == before
    assert lake.commits("silver/ratios") == 1
    assert lake.rows("gold/totals") == [(dt.date(2024, 1, 1), 5), (dt.date(2024, 1, 2), 0)]
    events = EventLog(Warehouse.at(lake.warehouse)).read().to_pylist()
    (event,) = [each for each in events if each["table"] == "ratios" and each["status"] == "failed"]
    assert "DIVIDE_BY_ZERO" in event["root_cause"]


def test_a_run_with_a_corrected_definition_takes_the_failed_batch(lake: Lake) -> None:
    strict = shop(sales=("silver", TYPED.expect_or_fail("some", "units > 0").append()))
    lenient = shop(sales=("silver", TYPED.expect_or_quarantine("some", "units > 0").append()))
    lake.land("a.csv", (1, 5, "2024-01-01"), (2, 0, "2024-01-01"))
    result = lake.run(strict)
    assert result.status == "failed"
    assert "'some'" in str(result.failures[0].error)
    left = [path for path in (lake.warehouse / "silver" / "sales").rglob("*") if path.is_file()]
    assert left == []
    assert lake.run(lenient).status == "ok"
    assert lake.rows("silver/sales", "id") == [(1,)]
    assert lake.rows("silver/sales_quarantine", "id") == [(2,)]


def test_a_batch_that_was_decided_and_not_done_is_finished_first_and_then_the_new_one(lake: Lake) -> None:
    class Stop(RunListener):
        def step_done(self, table, step) -> None:
            if (table, step) == ("sales", "batch"):
                raise RuntimeError("stopped")

    definition = shop(sales=SALES)
    lake.land("a.csv", (1, 5, "2024-01-01"))
    lake.run(definition)
    lake.land("b.csv", (2, 6, "2024-01-01"))
    assert lake.run(definition, listener=Stop()).status == "failed"
    lake.land("c.csv", (3, 7, "2024-01-01"))
    outcome = lake.run(definition).outcomes["sales"]
    assert isinstance(outcome, Refreshed)
    assert [(each.batch.number, each.tally.rows_in) for each in outcome.refreshes] == [(1, 1), (2, 1)]
    assert lake.rows("silver/sales", "id") == [(1,), (2,), (3,)]


def test_a_result_is_rebuilt_when_its_definition_changes_and_only_then(lake: Lake) -> None:
    lake.land("a.csv", (1, 5, "2024-01-01"))
    lake.run(shop(sales=SALES, totals=TOTALS))
    assert lake.run(shop(sales=SALES, totals=TOTALS)).status == "nothing new"
    other = ("gold", read("sales").aggregate(by="day", most="max(units)").replace())
    result = lake.run(shop(sales=SALES, totals=other))
    assert isinstance(result.outcomes["totals"], Refreshed)
    assert result.outcomes["sales"] == NothingNew(table="sales")
    assert lake.rows("gold/totals", "most") == [(5,)]
    assert lake.commits("gold/totals") == 2


def test_the_old_version_of_a_replaced_table_stays_readable(lake: Lake) -> None:
    lake.land("a.csv", (1, 5, "2024-01-01"))
    lake.run(shop(sales=SALES, totals=TOTALS))
    lake.land("b.csv", (2, 6, "2024-01-01"))
    lake.run(shop(sales=SALES, totals=TOTALS))
    old = lake.spark.read.format("delta").option("versionAsOf", 0).load(str(lake.warehouse / "gold/totals"))
    assert [tuple(row) for row in old.collect()] == [(dt.date(2024, 1, 1), 5)]


def test_a_table_that_was_deleted_is_rebuilt_from_all_rows(lake: Lake) -> None:
    definition = shop(sales=SALES)
    lake.land("a.csv", (1, 5, "2024-01-01"))
    lake.run(definition)
    lake.land("b.csv", (2, 6, "2024-01-01"))
    lake.run(definition)
    shutil.rmtree(lake.warehouse / "silver" / "sales")
    lake.run(definition)
    assert lake.rows("silver/sales", "id") == [(1,), (2,)]
    assert lake.run(definition).status == "nothing new"


def test_an_input_that_was_replaced_is_an_error_with_a_way_out(lake: Lake) -> None:
    definition = shop(sales=SALES)
    lake.land("a.csv", (1, 5, "2024-01-01"))
    lake.run(definition)
    shutil.rmtree(lake.warehouse / "bronze" / "raw")
    result = lake.run(definition)
    assert [failure.table for failure in result.failures] == ["sales"]
    assert "has been replaced since" in str(result.failures[0].error)
    assert "--full-refresh 'sales+'" in str(result.failures[0].error)


def test_rows_that_were_removed_from_an_input_stop_an_incremental_reader(lake: Lake) -> None:
    definition = shop(sales=SALES)
    lake.land("a.csv", (1, 5, "2024-01-01"), (2, 6, "2024-01-01"))
    lake.run(definition)
    DeltaTable.forPath(lake.spark, str(lake.warehouse / "bronze" / "raw")).delete("id = '1'")
    result = lake.run(definition)
    assert "version 1 took 1 data files away" in str(result.failures[0].error)
    assert lake.rows("silver/sales", "id") == [(1,), (2,)]


def test_a_selection_refreshes_only_what_it_names(lake: Lake) -> None:
    lake.land("a.csv", (1, 5, "2024-01-01"))
    result = lake.run(shop(sales=SALES, totals=TOTALS), select=["+sales"])
    assert list(result.outcomes) == ["raw", "sales"]
    assert not (lake.warehouse / "gold").exists()


def test_tables_that_do_not_need_each_other_run_side_by_side(lake: Lake) -> None:
    def slowly(frame: DataFrame) -> DataFrame:
        if not frame.sparkSession.conf.get("spark.test.resolving", "") and frame.columns:
            time.sleep(1.0)
        return frame

    flow = read("raw", incremental=True).transform(slowly).append()
    lake.land("a.csv", (1, 5, "2024-01-01"))
    spans: dict[str, list[float]] = {}

    class Clock(RunListener):
        def step_done(self, table, step) -> None:
            spans.setdefault(table, []).append(time.monotonic())

    lake.run(shop(one=("silver", flow), two=("silver", flow)), listener=Clock())
    assert max(spans["one"][0], spans["two"][0]) < min(spans["one"][-1], spans["two"][-1])


def test_rules_of_a_result_replace_its_quarantine_with_it(lake: Lake) -> None:
    few = (
        read("sales")
        .aggregate(by="day", units="sum(units)")
        .expect_or_quarantine("few", "units < 10")
        .replace()
    )
    definition = shop(sales=SALES, totals=("gold", few))
    lake.land("a.csv", (1, 50, "2024-01-01"), (2, 5, "2024-01-02"))
    lake.run(definition)
    lake.land("b.csv", (3, 1, "2024-01-01"))
    lake.run(definition)
    assert lake.rows("gold/totals", "units") == [(5,)]
    assert lake.rows("gold/totals_quarantine", "units") == [(51,)]


@pytest.mark.parametrize("layer", ["bronze", "silver", "gold"])
def test_a_replaced_table_of_any_layer_is_rebuilt_when_its_definition_changes(lake: Lake, layer: str) -> None:
    lake.land("a.csv", (1, 5, "2024-01-01"), (2, 6, "2024-01-01"))
    lake.run(shop(few=(layer, read("raw").where("id = '1'").replace())))
    assert lake.rows(f"{layer}/few", "id") == [("1",)]
    lake.run(shop(few=(layer, read("raw").where("id = '2'").replace())))
    assert lake.rows(f"{layer}/few", "id") == [("2",)]


@pytest.mark.parametrize("layer", ["silver", pytest.param("gold", marks=pytest.mark.slow)])
def test_quarantined_rows_go_with_a_replaced_table_and_stay_with_a_merged_one(lake: Lake, layer: str) -> None:
    rows = read("raw", incremental=True).cast({"id": "int", "units": "int"}, on_error="null")
    rows = rows.select("id", "units").expect_or_quarantine("few", "units < 10")
    whole = read("raw").select("id").expect_or_quarantine("low", "id < 10")
    definition = shop(merged=(layer, rows.merge("id")), replaced=(layer, whole.replace()))
    lake.land("a.csv", (1, 50, "2024-01-01"), (12, 1, "2024-01-01"))
    lake.run(definition)
    lake.land("b.csv", (2, 60, "2024-01-01"), (3, 1, "2024-01-01"), (3, 1, "2024-01-02"))
    lake.run(definition)
    assert lake.rows(f"{layer}/merged", "id") == [(12,), (3,)], "rows of a key that say the same are one"
    assert lake.rows(f"{layer}/merged_quarantine", "id", "_batch") == [(1, 0), (2, 1)]
    assert lake.rows(f"{layer}/replaced_quarantine", "id", "_batch") == [("12", 1)]


def test_a_merge_is_refused_rows_of_another_schema(lake: Lake) -> None:
    ids = read("raw", incremental=True)
    lake.land("a.csv", (1, 5, "2024-01-01"))
    lake.run(shop(stock=("silver", ids.select("id").merge("id"))))
    lake.land("b.csv", (2, 6, "2024-01-01"))
    with pytest.raises(DefinitionErrors, match="'units' \\(string\\) is not expected"):
        lake.run(shop(stock=("silver", ids.select("id", "units").merge("id"))))
    assert lake.rows("silver/stock") == [("1",)]


def test_columns_come_and_go_in_a_table_that_evolves(lake: Lake) -> None:
    def definition(*columns: str) -> PipelineDefinition:
        rows = read("raw", incremental=True).select(*columns).deduplicate().unique(columns[-1])
        return shop(seen=("silver", rows.append(evolve_schema=True)))

    for name, columns in (("a", ("id",)), ("b", ("id", "units")), ("c", ("id",))):
        lake.land(f"{name}.csv", *2 * [(name, 5, "2024-01-01")], *[("a", 6, "2024-01-01")] * (name == "b"))
        assert lake.run(definition(*columns)).status == "ok"
    assert lake.rows("silver/seen", "id", "units") == [("a", "6"), ("a", None), ("b", "5"), ("c", None)]


def test_a_deduplicate_in_any_layer_leaves_out_what_an_appended_table_holds(lake: Lake) -> None:
    once = read("raw", incremental=True).select("id").deduplicate().append()
    definition = shop(seen=("gold", once))
    for name in ("a", "b"):
        lake.land(f"{name}.csv", (1, 5, "2024-01-01"), (name == "b", 5, "2024-01-02"))
        lake.run(definition)
    assert lake.rows("gold/seen") == [("1",), ("False",), ("True",)]


def test_a_table_waits_for_one_that_a_step_reads_and_that_is_not_there_yet(lake: Lake) -> None:
    none = read("names_raw").select("id").replace()
    named = read("raw", incremental=True).join("names", on="id", how="inner").append()
    definition = (
        DeclarativePipelineBuilder("shop")
        .variable("landing", default="none")
        .bronze("raw", from_files("${landing}/*.csv", columns=["id", "units", "day"]))
        .bronze("names_raw", from_files("${landing}/*.names", columns=["id"]))
        .silver("names", none)
        .silver("named", named)
        .build()
    )
    lake.land("a.csv", (1, 5, "2024-01-01"))
    assert lake.run(definition).outcomes["named"] == NothingNew(table="named")
    lake.land("a.names", (1,), header="id")
    assert lake.run(definition).status == "ok"
    assert lake.rows("silver/named", "id") == [("1",)]


def test_two_runs_at_once_write_every_row_once(lake: Lake) -> None:
    from concurrent.futures import ThreadPoolExecutor

    definition = shop(sales=SALES, totals=TOTALS)
    for name in ("a", "b", "c"):
        lake.land(f"{name}.csv", *((ord(name) * 10 + n, n, "2024-01-01") for n in range(5)))
    with ThreadPoolExecutor(2) as pool:
        results = list(pool.map(lambda _: lake.run(definition, exclusive=False), range(2)))
    assert len(lake.rows("bronze/raw")) == 15
    final = lake.run(definition)
    assert final.status in ("ok", "nothing new"), [result.failures for result in (*results, final)]
    assert len(lake.rows("silver/sales")) == 15
    assert lake.rows("gold/totals") == [(dt.date(2024, 1, 1), 30)]
