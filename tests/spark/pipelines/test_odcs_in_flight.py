"""A data contract's file is enforced as rows are written: each bad row is set aside under the contract's own id."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml
from click.testing import CliRunner
from landing import Lake
from pyspark.sql import SparkSession
from pyspark.sql.types import StructType

from lakehouse.pipelines import (
    DeclarativePipelineBuilder,
    Failed,
    KeptContracts,
    PipelineDefinition,
    Refreshed,
    Warehouse,
    exported_contract,
    from_files,
    from_rows,
    read,
    resolve,
)
from lakehouse.quality import contract_changes

pytestmark = pytest.mark.spark

FILE = Path(__file__).parents[2] / "unit" / "pipelines" / "contracts" / "orders.odcs.yaml"
TYPES = {"order_id": "bigint", "amount": "decimal(10,2)", "ordered_at": "timestamp"}
COLUMNS = ("order_id", "customer", "amount", "status", "ordered_at")


def shop(file: Path, **types: str) -> PipelineDefinition:
    builder = DeclarativePipelineBuilder("shop").variable("landing", default="none")
    builder.bronze("raw", from_files("${landing}/*.csv", columns=COLUMNS))
    builder.silver("customers", from_rows([("Ann",), ("Bob",)], columns={"name": "string"}).replace())
    flow = read("raw", incremental=True).cast({**TYPES, **types})
    return builder.silver("orders", flow.append(), contract=str(file)).build()


def test_rows_are_judged_by_the_contract_and_the_file_is_kept(spark: SparkSession, tmp_path: Path) -> None:
    lake = Lake(spark, tmp_path)
    file = tmp_path / "orders.odcs.yaml"
    agreed = yaml.safe_load(FILE.read_text())
    absent = {"metric": "missingValues", "arguments": {"missingValues": ["N/A", ""]}, "mustBe": 0}
    agreed["schema"][0]["properties"][2]["quality"].append(absent)  # texts, in a column of numbers
    file.write_text(yaml.safe_dump(agreed))
    good = [(number, "Ann", "1.50", "open", "2024-05-01 10:00:00") for number in range(20)]
    bad: list[tuple[Any, ...]] = [
        (20, "Ann", "1.50", "lost", "2024-05-01 10:00:00"),  # one of 27: within the contract's 5 percent
        (21, "", "1.50", "open", "2024-05-01 10:00:00"),
        (22, "Zoe", "1.50", "open", "2024-05-01 10:00:00"),
        (23, "bob", "-1.00", "open", "2024-05-01 10:00:00"),
        (23, "Bob", "20000", "open", "2024-05-01 10:00:00"),  # the other row of this key is set aside
        (24, "Ann", "1.50", "open", "2024-05-01 10:00:00"),
        (24, "Bob", "1.50", "open", "2024-05-01 10:00:00"),
    ]
    lake.land("1.csv", *good, *bad, header=",".join(COLUMNS))

    result = lake.run(shop(file))

    assert result.status == "ok", result.failures
    outcome = result.outcomes["orders"]
    assert isinstance(outcome, Refreshed)
    tally = outcome.refreshes[0].tally
    assert (tally.rows_in, tally.written, tally.quarantined) == (27, 22, 5)
    assert {rule: count for rule, count in tally.broken.items() if count} == {
        "required(customer)": 1,
        "references(customer)": 2,
        "pattern(customer)": 1,
        "bounds(amount)": 1,
        "not-too-large": 1,
        "status-known": 1,
        "primary_key(order_id)": 2,
        "latency(ordered_at)": 27,
    }
    assert (20, "lost") in lake.rows("silver/orders", "order_id", "status"), "what is tolerated stays"
    errors = {
        (row[0], row[1]): sorted(error.rule for error in row[2] if error.rule != "latency(ordered_at)")
        for row in lake.rows("silver/orders_quarantine", "order_id", "customer", "_errors")
    }
    assert errors[22, "Zoe"] == ["references(customer)"]
    assert errors[24, "Ann"] == errors[24, "Bob"] == ["primary_key(order_id)"]
    assert (23, "open") in lake.rows("silver/orders", "order_id", "status"), "its other row counts for nobody"

    # What was agreed on is known afterwards, and a new version is compared with it.
    kept = KeptContracts(Warehouse.at(lake.warehouse), layer="silver", table="orders")
    newest = kept.newest()
    assert newest is not None
    assert newest.text == file.read_text()
    given = yaml.safe_load(file.read_text())
    given["schema"][0]["properties"][3]["required"] = True
    file.write_text(yaml.safe_dump(given))
    table = shop(file).resolved().tables[2]
    assert table.agreed is not None
    assert [(each.column, each.what) for each in contract_changes(newest, table.agreed.document)] == [
        ("status", "is required")
    ]

    # The definition is held to the contract before any data is read.
    found = resolve(shop(file).with_variables({"landing": "x"}), spark)
    document = exported_contract(found.graph.tables["orders"], found.schemas["orders"], pipeline="shop")
    assert document == given
    wrong = resolve(shop(file, amount="double").with_variables({"landing": "x"}), spark)
    assert "'amount' is double, expected decimal(10,2)" in "\n".join(map(str, wrong.problems))


@pytest.mark.slow
def test_a_plan_tells_what_a_definition_changes_and_for_whom(
    spark: SparkSession, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lake = Lake(spark, tmp_path)
    lake.land("1.csv", (1, "Ann", "1.50", "open", "2024-05-01 10:00:00"), header=",".join(COLUMNS))
    file = tmp_path / "agreed.odcs.yaml"
    named = [{"name": name, "logicalType": "string"} for name in ("customer", "status")]
    agreed: dict[str, Any] = {"kind": "DataContract", "apiVersion": "v3.1.0", "id": "a", "version": "1.0.0"}
    agreed |= {"status": "active", "schema": [{"name": "agreed", "properties": named}]}
    file.write_text(yaml.safe_dump(agreed))

    def declared(*columns: str) -> PipelineDefinition:
        builder = DeclarativePipelineBuilder("shop").variable("landing", default=str(lake.landing))
        builder.bronze("raw", from_files("${landing}/*.csv", columns=COLUMNS))
        flow = read("raw", incremental=True).select(*columns)
        builder.silver("orders", flow.append(), contract={"columns": "evolve", "data_type": "evolve"})
        held = read("raw", incremental=True).select("customer", "status").append()
        builder.silver("agreed", held, contract=str(file))
        return builder.gold("count", read("orders").aggregate(by="id", n="count(*)").replace()).build()

    lake.run(declared("CAST(order_id AS INT) AS id", "status"))
    named[1]["required"] = True  # type: ignore[assignment]
    named[0]["description"] = "Who pays"
    file.write_text(yaml.safe_dump(agreed))
    changed = declared("CAST(order_id AS BIGINT) AS id", "amount")
    monkeypatch.setattr("lakehouse.cli.pipeline_options.load_definition", lambda name, file: changed)
    monkeypatch.setattr("lakehouse.cli.pipeline_options.open_session", lambda *given, **more: spark)
    from lakehouse.cli.plan import command

    told = CliRunner().invoke(command, ["shop", "--warehouse", str(lake.warehouse)], standalone_mode=False)

    contract = [line for line in told.output.splitlines() if line.startswith("agreed: ")]
    assert contract == ["agreed: the contract: 'status' is required: breaking"]
    lines = [line for line in told.output.splitlines() if line.startswith("orders: ")]
    assert lines == [
        "orders: 'id' was int, is bigint: not breaking",
        "orders: 'status' no longer comes: breaking for count and readers elsewhere",
        "orders: 'amount' is added (string): not breaking",
    ]


@pytest.mark.slow
def test_sums_agree_and_measures_stay_near_the_last_batches(spark: SparkSession, tmp_path: Path) -> None:
    lake = Lake(spark, tmp_path)
    columns = ("id", "amount")

    def declared(total: str) -> PipelineDefinition:
        builder = DeclarativePipelineBuilder("shop").variable("landing", default="none")
        builder.bronze("raw", from_files("${landing}/*.csv", columns=columns))
        builder.silver("ledger", from_rows([(total,)], columns={"total": "decimal(10,2)"}).replace())
        flow = read("raw", incremental=True).cast({"id": "int", "amount": "decimal(10,2)"})
        flow = flow.same_sum("ledger", "amount", to="total", at_most="1 %", action="warn")
        flow = flow.steady("avg(amount)", within="20 %", runs=3, action="quarantine")
        return builder.silver("orders", flow.append()).build()

    broken = []
    for number, (amount, total) in enumerate(
        [(10, "10"), (11, "21.1"), (9, "40"), (10, "40"), (30, "70"), (11, "51")]
    ):
        lake.land(f"{number}.csv", (number, amount), header=",".join(columns))
        outcome = lake.run(declared(total)).outcomes["orders"]
        assert not isinstance(outcome, Failed), outcome
        assert isinstance(outcome, Refreshed)
        tally = outcome.refreshes[-1].tally
        broken.append(tuple(sorted(rule for rule, count in tally.broken.items() if count)))
    assert broken == [
        (),
        (),
        ("same_sum(amount)",),
        (),
        ("steady(avg(amount))",),
        (),
    ], "the batch of 30 is set aside, and is not what is usual from then on"
    assert [row[1] for row in lake.rows("silver/orders", "id", "amount")] == [10, 11, 9, 10, 11]


def test_a_contract_that_the_table_can_not_hold_is_refused(spark: SparkSession) -> None:
    definition = shop(FILE).with_variables({"landing": "none"})
    held = resolve(definition, spark).schemas["orders"]
    narrow = StructType([each for each in held if each.name != "status"])

    found = resolve(
        definition, spark, existing=lambda table: narrow if table.name == "orders" else None
    ).problems

    problem = "\n".join(map(str, found))
    assert "'status' (string) is not expected" in problem
    assert "contract={'columns': 'evolve'}" in problem
