"""A data contract of the standard becomes the columns and rules of a table, each rule under the contract's id."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import yaml
from jsonschema import Draft201909Validator

from lakehouse.pipelines import DeclarativePipelineBuilder, PipelineDefinition, read
from lakehouse.pipelines.check.declarations import declaration_problems
from lakehouse.pipelines.declare.contracts import AgreedTable, agreed_on
from lakehouse.pipelines.declare.rules import (
    Accepted,
    Between,
    ConditionRule,
    FlowRule,
    Freshness,
    NotNull,
    References,
    RowCount,
    Unique,
)
from lakehouse.quality import Contract, UnreadableContractError, read_odcs

FILE = Path(__file__).parent / "orders.odcs.yaml"
STANDARD = json.loads((Path(__file__).parent / "odcs-json-schema-v3.1.0.json").read_text())


def agreed(change: Any = None, *, tmp_path: Path | None = None, **more: Any) -> AgreedTable:
    """Return what the contract says of ``orders``, after ``change`` of its document."""
    file = FILE
    if change is not None and tmp_path is not None:
        given = yaml.safe_load(FILE.read_text())
        change(given)
        file = tmp_path / "changed.odcs.yaml"
        file.write_text(yaml.safe_dump(given))
    return agreed_on(str(file), table="orders", **more)


def rules(found: AgreedTable) -> dict[str, FlowRule]:
    return {each.name: each.rule for each in found.rules}  # type: ignore[attr-defined]


def test_the_contract_of_these_tests_is_one_of_the_standard() -> None:
    assert list(Draft201909Validator(STANDARD).iter_errors(yaml.safe_load(FILE.read_text()))) == []


def test_each_part_that_can_be_judged_is_a_rule_under_its_id() -> None:
    found = rules(agreed(tables=["customers"]))

    assert {name: type(rule) for name, rule in found.items()} == {
        "required(customer)": NotNull,
        "pattern(customer)": ConditionRule,
        "minLength(customer)": ConditionRule,
        "references(customer)": References,
        "bounds(amount)": Between,
        "not-too-large": ConditionRule,
        "status-known": Accepted,
        "required(order_id)": NotNull,
        "primary_key(order_id)": Unique,
        "rowCount()": RowCount,
        "latency(ordered_at)": Freshness,
    }
    assert found["not-too-large"].action == "warn", "the contract says so"
    condition: Any = found["not-too-large"]
    assert condition.given_condition == "NOT coalesce((`amount` > 10000), false)"
    assert all(found[name].null_is_fine for name in ("pattern(customer)", "not-too-large"))  # type: ignore[attr-defined]
    known: Any = found["status-known"]
    assert (known.values, known.at_most, known.action) == (("open", "paid"), "5 %", "quarantine")
    count: Any = found["rowCount()"]
    assert (count.minimum, count.maximum, count.action) == (1, None, "fail")
    fresh: Any = found["latency(ordered_at)"]
    assert (fresh.column, fresh.within, fresh.action) == ("ordered_at", "2 day", "warn")
    reference: Any = found["references(customer)"]
    assert (reference.table, reference.columns, reference.to) == ("customers", ("customer",), ("name",))


def test_what_is_not_judged_is_told_with_its_line_and_reason() -> None:
    told = [str(each) for each in agreed(tables=[]).not_enforced]
    assert [each.partition(".odcs.yaml:")[2] for each in told] == [
        "38: the relationship of customer is not enforced: the pipeline has no table 'customers'",
        "65: the item 'text' is not enforced: it is written for people",
        "72: the item 'custom' is not enforced: it is for the engine 'soda'",
    ]


def test_a_key_of_several_columns_is_in_the_order_of_its_positions(tmp_path: Path) -> None:
    def change(given: dict[str, Any]) -> None:
        for name, position in (("customer", 1), ("order_id", 2)):
            (column,) = (each for each in given["schema"][0]["properties"] if each["name"] == name)
            column.update(primaryKey=True, primaryKeyPosition=position)

    found: Any = rules(agreed(change, tmp_path=tmp_path))["primary_key(customer, order_id)"]
    assert found.columns == ("customer", "order_id")


def test_a_rule_of_the_library_can_stand_in_a_contract(tmp_path: Path) -> None:
    def change(given: dict[str, Any]) -> None:
        given["schema"][0]["quality"] = [
            {
                "id": "apart",
                "type": "custom",
                "engine": "lakehouse",
                "implementation": {"unique": {"columns": ["customer", "ordered_at"], "action": "warn"}},
            }
        ]

    found: Any = rules(agreed(change, tmp_path=tmp_path))["apart"]
    assert (found.columns, found.action) == (("customer", "ordered_at"), "warn")


@pytest.mark.parametrize(
    ("operator", "at_most"),
    [
        ({"mustBe": 0}, None),
        ({"mustBeLessThan": 1}, None),
        ({"mustBeLessThan": 10}, 9),
        ({"mustBeLessOrEqualTo": 10}, 10),
        ({"mustBeBetween": [0, 3]}, 3),
        ({"mustBeLessThan": 1, "unit": "percent"}, "< 1 %"),
        ({"mustBeLessOrEqualTo": 0.5, "unit": "percent"}, "0.5 %"),
    ],
)
def test_an_operator_says_how_many_rows_may_break_a_rule(
    operator: dict[str, Any], at_most: int | str | None, tmp_path: Path
) -> None:
    def change(given: dict[str, Any]) -> None:
        given["schema"][0]["properties"][4]["quality"] = [{"metric": "nullValues", **operator}]

    assert rules(agreed(change, tmp_path=tmp_path))["nullValues(ordered_at)"].at_most == at_most


@pytest.mark.parametrize(
    ("operator", "bounds"),
    [
        ({"mustBeBetween": [1.5, 2.5]}, (2, 2)),
        ({"mustBeLessThan": 2.5}, (None, 2)),
        ({"mustBeLessThan": 2}, (None, 1)),
        ({"mustBeGreaterThan": 1.5}, (2, None)),
        ({"mustBeGreaterThan": 1}, (2, None)),
    ],
)
def test_a_number_of_rows_is_the_nearest_whole_one_within_its_bounds(
    operator: dict[str, Any], bounds: tuple[int | None, int | None], tmp_path: Path
) -> None:
    def change(given: dict[str, Any]) -> None:
        given["schema"][0]["quality"] = [{"metric": "rowCount", **operator}]

    found: Any = rules(agreed(change, tmp_path=tmp_path))["rowCount()"]
    assert (found.minimum, found.maximum) == bounds


def test_the_action_of_a_key_and_of_a_relationship_is_their_own(tmp_path: Path) -> None:
    def change(given: dict[str, Any]) -> None:
        columns = given["schema"][0]["properties"]
        actions = {"order_id": "fail", "customer": "drop", "ordered_at": "warn"}
        for column in columns:
            if action := actions.get(column["name"]):
                column["customProperties"] = [{"property": "lakehouse.action", "value": action}]
        columns.insert(0, columns.pop())
        columns[2]["relationships"][0]["customProperties"] = [
            {"property": "lakehouse.action", "value": "warn"}
        ]

    found = rules(agreed(change, tmp_path=tmp_path))
    assert found["primary_key(order_id)"].action == "fail", "not that of the first column"
    assert found["required(order_id)"].action == "fail"
    assert found["required(customer)"].action == "drop"
    assert found["references(customer)"].action == "warn"


@pytest.mark.parametrize(
    "operator",
    [{"mustBeGreaterThan": 5}, {"mustNotBe": 3}, {"mustBe": 4}, {"mustBeLessThan": "few"}],
)
def test_rows_that_have_to_be_bad_are_not_judged(operator: dict[str, Any], tmp_path: Path) -> None:
    def change(given: dict[str, Any]) -> None:
        given["schema"][0]["properties"][4]["quality"] = [{"metric": "nullValues", **operator}]

    found = agreed(change, tmp_path=tmp_path)
    assert "nullValues(ordered_at)" not in rules(found)
    assert any("'nullValues'" in each.what for each in found.not_enforced)


def shop(contract: Any) -> PipelineDefinition:
    builder = DeclarativePipelineBuilder("shop").silver(
        "customers", read("customers_raw", incremental=True).append()
    )
    flow = read("orders_raw", incremental=True).expect("own", "amount IS NOT NULL").append()
    return builder.silver("orders", flow, contract=contract).build()


def test_a_table_is_held_to_the_file_that_it_names() -> None:
    table = shop(str(FILE)).resolved().tables[1]

    assert [rule.name for rule in table.flow.rules][:3] == ["own", "required(customer)", "pattern(customer)"]
    assert table.contract == Contract(columns="discard_value", data_type="freeze"), "the rest is append's"
    again = PipelineDefinition(name="shop", tables=(table,)).resolved().tables[0]
    assert again.flow == table.flow, "resolving again changes nothing"
    over = shop({"file": str(FILE), "columns": "rescue"}).resolved().tables[1]
    assert over.contract.columns == "rescue", "the definition's own word goes before"
    assert not declaration_problems(shop(str(FILE)))


@pytest.mark.parametrize(
    ("text", "line", "reason"),
    [
        ("kind: DataContract\napiVersion: v2.2.2\n", 2, "its apiVersion is 'v2.2.2'"),
        ("kind: Model\n", 1, "its kind is 'Model'"),
        ("kind: DataContract\napiVersion: v3.1.0\nschema:\n  - properties: []\n", 4, "no name"),
        ("kind: DataContract\napiVersion: v3.1.0\nschema:\n  - name: x\n    properties: y\n", 5, "no list"),
        ("kind: [\n", 2, "can't be read"),
        ("- x\n", 1, "it has no keys"),
        ("kind: DataContract\napiVersion: v3.1.0\nslaProperties:\n  - fast\n", 4, "an item of slaProperties"),
        (
            "kind: DataContract\napiVersion: v3.1.0\nschema:\n  - name: x\n    customProperties:\n"
            "      - {property: lakehouse.action, value: explode}\n",
            6,
            "there is no action 'explode'",
        ),
        (
            "kind: DataContract\napiVersion: v3.1.0\nschema:\n  - name: x\n    properties:\n"
            "      - name: y\n        logicalTypeOptions: 3\n",
            7,
            "logicalTypeOptions has no keys",
        ),
    ],
)
def test_a_file_that_is_no_contract_is_refused_with_its_line(
    text: str, line: int, reason: str, tmp_path: Path
) -> None:
    file = tmp_path / "wrong.yaml"
    file.write_text(text)
    with pytest.raises(UnreadableContractError) as refused:
        read_odcs(file)
    assert str(refused.value).startswith(f"{file}:{line}: ")
    assert reason in str(refused.value)


def test_the_object_of_a_table_is_found_by_its_name_or_named() -> None:
    with pytest.raises(UnreadableContractError, match=r"has no object 'order'.*did you mean 'orders'"):
        read_odcs(FILE).table("sales", given="order")
    assert read_odcs(FILE).table("anything").names == ("orders",), "there is only one"
    with pytest.raises(UnreadableContractError, match="can't be read: No such file"):
        read_odcs("nowhere.odcs.yaml")
