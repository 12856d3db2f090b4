"""What a plan says of a join: the way that sizes decide, before anything is read."""

from __future__ import annotations

import pytest

from lakehouse.pipelines import read

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
