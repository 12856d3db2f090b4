"""What must come out of the retail pipeline, worked out by plain Python's csv module."""

from __future__ import annotations

import csv
import gzip
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path

__all__ = ["Expected", "expected_of", "rows_of"]

Line = tuple[str, ...]


@dataclass
class Expected:
    """Counts and results over the days that were given."""

    raw: int = 0
    distinct: int = 0
    cancellations: int = 0
    sales: int = 0
    dropped: int = 0
    quarantined: int = 0
    broken: dict[str, int] = field(default_factory=lambda: defaultdict(int))
    daily: dict[date, tuple[int, int, Decimal]] = field(default_factory=dict)
    customers: dict[int, tuple[int, Decimal]] = field(default_factory=dict)
    countries: dict[tuple[str, date], tuple[int, Decimal]] = field(default_factory=dict)


def rows_of(files: Iterable[Path]) -> Iterator[dict[str, str]]:
    """Yield every line of the files as a mapping."""
    for path in files:
        open_text = gzip.open if path.suffix == ".gz" else open
        with open_text(path, "rt", encoding="utf-8", newline="") as file:
            yield from csv.DictReader(file)


def expected_of(files: Iterable[Path]) -> Expected:
    """Work out every count and result."""
    expected, seen, sold = Expected(), set(), []
    for row in rows_of(files):
        expected.raw += 1
        key = tuple(row.values())
        if key in seen:
            continue
        seen.add(key)
        _judge(row, expected, sold)
    expected.distinct = len(seen)
    _results(sold, expected)
    return expected


def _judge(row: dict[str, str], expected: Expected, sold: list[dict[str, str]]) -> None:
    if row["InvoiceNo"].startswith("C"):
        expected.cancellations += 1
        return
    rules = {
        "known_customer": bool(row["CustomerID"]),
        "has_units": int(row["Quantity"]) > 0,
        "priced": Decimal(row["UnitPrice"]) > 0,
        "dated": bool(row["InvoiceDate"]),
    }
    for rule, kept in rules.items():
        expected.broken[rule] += not kept
    if not rules["priced"]:
        expected.quarantined += 1
    elif not rules["has_units"]:
        expected.dropped += 1
    else:
        expected.sales += 1
        sold.append(row)


def _results(sold: list[dict[str, str]], expected: Expected) -> None:
    groups: dict[str, dict] = {
        "daily": defaultdict(list),
        "customers": defaultdict(list),
        "countries": defaultdict(list),
    }
    for row in sold:
        day = datetime.fromisoformat(row["InvoiceDate"]).date()
        groups["daily"][day].append(row)
        groups["countries"][row["Country"], day.replace(day=1)].append(row)
        if row["CustomerID"]:
            groups["customers"][int(Decimal(row["CustomerID"]))].append(row)
    for day, rows in groups["daily"].items():
        expected.daily[day] = (_orders(rows), sum(int(row["Quantity"]) for row in rows), _revenue(rows))
    for customer, rows in groups["customers"].items():
        expected.customers[customer] = (_orders(rows), _revenue(rows))
    for place, rows in groups["countries"].items():
        expected.countries[place] = (_orders(rows), _revenue(rows))


def _orders(rows: list[dict[str, str]]) -> int:
    return len({row["InvoiceNo"] for row in rows})


def _revenue(rows: list[dict[str, str]]) -> Decimal:
    return sum((int(row["Quantity"]) * Decimal(row["UnitPrice"]) for row in rows), Decimal(0))
