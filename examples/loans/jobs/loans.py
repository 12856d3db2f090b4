"""Loans: transactions that land day by day, checked, with those of an older system, as balances by country."""

from __future__ import annotations

from lakehouse import DeclarativePipelineBuilder, from_files, read
from lakehouse.pipelines import seed

TRANSACTION = {
    "id": "bigint",
    "loan": "string",
    "country": "string",
    "balance": "decimal(12,2)",
    "cost_center": "string",
    "treatment": "int",
    "next_payment": "date",
}

treatments = seed("treatments.csv", columns={"id": "int", "accounting_treatment": "string"})

pipeline = (
    DeclarativePipelineBuilder("loans")
    .variable("landing", default="landing")
    .variable("payments_from", default="2024-01-01")
    .bronze(
        "transactions_raw",
        from_files("${landing}/transactions/*.jsonl", format="json_lines", columns=TRANSACTION),
    )
    .bronze(
        "old_loans",
        from_files("${landing}/loans.csv", columns=("loan", "country", "balance", "cost_center")),
    )
    .silver(
        "transactions",
        read("transactions_raw", incremental=True)
        .unique("id")
        .join(treatments.rename(id="treatment"), on="treatment")
        .select(*TRANSACTION, "accounting_treatment")
        .expect_or_quarantine("payment_in_time", "next_payment >= DATE '${payments_from}'")
        .expect_or_drop("balance_is_positive", "balance > 0")
        .expect("has_cost_center", "cost_center IS NOT NULL")
        .append(),
        comment="Transactions that may be booked",
    )
    .silver(
        "loans",
        read("old_loans", incremental=True)
        .cast({"balance": "decimal(12,2)"})
        .select("loan", "country", "balance", "cost_center")
        .append(),
    )
    .view(
        "balances",
        read("transactions")
        .select("country", "cost_center", "balance")
        .union(read("loans").select("country", "cost_center", "balance")),
    )
    .gold(
        "by_country",
        read("balances").aggregate(by="country", loans="count(*)", balance="sum(balance)").replace(),
        columns={"balance": "What is owed, in euros"},
    )
    .gold(
        "by_cost_center",
        read("balances")
        .where("cost_center IS NOT NULL")
        .aggregate(by="cost_center", balance="sum(balance)", largest="max(balance)")
        .replace(),
    )
    .gold(
        "by_treatment",
        read("transactions")
        .aggregate(by="accounting_treatment", loans="count(DISTINCT loan)", balance="sum(balance)")
        .replace(),
    )
    .build()
)
