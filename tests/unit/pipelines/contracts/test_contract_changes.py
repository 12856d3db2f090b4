"""A change of a contract is breaking when a reader can miss something, or rows that were good may be refused."""

from __future__ import annotations

import copy
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from lakehouse.quality import contract_changes, read_odcs

FILE = Path(__file__).parent / "orders.odcs.yaml"
BEFORE = yaml.safe_load(FILE.read_text())


def column(given: dict[str, Any], name: str) -> dict[str, Any]:
    (found,) = (each for each in given["schema"][0]["properties"] if each["name"] == name)
    return found


def quality(given: dict[str, Any], name: str, **more: Any) -> None:
    column(given, name)["quality"][0].update(more)


def below(item: dict[str, Any]) -> None:
    item["mustBeLessThan"] = item.pop("mustBeLessOrEqualTo")


CHANGES: list[tuple[str, Callable[[dict[str, Any]], Any], str | None, bool]] = [
    ("a column goes", lambda d: d["schema"][0]["properties"].pop(4), "is removed", True),
    ("a column comes", lambda d: d["schema"][0]["properties"].append({"name": "note"}), "is added", False),
    (
        "a column that must be filled comes",
        lambda d: d["schema"][0]["properties"].append({"name": "note", "required": True}),
        "is added, and required",
        True,
    ),
    ("wider", lambda d: column(d, "amount").update(physicalType="decimal(12,2)"), "was decimal(10,2)", False),
    ("narrower", lambda d: column(d, "order_id").update(physicalType="int"), "was bigint, is int", True),
    ("filled", lambda d: column(d, "status").update(required=True), "is required", True),
    ("may be empty", lambda d: column(d, "customer").update(required=False), "is no longer required", False),
    ("another key", lambda d: column(d, "customer").update(primaryKey=True), "the primary key was", True),
    (
        "fewer values",
        lambda d: quality(d, "status", arguments={"validValues": ["open"]}),
        "takes ['paid'] no longer",
        True,
    ),
    (
        "more values",
        lambda d: quality(d, "status", arguments={"validValues": ["open", "paid", "lost"]}),
        "takes more values",
        False,
    ),
    ("stricter", lambda d: quality(d, "status", mustBeLessOrEqualTo=1), "has other bounds", True),
    ("laxer", lambda d: quality(d, "status", mustBeLessOrEqualTo=9), "has other bounds", False),
    (
        "a harder action",
        lambda d: quality(d, "amount", customProperties=[{"property": "lakehouse.action", "value": "fail"}]),
        "has the action fail, not warn",
        True,
    ),
    (
        "just stricter",
        lambda d: (
            quality(d, "status", mustBeLessThan=5),
            column(d, "status")["quality"][0].pop("mustBeLessOrEqualTo"),
        ),
        "has other bounds",
        True,
    ),
    ("a rule goes", lambda d: column(d, "status").pop("quality"), "is removed", False),
    (
        "a rule comes",
        lambda d: column(d, "customer").update(quality=[{"metric": "nullValues", "mustBe": 0}]),
        "the rule 'nullValues' is added",
        True,
    ),
    (
        "a milder action, and fewer values",
        lambda d: quality(
            d,
            "status",
            arguments={"validValues": ["open"]},
            customProperties=[{"property": "lakehouse.action", "value": "warn"}],
        ),
        "takes ['paid'] no longer",
        True,
    ),
    (
        "the usual action of a number of rows, said",
        lambda d: d["schema"][0]["quality"][0].update(
            customProperties=[{"property": "lakehouse.action", "value": "fail"}]
        ),
        None,
        False,
    ),
    (
        "another metric under the same id",
        lambda d: quality(d, "status", metric="missingValues"),
        "asks something else",
        True,
    ),
    (
        "another rule of an engine",
        lambda d: d["schema"][0]["quality"][1].update(implementation="freshness: 1"),
        "asks something else",
        True,
    ),
    (
        "the second of two rules of one kind",
        lambda d: d["schema"][0]["quality"].append({**d["schema"][0]["quality"][1], "engine": "other"}),
        "the rule 'custom 2' is added",
        True,
    ),
    (
        "rows must be found elsewhere",
        lambda d: column(d, "status").update(relationships=[{"to": "states.name"}]),
        "refers to states.name",
        True,
    ),
    (
        "rows need not be found elsewhere",
        lambda d: column(d, "customer").pop("relationships"),
        "no longer refers to customers.name",
        False,
    ),
    (
        "a harder action of a column",
        lambda d: column(d, "customer").update(
            customProperties=[{"property": "lakehouse.action", "value": "fail"}]
        ),
        "has the action fail, not quarantine",
        True,
    ),
    (
        "a promise about another column of the table",
        lambda d: d["slaProperties"].append({**d["slaProperties"][0], "element": "orders.status"}),
        "the service level 'latency' is added",
        False,
    ),
    ("a promise goes", lambda d: d["slaProperties"].pop(0), "the service level 'latency' is removed", True),
    ("words alone", lambda d: d.update(description={"purpose": "Other words"}, version="1.3.0"), None, False),
    ("the table goes", lambda d: d.update(schema=[]), "the table is removed", True),
]


@pytest.mark.parametrize(
    ("change", "what", "is_breaking"), [each[1:] for each in CHANGES], ids=[c[0] for c in CHANGES]
)
def test_a_change_is_named_and_classed(
    change: Callable[[dict[str, Any]], Any], what: str | None, is_breaking: bool, tmp_path: Path
) -> None:
    given = copy.deepcopy(BEFORE)
    change(given)
    after = tmp_path / "after.odcs.yaml"
    after.write_text(yaml.safe_dump(given))

    found = contract_changes(read_odcs(FILE), read_odcs(after))

    if what is None:
        assert not found
    else:
        assert any(what in each.what and each.is_breaking == is_breaking for each in found), found
        assert any(each.is_breaking for each in found) == is_breaking
