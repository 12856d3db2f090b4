"""Counts that were taken on the way are believed only where the files hold as many rows."""

from __future__ import annotations

from typing import Any

import pytest

from lakehouse.pipelines.refresh.counted_rows import CountedRows
from lakehouse.quality import ConservationError, Tally


def tally(written: int, quarantined: int, *, rows_in: int | None = None) -> Tally:
    rows_in = written + quarantined if rows_in is None else rows_in
    return Tally(
        rows_in=rows_in,
        written=written,
        dropped=0,
        quarantined=quarantined,
        failed=0,
        broken={"r": quarantined},
    )


class FatalError(Exception):
    pass


class Judged:
    """Rows that are counted a second time as ``recounted``."""

    def __init__(self, recounted: Tally) -> None:
        self._recounted = recounted

    def tally_of(self, counts: dict[str, int]) -> Tally:
        return tally(counts["warn"], counts["quarantine"])

    def tally(self) -> Tally:
        return self._recounted

    def check_fatal(self, tally: Tally, *, table: str) -> None:
        if tally.failed:
            raise FatalError(table)


class Point:
    def __init__(self, **counts: int) -> None:
        self.get = counts


def counted(point: Point, *, entered: int, recounted: Tally) -> CountedRows:
    of: Any = CountedRows
    rows: CountedRows = of(judgement=Judged(recounted), point=point, entered=Point(rows=entered), table="t")
    return rows


RECOUNTED = tally(3, 2)


@pytest.mark.parametrize(
    ("point", "expected"),
    [
        (Point(warn=3, quarantine=1), tally(3, 1)),
        (Point(warn=6, quarantine=2), RECOUNTED),  # a stage that was repeated counted twice
        (Point(), RECOUNTED),  # the optimizer left the point out
    ],
)
def test_counts_are_taken_again_where_the_files_hold_other_rows(point: Point, expected: Tally) -> None:
    assert counted(point, entered=4, recounted=RECOUNTED).tally(3) == expected


def test_rows_that_are_lost_on_the_way_to_the_rules_are_noticed() -> None:
    rows = counted(Point(warn=3, quarantine=1), entered=5, recounted=RECOUNTED)
    with pytest.raises(ConservationError):
        rows.tally(3)


def test_a_fatal_rule_stops_the_rows_once_they_are_counted() -> None:
    broken = Tally(rows_in=5, written=3, dropped=0, quarantined=0, failed=2, broken={"r": 2})
    rows = counted(Point(), entered=5, recounted=broken)
    with pytest.raises(FatalError, match="t"):
        rows.tally(3)
