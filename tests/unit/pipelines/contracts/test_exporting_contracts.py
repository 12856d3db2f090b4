"""What is declared comes out as a contract of the standard; what came from one comes out as it was."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import yaml
from jsonschema import Draft201909Validator
from pyspark.sql.types import (
    BinaryType,
    DateType,
    DecimalType,
    LongType,
    StringType,
    StructField,
    StructType,
)

from lakehouse.pipelines import (
    DeclarativePipelineBuilder,
    TableDefinition,
    agreed_on,
    beginning_of,
    contract_text,
    exported_contract,
    read,
    read_yaml_definition,
)
from lakehouse.quality import UnreadableContractError, parse_odcs, read_odcs

FOLDER = Path(__file__).parent
FILE = FOLDER / "orders.odcs.yaml"
STANDARD = Draft201909Validator(json.loads((FOLDER / "odcs-json-schema-v3.1.0.json").read_text()))
SCHEMA = StructType(
    [
        StructField("order_id", LongType()),
        StructField("customer", StringType()),
        StructField("amount", DecimalType(10, 2)),
        StructField("status", StringType()),
        StructField("day", DateType()),
        StructField("photo", BinaryType()),
    ]
)
FLOW = (
    read("orders_raw", incremental=True)
    .not_null("customer")
    .not_null("day", action="warn", at_most="1 %")
    .accepted("status", ["open", "paid"], at_most="< 5 %")
    .between("amount", 0, 10_000)
    .between("day", "2020-01-01", action="fail")
    .matches("customer", "[A-Z].*", action="drop")
    .unique("order_id")
    .unique("customer", "day", at_most=10)
    .references("customers", "customer", to="name")
    .references("days", ["day", "customer"], action="warn")
    .references("customers", "status", to="name", action="drop", at_most="2 %")
    .row_count(1, 100)
    .row_count(1, of="batch", action="warn")
    .freshness("day", within="36min")
    .expect_or_drop("large", "amount > 1")
    .expect("known", lambda: None, null_is_fine=True)  # type: ignore[arg-type, return-value] - it is never called
)


def table(**options: Any) -> TableDefinition:
    builder = DeclarativePipelineBuilder("shop")
    builder.silver("customers", read("customers_raw", incremental=True).append())
    builder.silver("orders", FLOW.append(), **options)
    return builder.build().resolved().tables[1]


def test_what_is_exported_is_valid_by_the_standards_own_schema(tmp_path: Path) -> None:
    options = {"comment": "Orders", "columns": {"day": "of the order"}, "contract": {"columns": "rescue"}}
    document = yaml.safe_load(contract_text(exported_contract(table(**options), SCHEMA, pipeline="shop")))

    assert [error.message for error in STANDARD.iter_errors(document)] == []
    (orders,) = document["schema"]
    assert orders["customProperties"] == [{"property": "lakehouse.columns", "value": "rescue"}]
    types = {each["name"]: (each.get("logicalType"), each["physicalType"]) for each in orders["properties"]}
    assert types == {
        "order_id": ("integer", "bigint"),
        "customer": ("string", "string"),
        "amount": ("number", "decimal(10,2)"),
        "status": ("string", "string"),
        "day": ("date", "date"),
        "photo": (None, "binary"),
    }
    assert document["slaProperties"] == [
        {"property": "freshness", "value": 36, "unit": "min", "element": "orders.day"}
    ]


def test_rules_that_are_exported_are_judged_again_where_they_are_imported(tmp_path: Path) -> None:
    file = tmp_path / "orders.odcs.yaml"
    file.write_text(contract_text(exported_contract(table(), SCHEMA, pipeline="shop")))

    found = agreed_on(str(file), table="orders")

    judged = {rule.name: (rule.action, rule.at_most) for rule in found.rules}
    assert judged == {
        "required(customer)": ("quarantine", None),
        "not_null(day)": ("warn", "1 %"),
        "accepted(status)": ("quarantine", "< 5 %"),
        "bounds(amount)": ("quarantine", None),
        "between(day)": ("fail", None),
        "matches(customer)": ("drop", None),
        "unique(order_id)": ("quarantine", None),
        "unique(customer, day)": ("quarantine", 10),
        "references(customer)": ("quarantine", None),
        "references(day, customer)": ("warn", None),
        "references(status)": ("drop", "2 %"),
        "row_count": ("fail", None),
        "row_count(batch)": ("warn", None),
        "freshness(day)": ("warn", None),
        "large": ("drop", None),
    }
    assert [each.what for each in found.not_enforced] == ["the item 'known'"], (
        "a function can't be written down"
    )


def test_a_contract_that_was_imported_is_exported_as_the_same_document() -> None:
    builder = DeclarativePipelineBuilder("shop").silver("customers", read("c", incremental=True).append())
    builder.silver("orders", read("orders_raw", incremental=True).append(), contract=str(FILE))
    held = builder.build().resolved().tables[1]

    document = exported_contract(held, SCHEMA, pipeline="shop")

    assert yaml.safe_load(contract_text(document)) == yaml.safe_load(FILE.read_text())
    assert contract_text(document, like=read_odcs(FILE)) == FILE.read_text(), "to the letter, comments too"


def test_what_the_definition_adds_to_a_contract_is_exported_with_it() -> None:
    held = table(contract=str(FILE))
    before = yaml.safe_load(FILE.read_text())

    document = yaml.safe_load(contract_text(exported_contract(held, SCHEMA, pipeline="shop")))

    assert [error.message for error in STANDARD.iter_errors(document)] == []
    assert {key: value for key, value in document.items() if key not in ("schema", "slaProperties")} == {
        key: value for key, value in before.items() if key not in ("schema", "slaProperties")
    }
    assert held.agreed is not None
    assert held.agreed.document.given == before, "the contract itself stays as it is"
    properties = document["schema"][0]["properties"]
    first = before["schema"][0]["properties"][0]
    assert properties[0] == {**first, "unique": True}, "what is there already stays as it is"
    (day,) = (each for each in properties if each["name"] == "day")
    assert [each["name"] for each in day["quality"]] == ["not_null(day)"], "a rule brings its column along"
    names = [each.get("name") for each in document["schema"][0]["quality"]]
    assert names == [
        None,
        None,
        "between(day)",
        "unique(customer, day)",
        "references(status)",
        "row_count",
        "row_count(batch)",
        "large",
        "known",
    ]


def test_a_definition_to_begin_with_is_read_and_held_to_the_contract(tmp_path: Path) -> None:
    file = tmp_path / "shop.yaml"
    file.write_text(beginning_of(read_odcs(FILE), file=str(FILE)))

    raw, orders = read_yaml_definition(file).resolved().tables

    assert (raw.name, orders.name, orders.layer) == ("orders_raw", "orders", "silver")
    assert orders.flow.write_mode is not None
    assert orders.flow.write_mode.name == "merge(order_id)"
    assert "required(customer)" in [rule.name for rule in orders.flow.rules]


def test_a_contract_without_tables_begins_no_definition() -> None:
    document = parse_odcs("kind: DataContract\napiVersion: v3.1.0\n", file="x.odcs.yaml")
    with pytest.raises(
        UnreadableContractError, match=r"x.odcs.yaml:1: its schema has no object.*Fix: add schema"
    ):
        beginning_of(document, file="x.odcs.yaml")


@pytest.mark.parametrize("word", ["contract: freeze", "contract: {columns: evolve, data_type: rescue}"])
def test_yaml_says_a_contract_as_python_does(word: str, tmp_path: Path) -> None:
    file = tmp_path / "shop.yaml"
    file.write_text(
        "name: shop\ntables:\n  - name: t\n    layer: silver\n    flow: {read: {table: raw}}\n"
        f"    write: replace\n    options: {{{word}}}\n"
    )
    given: Any = "freeze" if "freeze" in word else {"columns": "evolve", "data_type": "rescue"}
    python = DeclarativePipelineBuilder("shop").silver("t", read("raw").replace(), contract=given).build()
    assert read_yaml_definition(file).tables[0].options == python.tables[0].options
