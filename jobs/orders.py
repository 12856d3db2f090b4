"""Orders and refunds from an API, only what is new, to what each customer paid. The API is jobs/orders_server.py."""

from __future__ import annotations

import sys

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from lakehouse.cli import main
from lakehouse.ingestion import Cursor, Incremental, Limits
from lakehouse.pipelines import DeclarativePipelineBuilder, from_rest, read

ORDER = {"order_id": "bigint", "customer": "string", "amount": "string", "updated_at": "string"}


def add_kind(entries: DataFrame) -> DataFrame:
    """Add whether an entry is an order or a refund: which list it came from."""
    return entries.withColumn("kind", F.regexp_extract("_source_url", "/(orders|refunds)", 1))


entries = from_rest(
    "${api}",
    endpoints=["orders", "refunds"],
    records="items",
    schema=ORDER,
    pagination=Cursor(next="next"),
    incremental=Incremental(field="updated_at", parameter="after"),
    limits=Limits(concurrency=16, requests_per_second=200),
)

pipeline = (
    DeclarativePipelineBuilder("orders")
    .variable("api", default="http://127.0.0.1:8080")
    .bronze("entries_raw", entries.append())
    .silver(
        "entries",
        read("entries_raw", incremental=True)
        .cast({"amount": "decimal(10,2)", "updated_at": "timestamp"})
        .transform(add_kind)
        .expect_or_quarantine("positive", "amount > 0")
        .append(),
    )
    .gold(
        "paid_by_customer",
        read("entries")
        .aggregate(
            by="customer",
            orders="count_if(kind = 'orders')",
            paid="sum(CASE WHEN kind = 'orders' THEN amount ELSE -amount END)",
        )
        .replace(),
    )
    .build()
)

if __name__ == "__main__":
    sys.exit(main(["run", "orders", "--definition", __file__, *sys.argv[1:]]))
