"""The sample data is whole: counts against its README, the reference against the days it was made from."""

from __future__ import annotations

import csv
import gzip
from collections.abc import Iterator
from pathlib import Path

DATA = Path(__file__).parents[3] / "data"


def sales() -> Iterator[dict[str, str]]:
    for day in sorted((DATA / "retail").glob("*.csv.gz")):
        with gzip.open(day, "rt", encoding="utf-8", newline="") as file:
            yield from csv.DictReader(file)


def test_there_are_fourteen_days_and_34_241_rows() -> None:
    assert len(list((DATA / "retail").iterdir())) == 14
    assert sum(1 for _ in sales()) == 34_241


def test_the_reference_has_each_customer_once_with_the_latest_country() -> None:
    ordered = sorted((row for row in sales() if row["CustomerID"]), key=lambda row: row["InvoiceDate"])
    latest = {row["CustomerID"]: row["Country"] for row in ordered}
    with (DATA / "reference" / "customers.csv").open(encoding="utf-8", newline="") as file:
        reference = [(row["CustomerID"], row["Country"]) for row in csv.DictReader(file)]
    assert sorted(reference) == sorted(latest.items())
