"""Each example runs as its README says, and its answers are those that DuckDB gives from the files themselves."""

from __future__ import annotations

import runpy
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import duckdb
import pytest
from pyspark.sql import SparkSession

from lakehouse.cli import main
from lakehouse.delta_log import Snapshot

pytestmark = pytest.mark.spark

EXAMPLES = Path(__file__).parents[3] / "examples"


class Example:
    """A copy of an example, with its data made."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._made = runpy.run_path(str(folder / "make_data.py"))

    def make(self, **arguments: Any) -> None:
        """Make its data."""
        self._made["make"](self.folder, **arguments)

    def rows(self, table: str, *columns: str) -> list[tuple[Any, ...]]:
        """Return a table's rows, in order."""
        rows = Snapshot.load(self.folder / "warehouse" / table).to_arrow()
        return _in_order(tuple(row[name] for name in columns) for row in rows.to_pylist())

    def answer(self, query: str) -> list[tuple[Any, ...]]:
        """Return what DuckDB answers in the example's folder, in order."""
        with duckdb.connect() as connection:
            return _in_order(connection.sql(query.format(home=self.folder)).fetchall())

    def files_by_day(self) -> dict[str, list[str]]:
        """Return the data files of the revenue, by the day that they hold."""
        found: dict[str, list[str]] = {}
        for path in sorted(
            Snapshot.load(self.folder / "warehouse/silver/revenue").files()["path"].to_pylist()
        ):
            found.setdefault(path.partition("day=")[2].partition("/")[0], []).append(path)
        return found


def _in_order(rows: Any) -> list[tuple[Any, ...]]:
    return sorted(rows, key=lambda row: [(value is None, str(value)) for value in row])


@pytest.fixture
def example(spark: SparkSession, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], Example]:
    monkeypatch.setattr(
        "lakehouse.cli.pipeline_options.PipelineRequest.open_session", lambda request, **_: spark
    )

    def copy(name: str) -> Example:
        folder = tmp_path / name
        shutil.copytree(
            EXAMPLES / name, folder, ignore=shutil.ignore_patterns("warehouse", "landing", "__pycache__")
        )
        monkeypatch.chdir(folder)
        return Example(folder)

    return copy


def test_the_jaffle_shop(example: Callable[[str], Example]) -> None:
    shop = example("jaffle_shop")
    shop.make()
    assert main(["run", "jaffle-shop"]) == 0
    seeds = """WITH orders AS (FROM read_csv('{home}/seeds/raw_orders.csv')),
        payments AS (SELECT *, CAST(amount / 100 AS DECIMAL(10,2)) AS paid
            FROM read_csv('{home}/seeds/raw_payments.csv'))"""
    assert shop.rows(
        "gold/customers", "customer_id", "number_of_orders", "first_order", "lifetime_value"
    ) == shop.answer(
        seeds
        + """SELECT c.id, count(DISTINCT o.id), min(o.order_date),
            CASE WHEN count(o.id) > 0 THEN coalesce(sum(paid), 0) END
            FROM read_csv('{home}/seeds/raw_customers.csv') c LEFT JOIN orders o ON o.user_id = c.id
            LEFT JOIN payments p ON p.order_id = o.id GROUP BY c.id"""
    )
    assert shop.rows("gold/orders", "order_id", "coupon_amount", "amount") == shop.answer(
        seeds
        + """SELECT o.id, coalesce(sum(paid) FILTER (WHERE payment_method = 'coupon'), 0), coalesce(sum(paid), 0)
            FROM orders o LEFT JOIN payments p ON p.order_id = o.id GROUP BY o.id"""
    )


@pytest.mark.slow
def test_the_loans(example: Callable[[str], Example]) -> None:
    loans = example("loans")
    loans.make()
    last = sorted((loans.folder / "landing" / "transactions").iterdir())[-1]
    later = last.rename(loans.folder / "later.jsonl")
    assert main(["run", "loans"]) == 0
    later.rename(last)
    assert main(["run", "loans"]) == 0
    booked = """WITH landed AS (SELECT *, CAST(balance AS DECIMAL(12,2)) AS owed
            FROM read_json('{home}/landing/transactions/*.jsonl', columns={{id: 'BIGINT', loan: 'VARCHAR',
            country: 'VARCHAR', balance: 'VARCHAR', cost_center: 'VARCHAR', treatment: 'INT', next_payment: 'DATE'}})),
        booked AS (SELECT * FROM landed WHERE next_payment >= DATE '2024-01-01' AND owed > 0),
        balances AS (SELECT country, cost_center, owed FROM booked UNION ALL
            SELECT country, cost_center, CAST(balance AS DECIMAL(12,2)) FROM read_csv('{home}/landing/loans.csv'))"""
    assert loans.rows("gold/by_country", "country", "loans", "balance") == loans.answer(
        booked + "SELECT country, count(*), sum(owed) FROM balances GROUP BY ALL"
    )
    assert loans.rows("gold/by_cost_center", "cost_center", "balance", "largest") == loans.answer(
        booked
        + """SELECT cost_center, sum(owed), max(owed) FROM balances WHERE cost_center IS NOT NULL GROUP BY ALL"""
    )
    assert loans.rows("gold/by_treatment", "accounting_treatment", "loans", "balance") == loans.answer(
        booked
        + """SELECT accounting_treatment, count(DISTINCT loan), sum(owed)
            FROM booked JOIN read_csv('{home}/seeds/treatments.csv') t ON t.id = treatment GROUP BY ALL"""
    )
    assert loans.rows("silver/transactions_quarantine", "id") == loans.answer(
        booked + "SELECT id FROM landed WHERE next_payment < DATE '2024-01-01'"
    )


@pytest.mark.slow
def test_the_sushi_restaurant(example: Callable[[str], Example]) -> None:
    sushi = example("sushi")
    sushi.make(days=range(4))
    assert main(["run", "sushi"]) == 0
    before = sushi.files_by_day()
    sushi.make(days=range(4, 5))
    assert main(["run", "sushi"]) == 0
    after = sushi.files_by_day()
    assert [day for day in before if after[day] == before[day]] == ["2024-05-02", "2024-05-03", "2024-05-04"]
    sold = """WITH sold AS (SELECT s.*, CAST(cents / 100 AS DECIMAL(8,2)) * units AS revenue
        FROM read_csv('{home}/landing/sold/*.csv') s JOIN read_csv('{home}/landing/items.csv') USING (item)
        WHERE units > 0)"""
    assert sushi.rows("gold/waiters_by_day", "waiter", "day", "revenue", "guests") == sushi.answer(
        sold + "SELECT waiter, day, sum(revenue), count(DISTINCT customer) FROM sold GROUP BY ALL"
    )
    assert sushi.rows("gold/customers", "customer", "revenue", "first_visit") == sushi.answer(
        sold + "SELECT customer, sum(revenue), min(day) FROM sold GROUP BY ALL"
    )
