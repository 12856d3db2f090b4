"""Rules are declared by their words, in Python and in YAML alike; what is wrong with one is said before any data."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pytest

from lakehouse.errors import DefinitionError
from lakehouse.pipelines import DeclarativePipelineBuilder, Rule, from_files, graph_of, read, word
from lakehouse.pipelines.check.declarations import declaration_problems
from lakehouse.pipelines.declare.flow import Flow
from lakehouse.pipelines.declare.yaml import read_yaml_definition
from lakehouse.quality import RuleAction
from lakehouse.strict_yaml import YamlError

ORDERS = read("orders", incremental=True)


def problems_of(flow: Flow) -> list[str]:
    builder = DeclarativePipelineBuilder("shop").silver("orders_clean", flow.append())
    return [str(problem) for problem in declaration_problems(builder.build())]


def flow_in_yaml(tmp_path: Path, rules: str) -> Flow:
    file = tmp_path / "shop.yaml"
    file.write_text(
        "name: shop\n"
        "tables:\n"
        "  - name: orders_clean\n"
        "    layer: silver\n"
        "    flow:\n"
        "      read: {table: orders, incremental: true}\n"
        f"{rules}"
        "    write: append\n"
    )
    return read_yaml_definition(file).tables[0].flow


def test_a_rule_of_the_library_is_named_after_its_word_and_its_column() -> None:
    flow = ORDERS.not_null("id", "status").accepted("status", ["open", "closed"], action="drop")
    found = [(rule.name, rule.action) for rule in flow.expectations]
    assert found == [
        ("not_null(id)", RuleAction.QUARANTINE),
        ("not_null(status)", RuleAction.QUARANTINE),
        ("accepted(status)", RuleAction.DROP),
    ]


def test_yaml_gives_the_rules_that_python_gives(tmp_path: Path) -> None:
    declared = flow_in_yaml(
        tmp_path,
        """\
      expect: {large: {condition: "total > 10", null_is_fine: true}, known: "id > 0"}
      rules:
        - not_null: {columns: [id, status], action: fail}
        - accepted: {column: status, values: [open, closed]}
        - between: {column: total, minimum: 0.5, action: warn}
        - matches: {column: code, pattern: "[A-Z]+"}
        - unique: {columns: id, action: fail}
        - unique: {columns: [day, code]}
        - references: {table: customers, columns: customer, to: id, action: warn}
        - row_count: {minimum: 1, of: batch}
        - freshness: {column: day, within: 2 days, action: warn}
""",
    )
    expected = (
        ORDERS.expect("large", "total > 10", null_is_fine=True)
        .expect("known", "id > 0")
        .not_null("id", "status", action="fail")
        .accepted("status", ["open", "closed"])
        .between("total", 0.5, action="warn")
        .matches("code", "[A-Z]+")
        .unique("id", action="fail")
        .unique("day", "code")
        .references("customers", "customer", to="id", action="warn")
        .row_count(1, of="batch")
        .freshness("day", within="2 days", action="warn")
    )
    assert declared.rules == expected.rules
    assert [rule.action for rule in declared.rules[-2:]] == ["fail", "warn"]
    assert declared.rules[2].location.line == 9


def test_an_unknown_action_in_yaml_is_refused_with_its_line(tmp_path: Path) -> None:
    with pytest.raises(YamlError, match=r"shop\.yaml:8: .*'loud'"):
        flow_in_yaml(tmp_path, "      rules:\n        - matches: {column: a, pattern: b, action: loud}\n")


@pytest.mark.parametrize(
    ("flow", "wrong"),
    [
        (ORDERS.accepted("status", []), "no values"),
        (ORDERS.accepted("status", ["a", 1]), "values of several types"),
        (ORDERS.accepted("status", ["a", None]), "None among its values"),  # type: ignore[list-item]
        (ORDERS.between("total"), "no bound"),
        (ORDERS.between("total", 2, 1), "minimum=2 above maximum=1"),
        (ORDERS.between("total", 2, "3"), "bounds of different types"),
        (ORDERS.not_null("id", action="ignore"), "action='ignore'"),  # type: ignore[arg-type]
        (ORDERS.unique(), "no columns"),
        (ORDERS.references("customers", ("a", "b"), to="a"), "2 columns and 1 of 'customers'"),
        (ORDERS.row_count(), "no bound"),
        (ORDERS.row_count(2, 1), "minimum=2 above maximum=1"),
        (ORDERS.row_count(1, of="day"), "of='day'"),  # type: ignore[arg-type]
        (ORDERS.freshness("day", within="a while"), "within='a while'"),
    ],
)
def test_what_is_wrong_with_a_rule_is_found_without_data(flow: Flow, wrong: str) -> None:
    found = [problem for problem in problems_of(flow) if wrong in problem]
    assert found, problems_of(flow)
    assert "test_rules.py:" in found[0]
    assert "Fix: " in found[0]


def test_the_same_rule_on_the_same_column_twice_is_refused() -> None:
    assert any(
        "accepted(a)" in problem for problem in problems_of(ORDERS.accepted("a", [1]).accepted("a", [2]))
    )


@word("is_even")
@dataclass(frozen=True, slots=True, kw_only=True)
class IsEven(Rule):
    """A rule from outside."""

    column: str

    @property
    def name(self) -> str:
        return f"is_even({self.column})"

    def condition(self) -> str:
        return f"{self.column} % 2 = 0"


def test_a_rule_from_outside_is_a_word_of_flows_and_of_yaml(tmp_path: Path) -> None:
    declared = flow_in_yaml(tmp_path, "      rules: [{is_even: {column: id, action: drop}}]\n")
    assert declared.expectations == ORDERS.is_even("id", action="drop").expectations


def test_the_table_that_a_rule_refers_to_is_refreshed_before() -> None:
    flow = read("orders", incremental=True).references("customers", "customer_id").append()
    builder = DeclarativePipelineBuilder("shop").silver("clean", flow)
    builder.bronze("orders", from_files("orders/*.csv", columns=["customer_id"]))
    graph = graph_of(builder.bronze("customers", from_files("customers/*.csv", columns=["id"])).build())
    assert graph.inputs["clean"] == {"orders", "customers"}
    missing = DeclarativePipelineBuilder("shop").silver("clean", flow).build()
    assert any(
        "'clean' reads 'customers', which is not declared" in str(p) for p in graph_of(missing).problems
    )


def test_a_broken_rule_is_an_error_of_the_definition() -> None:
    assert all(isinstance(each, DefinitionError) for each in ORDERS.between("total").rules[0].problems())
