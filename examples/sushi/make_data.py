"""Make what a restaurant sells, a file a day; the last file brings late orders of the first day too."""

from __future__ import annotations

import csv
import datetime as dt
import random
import sys
from pathlib import Path

DAYS, A_DAY, LATE = 5, 40, 3
FIRST_DAY = dt.date(2024, 5, 1)
ITEMS = {"Nigiri": 390, "Maki": 450, "Temaki": 520, "Sashimi": 980, "Miso": 250}


def make(folder: Path, days: range = range(DAYS)) -> None:
    """Write the files of these days into the folder's ``landing``."""
    (folder / "landing" / "sold").mkdir(parents=True, exist_ok=True)
    _write(folder / "landing" / "items.csv", ("item", "cents"), list(ITEMS.items()))
    for day in days:
        chance = random.Random(100 + day)
        date = FIRST_DAY + dt.timedelta(days=day)
        sold = [line for number in range(A_DAY) for line in _order(day * A_DAY + number, date, chance)]
        if day == DAYS - 1:
            late = [_order(DAYS * A_DAY + number, FIRST_DAY, chance) for number in range(LATE)]
            sold += [line for order in late for line in order]
        header = ("order_id", "customer", "waiter", "day", "item", "units")
        _write(folder / "landing" / "sold" / f"{date}.csv", header, sold)


def _order(number: int, date: dt.date, chance: random.Random) -> list[tuple[object, ...]]:
    who = (f"customer {chance.randint(1, 25)}", f"waiter {chance.randint(1, 4)}")
    items = chance.sample(sorted(ITEMS), chance.randint(1, 3))
    return [(number, *who, date.isoformat(), item, chance.randint(0, 4)) for item in items]


def _write(file: Path, header: tuple[str, ...], rows: list[tuple[object, ...]]) -> None:
    with file.open("w", encoding="utf-8", newline="") as out:
        writer = csv.writer(out)
        writer.writerow(header)
        writer.writerows(rows)


if __name__ == "__main__":
    make(Path(sys.argv[1] if len(sys.argv) > 1 else Path(__file__).parent))
