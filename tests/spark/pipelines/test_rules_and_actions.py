"""Every rule of the library takes each of the four actions: warn keeps, drop and quarantine take out, fail stops."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Any, get_args

import pytest
from pyspark.sql import SparkSession

from lakehouse.errors import DataError
from lakehouse.pipelines import (
    DeclarativePipelineBuilder,
    Flow,
    FlowRule,
    PipelineCase,
    from_files,
    from_rows,
    read,
)
from lakehouse.pipelines.declare.rules.interface import ActionName

pytestmark = [pytest.mark.spark, pytest.mark.slow]

COLUMNS = {"id": "int", "units": "int", "day": "date", "kind": "string"}
ROWS = [
    (1, 5, "2024-01-01", "a"),
    (2, 5, "2024-01-02", "a"),
    (2, 7, "2024-01-02", "b"),
    (None, 50, None, "zz"),
]
ALL = frozenset(range(len(ROWS)))
LAST = frozenset({3})
NOW = dt.datetime(2024, 3, 1, tzinfo=dt.UTC)

Judged = Callable[[Flow, Any], Flow]
RULES: dict[str, tuple[Judged, frozenset[int]]] = {
    "not_null": (lambda flow, action: flow.not_null("id", action=action), LAST),
    "accepted": (lambda flow, action: flow.accepted("kind", ["a", "b"], action=action), LAST),
    "between": (lambda flow, action: flow.between("units", 0, 10, action=action), LAST),
    "matches": (lambda flow, action: flow.matches("kind", "[a-c]", action=action), LAST),
    "unique": (lambda flow, action: flow.unique("id", action=action), frozenset({1, 2})),
    "references": (lambda flow, action: flow.references("known", "units", action=action), LAST),
    "row_count": (lambda flow, action: flow.row_count(9, action=action), ALL),
    "freshness": (lambda flow, action: flow.freshness("day", within="5 days", action=action), ALL),
    "same_sum": (lambda flow, action: flow.same_sum("known", "units", action=action), ALL),
}
"""By word, the rule with an action, and the rows that break it."""
ELSEWHERE = {"expectation", "steady"}
"""``expect…`` has a word for each action, and ``steady`` needs earlier batches; both have tests of their own."""
ACTIONS = get_args(ActionName)


@pytest.fixture(scope="module")
def case(spark: SparkSession) -> PipelineCase:
    builder = DeclarativePipelineBuilder("shop").bronze("raw", from_files("*.csv", columns=COLUMNS))
    builder.silver("known", from_rows([(5,), (7,)], columns={"units": "int"}).replace())
    for word, (judged, _) in RULES.items():
        for action in ACTIONS:
            builder.silver(f"{word}_{action}", judged(read("raw").cast(COLUMNS), action).replace())
    return builder.build().test(inputs={"raw": ROWS}, spark=spark, now=NOW)


def test_all_rules_of_the_library_are_here() -> None:
    library = {word for word, cls in FlowRule.words.items() if cls.__module__.startswith("lakehouse.")}
    assert set(RULES) | ELSEWHERE == library
    assert set(ACTIONS) == {"warn", "drop", "quarantine", "fail"}


@pytest.mark.parametrize("word", RULES)
def test_a_rule_takes_each_of_the_four_actions(case: PipelineCase, word: str) -> None:
    _, breaking = RULES[word]
    kept = [ROWS[number] for number in sorted(ALL - breaking)]
    broken = [ROWS[number] for number in sorted(breaking)]
    case.expect(f"{word}_warn", ROWS).quarantined(f"{word}_warn", [])
    case.expect(f"{word}_drop", kept).quarantined(f"{word}_drop", [])
    case.expect(f"{word}_quarantine", kept).quarantined(f"{word}_quarantine", broken)
    for action in ("warn", "drop", "quarantine"):
        (count,) = (n for rule, n in case.broken(f"{word}_{action}").items() if rule.startswith(word))
        assert count == len(breaking), action
    with pytest.raises(DataError, match=word):
        case.rows(f"{word}_fail")
