"""Real sales, from daily CSV files to revenue by day, customer and country."""

from __future__ import annotations

import sys

from pyspark.sql import DataFrame
from pyspark.sql import functions as F
from pyspark.sql.functions import col

from lakehouse.cli import main
from lakehouse.pipelines import DeclarativePipelineBuilder, from_files, read

SALES = {
    "InvoiceNo": "string",
    "StockCode": "string",
    "Description": "string",
    "Quantity": "int",
    "InvoiceDate": "timestamp",
    "UnitPrice": "decimal(10,3)",
    "CustomerID": "int",
    "Country": "string",
}


def add_revenue(sales: DataFrame) -> DataFrame:
    """Add each line's revenue, and the day and month it belongs to."""
    return sales.withColumns(
        {
            "revenue": (col("Quantity") * col("UnitPrice")).cast("decimal(18,3)"),
            "day": F.to_date("InvoiceDate"),
            "month": F.trunc("InvoiceDate", "month"),
        }
    )


typed = read("sales_raw", incremental=True).cast(SALES).deduplicate()

pipeline = (
    DeclarativePipelineBuilder("retail")
    .variable("landing", default="data/retail")
    .bronze("sales_raw", from_files("${landing}/*.csv*", columns=SALES))
    .silver("cancellations", typed.where("InvoiceNo LIKE 'C%'").append())
    .silver(
        "sales",
        typed.where("InvoiceNo NOT LIKE 'C%'")
        .transform(add_revenue)
        .expect("known_customer", "CustomerID IS NOT NULL")
        .expect_or_drop("has_units", "Quantity > 0")
        .expect_or_quarantine("priced", lambda: col("UnitPrice") > 0)
        .expect_or_fail("dated", "InvoiceDate IS NOT NULL")
        .append(),
    )
    .gold(
        "daily_revenue",
        read("sales")
        .aggregate(
            by="day", orders="count(DISTINCT InvoiceNo)", units="sum(Quantity)", revenue="sum(revenue)"
        )
        .replace(),
    )
    .gold(
        "customer_value",
        read("sales")
        .where("CustomerID IS NOT NULL")
        .rename(CustomerID="customer_id")
        .aggregate(by="customer_id", orders="count(DISTINCT InvoiceNo)", revenue="sum(revenue)")
        .replace(),
    )
    .gold(
        "country_month",
        read("sales")
        .rename(Country="country")
        .aggregate(by=("country", "month"), orders="count(DISTINCT InvoiceNo)", revenue="sum(revenue)")
        .replace(),
    )
    .build()
)

if __name__ == "__main__":
    sys.exit(main(["run", "retail", "--definition", __file__, *sys.argv[1:]]))
