"""What a plan says of a join: the way that sizes decide, before anything is read."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from lakehouse.optimization import JoinSide
from lakehouse.pipelines import OtherTable, read

SIZES = {"customers": 312 << 10, "orders": 11 << 20}


def notes(flow: object) -> list[str]:
    return [note for step in flow.steps for note in step.notes(SIZES.get)]


def test_a_small_table_is_joined_by_broadcast() -> None:
    assert notes(read("sales").join("customers", on="customer")) == [
        "join(customers, on=customer): broadcast: right side 312 KB ≤ 10 MB"
    ]


@pytest.mark.parametrize(
    "flow",
    [
        read("sales").join("orders", on="order"),
        read("sales").join("not there yet", on="order"),
        read("sales").join("customers", on="customer", how="right"),
        read("sales").join(read("customers").where("customer > 5"), on="customer"),
    ],
)
def test_of_other_joins_spark_decides(flow: object) -> None:
    assert notes(flow) == []


@pytest.mark.parametrize(("is_whole", "known"), [(True, 100), (False, None)])
def test_of_a_view_whose_steps_may_make_more_rows_no_size_is_known(is_whole: bool, known: int | None) -> None:
    shown = OtherTable(frame=None, measure=lambda: 100, is_whole=is_whole)
    (step,) = read("sales").join("customers", on="customer").steps
    assert step.other.side(SimpleNamespace(table=lambda name: shown)) == JoinSide(
        size_bytes=known, is_bound=True
    )
