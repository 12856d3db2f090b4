"""What each invoice line costs, landed: shipping and discount allocated to the cent, unit prices exact.

The parts of an invoice sum to the whole, or the run fails. Postage and carriage are lines of their own in these sales;
they are spread over the invoice's goods by value, and so is a discount for large invoices. Sales abroad are told in the
market's currency too, by rates from a file that each node fetches once.
"""

from __future__ import annotations

import os
import sys
from dataclasses import dataclass
from decimal import Decimal

from pyspark.sql import Column, DataFrame, Window
from pyspark.sql import functions as F
from pyspark.sql.functions import col

from lakehouse.cache import ReferenceFile
from lakehouse.cli import main
from lakehouse.division.spark_udfs import (
    exchange_rate,
    floor_div,
    safe_allocate,
    safe_div_round,
    safe_repeating_decimal,
    try_divide_exact,
)
from lakehouse.pipelines import DeclarativePipelineBuilder, Step, StepContext, from_files, read
from lakehouse.source_location import caller_location

SALES = {
    "InvoiceNo": "string",
    "StockCode": "string",
    "Description": "string",
    "Quantity": "int",
    "InvoiceDate": "timestamp",
    "UnitPrice": "decimal(20,3)",
    "CustomerID": "int",
    "Country": "string",
}
SHIPPING_CODES = ("POST", "DOT", "C2")
"""Postage, DOTCOM postage, carriage."""
DISCOUNT_FROM = 500
"""Goods of at least so much on one invoice earn a discount."""
DISCOUNT_PER_MILLE = 25

_IN_CENTS = 10_000
"""Thousandths times per mille, by this, are cents."""


