"""Sums that must agree and measures that must stay near the last ones: decided from numbers, by hand."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from decimal import Decimal
from typing import Any

import pytest

from lakehouse.pipelines import DeclarativePipelineBuilder, read
from lakehouse.pipelines.check.declarations import declaration_problems
from lakehouse.pipelines.declare.rules import SameSum, Steady
from lakehouse.source_location import caller_location

HERE = caller_location()


class Sum:
    """A frame whose only aggregate is known."""

    def __init__(self, value: Any) -> None:
        self.value = value

    def agg(self, column: Any) -> Sum:
        return self

    def collect(self) -> list[list[Any]]:
        return [[self.value]]


@dataclasses.dataclass
class Given:
    """What a rule is told (a RuleContext, as far as these ask)."""

    own: Any = None
    other: Any = None
    earlier: Sequence[float] = ()
    noted: dict[str, float] = dataclasses.field(default_factory=dict)

    def own_rows_that_stay(self) -> Any:
        return None if self.own is None else Sum(self.own)

    def all_rows_of(self, table: str) -> Any:
        return Sum(self.other)

    def earlier_measures(self, rule: str, most: int) -> Sequence[float]:
        return self.earlier[:most]

    def note_measure(self, rule: str, value: float) -> None:
        self.noted[rule] = value


def why(own: Any, batch: Any, other: Any, at_most: int | str | None = None) -> str | None:
    rule = SameSum(table="ledger", column="amount", to="total", at_most=at_most, location=HERE)
    return SameSum.why_broken(rule, batch, Given(own=own, other=other))  # type: ignore[arg-type]


@pytest.fixture(autouse=True)
def no_session(monkeypatch: pytest.MonkeyPatch) -> None:
    """Columns need a session; the sums here are given."""
    monkeypatch.setattr("lakehouse.pipelines.declare.rules.same_sum.F.sum", lambda column: column)


@pytest.mark.parametrize(
    ("own", "batch", "other", "at_most", "is_kept"),
    [
        (Decimal("10.10"), Decimal("0.20"), Decimal("10.30"), None, True),
        (None, Decimal("0.20"), Decimal("0.21"), None, False),
        (None, None, None, None, True),
        (5, 5, 10, None, True),
        (5, 5, 11, None, False),
        (5, 5, 11, 1, True),
        (0.1, 0.2, 0.3, None, True),
        (0.1, 0.2, 0.3001, None, False),
        (None, 99.0, 100.0, "1 %", True),
        (None, 98.9, 100.0, "1 %", False),
        (None, float("nan"), 1.0, None, False),
        (None, -99, -100, "1 %", True),
    ],
)
def test_a_sum_agrees_exactly_or_as_far_as_is_allowed(
    own: Any, batch: Any, other: Any, at_most: int | str | None, is_kept: bool
) -> None:
    assert (why(own, batch, other, at_most) is None) == is_kept


def test_sums_that_disagree_are_told() -> None:
    assert why(Decimal("10.5"), 2, 13) == "the sum of amount is 12.5, and total of ledger is 13"


USUAL = (10.0, 11.0, 9.0, 10.0)


@pytest.mark.parametrize(
    ("measured", "within", "earlier", "is_kept"),
    [
        (10.5, 3.0, USUAL, True),
        (12.2, 3.0, USUAL, False),
        (12.0, "20 %", USUAL, True),
        (12.1, "20 %", USUAL, False),
        (7.9, "20 %", USUAL, False),
        (1000.0, 3.0, USUAL[:2], True),
        (None, 3.0, USUAL, False),
        (float("nan"), "50 %", USUAL, False),
        (5.0, 3.0, (5.0, 5.0, 5.0), True),
        (5.1, 3.0, (5.0, 5.0, 5.0), False),
        (-12.0, "20 %", (-10.0, -10.0, -10.0), True),
    ],
)
def test_a_measure_is_near_what_it_was(
    measured: float | None, within: str | float, earlier: Sequence[float], is_kept: bool
) -> None:
    """The standard deviation of 10, 11, 9 and 10 is the root of a half: 3 of them are 2.12."""
    rule = Steady(measured="avg(amount)", within=within, location=HERE)
    given = Given(earlier=earlier)
    assert (rule.why_broken(measured, given) is None) == is_kept  # type: ignore[arg-type]
    assert given.noted == ({"steady(avg(amount))": measured} if is_kept else {})


def test_a_rule_that_only_warns_gets_used_to_what_it_warns_of() -> None:
    given = Given(earlier=USUAL)
    rule = Steady(measured="count(*)", action="warn", location=HERE)
    reason = rule.why_broken(100.0, given)  # type: ignore[arg-type]
    assert (
        reason
        == "count(*) is 100, and in the last 4 batches it was 10 on average; 2.12132 more or less is expected"
    )
    assert given.noted == {"steady(count(*))": 100.0}
    assert rule.why_broken(None, given) is not None  # type: ignore[arg-type]


def test_what_is_wrong_with_such_rules_is_said_before_any_data() -> None:
    flow = (
        read("orders", incremental=True)
        .steady("avg(x)", within="much", runs=2)
        .row_count(1, action="fail")
        .same_sum("orders", "x", at_most="a lot")
    )
    builder = DeclarativePipelineBuilder("shop").bronze("orders", read("o", incremental=True).append())
    builder.silver("clean", flow.append())
    found = "\n".join(str(problem) for problem in declaration_problems(builder.build()))
    assert "runs=2" in found
    assert "within='much'" in found
    assert "at_most='a lot'" in found
