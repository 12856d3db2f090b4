"""Which snapshots of an Iceberg table only added rows, so that the new ones may be read alone."""

from __future__ import annotations

import pytest

from lakehouse.ingestion.catalog_tables.iceberg import IcebergSnapshot, why_not_appended
from lakehouse.ingestion.catalog_tables.names import name_parts, quoted_name


def history(*operations: str) -> list[IcebergSnapshot]:
    """Snapshots 1, 2, …, each the child of the one before."""
    return [
        IcebergSnapshot(number=number, parent=number - 1 or None, operation=operation)
        for number, operation in enumerate(operations, start=1)
    ]


@pytest.mark.parametrize(
    ("snapshots", "why"),
    [
        (history("append", "append", "replace", "append"), None),
        (history("delete", "append", "append", "append"), None),
        (history("append", "append", "delete", "append"), "the snapshot 3 is the outcome of 'delete'"),
        (history("append", "append", "append", "overwrite"), "the snapshot 4 is the outcome of 'overwrite'"),
        (
            history("append", "append", "append", "append")[2:],
            "the snapshot 1 is none of those that led to 4",
        ),
    ],
)
def test_only_snapshots_that_add_rows_are_read_on_from(
    snapshots: list[IcebergSnapshot], why: str | None
) -> None:
    assert why_not_appended(snapshots, after=1, through=4) == why


def test_a_branch_that_was_left_is_not_read_on_from() -> None:
    rolled_back = [*history("append", "append"), IcebergSnapshot(number=9, parent=1, operation="append")]
    why = why_not_appended(rolled_back, after=2, through=9)
    assert why == "the snapshot 2 is none of those that led to 9"


def test_names_keep_what_stands_in_backquotes() -> None:
    assert name_parts("main.`a.b`.`c``d`") == ["main", "a.b", "c`d"]
    assert quoted_name("main.sales.order") == "`main`.`sales`.`order`"
