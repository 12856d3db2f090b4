"""Make the seeds of a small shop: customers, their orders, and what was paid for them."""

from __future__ import annotations

import csv
import datetime as dt
import random
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path

CUSTOMERS, ORDERS = 80, 240
FIRST_DAY = dt.date(2024, 1, 1)
NAMES = ("Ada", "Bo", "Cleo", "Dario", "Elif", "Femi", "Goran", "Hana", "Ivo", "Juno")
STATUSES = ("placed", "shipped", "completed", "return_pending", "returned")
METHODS = ("credit_card", "coupon", "bank_transfer", "gift_card")


def make(folder: Path) -> None:
    """Write the three files of the folder's ``seeds``."""
    chance = random.Random(11)
    customers = [
        (number, chance.choice(NAMES), f"{chance.choice(NAMES)[0]}.") for number in range(1, CUSTOMERS + 1)
    ]
    orders = [
        (
            number,
            chance.randint(1, CUSTOMERS - 10),  # ten customers have never ordered
            (FIRST_DAY + dt.timedelta(days=chance.randint(0, 99))).isoformat(),
            chance.choice(STATUSES),
        )
        for number in range(1, ORDERS + 1)
    ]
    payments = [
        (order, chance.choice(METHODS), chance.randint(0, 3000))
        for order, *_ in orders
        for _ in range(chance.choice((0, 1, 1, 1, 2)))
    ]
    seeds = folder / "seeds"
    seeds.mkdir(parents=True, exist_ok=True)
    _write(seeds / "raw_customers.csv", ("id", "first_name", "last_name"), customers)
    _write(seeds / "raw_orders.csv", ("id", "user_id", "order_date", "status"), orders)
    numbered = [(number, *payment) for number, payment in enumerate(payments, 1)]
    _write(seeds / "raw_payments.csv", ("id", "order_id", "payment_method", "amount"), numbered)


def _write(file: Path, header: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    with file.open("w", encoding="utf-8", newline="") as out:
        writer = csv.writer(out)
        writer.writerow(header)
        writer.writerows(rows)


if __name__ == "__main__":
    make(Path(sys.argv[1] if len(sys.argv) > 1 else Path(__file__).parent))