def add_amount(lines: DataFrame) -> DataFrame:
    """Add what the line comes to, and whether it is shipping."""
    return lines.withColumns(
        {
            "amount": (col("Quantity") * col("UnitPrice")).cast("decimal(34,3)"),
            "is_shipping": col("StockCode").isin(*SHIPPING_CODES),
        }
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class ToLocalCurrency(Step):
    """Adds the market's currency, its rate in pounds, and the amount in it, towards zero to the cent."""

    rates: str
    """Where the file with the rates is; may hold ``${variables}``."""

    @property
    def label(self) -> str:
        return f"to_local_currency({self.rates})"

    def apply(self, frame: DataFrame, context: StepContext) -> DataFrame:
        rated = frame.withColumn("market", exchange_rate("Country", ReferenceFile.at(self.rates)))
        local = safe_div_round("amount", "market.rate", 2, "down")
        return rated.withColumns(
            {
                "currency": col("market.currency"),
                "rate": col("market.rate"),
                "local_amount": local.cast("decimal(34,2)"),
            }
        ).drop("market")


def to_local_currency(rates: str) -> Step:
    """Tell amounts in the market's currency."""
    return ToLocalCurrency(rates=rates, location=caller_location())


def to_invoices(lines: DataFrame) -> DataFrame:
    """One row an invoice: its goods in a fixed order, and the amounts to spread over them."""
    goods = F.when(
        ~col("is_shipping"), F.struct("StockCode", "UnitPrice", "Quantity", "CustomerID", "amount")
    )
    invoices = lines.groupBy("InvoiceNo").agg(
        F.to_date(F.min("InvoiceDate")).alias("day"),
        F.array_sort(F.collect_list(goods)).alias("goods"),
        _total(~col("is_shipping")).alias("goods_amount"),
        _total(col("is_shipping")).alias("shipping"),
    )
    return invoices.withColumn("discount", _discount())


def land(lines: DataFrame) -> DataFrame:
    """One row for each line of goods, with its parts of shipping and discount, and its exact unit price."""
    weights = F.transform("goods", lambda line: line["amount"])
    shared = to_invoices(lines).withColumns(
        {
            "shipping_parts": safe_allocate(col("shipping"), weights),
            "discount_parts": safe_allocate(col("discount"), weights),
        }
    )
    rows = shared.select("*", F.posexplode_outer("goods").alias("place", "line"))
    landed = rows.select(
        "InvoiceNo",
        "day",
        (col("place") + 1).alias("line"),
        "line.StockCode",
        "line.CustomerID",
        "line.Quantity",
        "line.amount",
        F.get("shipping_parts", "place").alias("shipping_part"),
        F.get("discount_parts", "place").alias("discount_part"),
        col("shipping").alias("invoice_shipping"),
        col("discount").alias("invoice_discount"),
    )
    return add_unit_price(landed)


def add_unit_price(lines: DataFrame) -> DataFrame:
    """Add the landed amount, and by the quantity: whole thousandths, what remains, and all digits with their period."""
    landed = col("amount") + col("shipping_part") - col("discount_part")
    priced = lines.withColumn("landed", landed.cast("decimal(34,3)")).withColumns(
        {
            "unit": try_divide_exact((col("landed") * 1000).cast("decimal(38,0)"), col("Quantity")),
            "digits": safe_repeating_decimal("landed", "Quantity"),
        }
    )
    error = col("unit.error")
    return priced.select(
        *lines.columns,
        "landed",
        col("unit.quotient").alias("unit_thousandths"),
        col("unit.remainder").alias("unit_rest"),
        col("digits.text").alias("unit_price"),
        col("digits.length").alias("period_length"),
        error.alias("error"),
        # A line that is set aside takes its parts along, so the invoice goes as a whole.
        F.max(error).over(Window.partitionBy("InvoiceNo")).alias("invoice_error"),
    )


def _total(which: Column) -> Column:
    return F.coalesce(F.sum(F.when(which, col("amount"))), F.lit(0)).cast("decimal(34,3)")


def _discount() -> Column:
    """Rounded down to the cent."""
    earned = F.when(col("goods_amount") >= DISCOUNT_FROM, col("goods_amount")).otherwise(0)
    per_mille = (earned * 1000 * DISCOUNT_PER_MILLE).cast("decimal(38,0)")
    cents = floor_div(per_mille, F.lit(_IN_CENTS), returns="decimal(34,0)")
    return (cents * F.lit(Decimal("0.01"))).cast("decimal(34,2)")


pipeline = (
    DeclarativePipelineBuilder("division")
    .variable("landing", default="data/retail")
    .variable("rates", default="data/reference/exchange_rates.csv")
    .bronze("invoices_raw", from_files("${landing}/*.csv*", columns=SALES))
    .silver(
        "invoice_lines",
        read("invoices_raw", incremental=True)
        .cast(SALES)
        .deduplicate()
        .where("InvoiceNo NOT LIKE 'C%'")
        .transform(add_amount)
        .expect_or_quarantine("counted", "amount IS NOT NULL AND is_shipping IS NOT NULL")
        .append(),
    )
    .silver(
        "landed_lines",
        read("invoice_lines", incremental=True)
        .transform(land)
        .expect_or_quarantine("has_goods", "line IS NOT NULL")
        .expect_or_quarantine("allocated", "shipping_part IS NOT NULL AND discount_part IS NOT NULL")
        .expect_or_quarantine("divided", "invoice_error IS NULL")
        .append(),
    )
    .gold(
        "invoice_costs",
        read("landed_lines")
        .aggregate(
            by=("InvoiceNo", "day"),
            lines="count(*)",
            goods="sum(amount)",
            shipping="max(invoice_shipping)",
            shipping_parts="sum(shipping_part)",
            discount="max(invoice_discount)",
            discount_parts="sum(discount_part)",
            landed="sum(landed)",
        )
        .expect_or_fail("shipping_is_whole", "shipping_parts = shipping")
        .expect_or_fail("discount_is_whole", "discount_parts = discount")
        .expect_or_fail("landed_is_whole", "landed = goods + shipping - discount")
        .replace(),
    )
    .gold(
        "sales_abroad",
        read("invoice_lines")
        .where("Country != 'United Kingdom'")
        .step(to_local_currency("${rates}"))
        .aggregate(
            by=("Country", "currency"),
            lines="count(*)",
            amount="sum(amount)",
            local_amount="sum(local_amount)",
        )
        .expect("has_rate", "currency IS NOT NULL")
        .replace(),
    )
    .gold(
        "unit_price_periods",
        read("landed_lines")
        .aggregate(by="period_length", lines="count(*)", example="min(unit_price)")
        .replace(),
    )
    .build()
)

if __name__ == "__main__":
    # Under spark-submit the functions would run in the PATH's first python3, without the packages that are here.
    os.environ.setdefault("PYSPARK_PYTHON", sys.executable)
    sys.exit(main(["run", "division", "--definition", __file__, *sys.argv[1:]]))
