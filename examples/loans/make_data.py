"""Make loan transactions, a file of JSON lines a day, some of them wrong; and the loans of an older system as CSV."""

from __future__ import annotations

import csv
import datetime as dt
import json
import random
import sys
from pathlib import Path

DAYS, A_DAY, OLD_LOANS = 4, 60, 50
FIRST_DAY = dt.date(2024, 3, 1)
COUNTRIES = ("AT", "BE", "DE", "ES", "FR")


def make(folder: Path) -> None:
    """Write the folder's ``landing/transactions`` and ``landing/loans.csv``."""
    chance = random.Random(12)
    landing = folder / "landing" / "transactions"
    landing.mkdir(parents=True, exist_ok=True)
    number = 0
    for day in range(DAYS):
        date = FIRST_DAY + dt.timedelta(days=day)
        with (landing / f"{date}.jsonl").open("w", encoding="utf-8") as out:
            for _ in range(A_DAY):
                number += 1
                out.write(json.dumps(_transaction(number, date, chance)) + "\n")
    with (folder / "landing" / "loans.csv").open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(("loan", "country", "balance", "cost_center"))
        for loan in range(1, OLD_LOANS + 1):
            cents = chance.randint(100, 900_000)
            writer.writerow((f"H{loan}", chance.choice(COUNTRIES), f"{cents / 100:.2f}", f"C{loan % 3}"))


def _transaction(number: int, date: dt.date, chance: random.Random) -> dict[str, object]:
    wrong = chance.random()
    return {
        "id": number,
        "loan": f"L{chance.randint(1, 40)}",
        "country": chance.choice(COUNTRIES),
        "balance": chance.randint(-200, 500_000) / 100 if wrong > 0.05 else -1.0,
        "cost_center": f"C{number % 3}" if wrong < 0.9 else None,
        "treatment": chance.randint(0, 2),
        "next_payment": (
            date + dt.timedelta(days=chance.randint(-900 if wrong > 0.95 else 1, 60))
        ).isoformat(),
    }


if __name__ == "__main__":
    make(Path(sys.argv[1] if len(sys.argv) > 1 else Path(__file__).parent))
