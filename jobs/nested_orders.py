"""Orders with their lines, as JSON lines, to what was sold of each article. The files are in data/orders."""

from __future__ import annotations

import sys

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from lakehouse.cli import main
from lakehouse.pipelines import DeclarativePipelineBuilder, from_files, read

ORDER = {
    "order_id": "bigint",
    "customer": "struct<id:bigint,country:string>",
    "placed_at": "timestamp",
    "lines": "array<struct<sku:string,quantity:int,price:decimal(10,2)>>",
}


def one_row_a_line(orders: DataFrame) -> DataFrame:
    """Return a row for each line of an order, with the order's own columns."""
    lines = orders.select("order_id", "customer.country", "placed_at", F.explode("lines").alias("line"))
    return lines.select("order_id", "country", "placed_at", "line.*")


pipeline = (
    DeclarativePipelineBuilder("nested_orders")
    .variable("landing", default="data/orders")
    .bronze("orders_raw", from_files("${landing}/*.jsonl*", format="json_lines", columns=ORDER).append())
    .silver(
        "orders_whole",
        read("orders_raw", incremental=True)
        .expect_or_quarantine(
            "is_whole", "order_id IS NOT NULL AND coalesce(_rescued_data NOT LIKE '%lines%', true)"
        )
        .deduplicate("order_id")
        .append(),
    )
    .silver("order_lines", read("orders_whole", incremental=True).transform(one_row_a_line).append())
    .gold(
        "sold_by_article",
        read("order_lines")
        .aggregate(by="sku", quantity="sum(quantity)", revenue="sum(quantity * price)")
        .replace(),
    )
    .build()
)

if __name__ == "__main__":
    sys.exit(main(["run", "nested_orders", "--definition", __file__, *sys.argv[1:]]))
