"""What a case of a pipeline's test costs on a warm session: seconds, the processor's own time, and jobs of Spark.

The case is that of a new project (``lakehouse init``): three tables, a cast, duplicates, two rules, a sum, and three
comparisons. The first cases of a session load Spark's classes; the median is of those behind them.

    python benchmarks/case_on_rows.py
"""

from __future__ import annotations

import argparse
import statistics
import time

from growth.processor import cpu_seconds

from lakehouse import DeclarativePipelineBuilder, SparkSessionFactory, from_files, read

COLUMNS = {"order_id": "int", "customer": "string", "amount": "decimal(10,2)", "ordered_at": "timestamp"}
ROWS = [
    {"order_id": 1, "customer": "anna", "amount": "5.00", "ordered_at": "2024-01-01 09:00:00"},
    {"order_id": 1, "customer": "anna", "amount": "6.00", "ordered_at": "2024-01-01 10:00:00"},
    {"order_id": 2, "customer": "ben", "amount": "-1.00", "ordered_at": "2024-01-01 11:00:00"},
]
CLEAN = (
    read("orders_raw", incremental=True)
    .cast(COLUMNS)
    .deduplicate("order_id", keep="latest", order_by="ordered_at")
    .expect("has_customer", "customer IS NOT NULL")
    .expect_or_quarantine("positive", "amount > 0")
    .append()
)
TOTALS = read("orders").aggregate(by="customer", orders="count(*)", amount="sum(amount)").replace()
PIPELINE = (
    DeclarativePipelineBuilder("orders")
    .bronze("orders_raw", from_files("data/*.csv", columns=COLUMNS))
    .silver("orders", CLEAN)
    .gold("customer_totals", TOTALS)
    .build()
)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--cases", type=int, default=12, help="How many, the first three of which don't count."
    )
    cases = parser.parse_args().cases
    conf = {"spark.sql.shuffle.partitions": "1"}
    spark = SparkSessionFactory.local(cores=1, conf=conf).create("cases")
    seconds, of_processor = [], []
    for number in range(cases):
        spark.sparkContext.setJobGroup(str(number), "a case")
        start, worked = time.perf_counter(), cpu_seconds()
        case = PIPELINE.test(inputs={"orders_raw": ROWS}, spark=spark)
        case.expect("orders", [{"order_id": 1, "customer": "anna", "amount": "6.00"}])
        case.quarantined("orders", [{"order_id": 2}], rule="positive")
        case.expect("customer_totals", [("anna", 1, "6.00")])
        seconds.append(time.perf_counter() - start)
        of_processor.append(cpu_seconds() - worked)
    jobs = len(spark.sparkContext.statusTracker().getJobIdsForGroup(str(cases - 1)))
    warm, worked = seconds[3:], statistics.median(of_processor[3:])
    print(f"first case {seconds[0]:.2f} s, then {', '.join(f'{each:.2f}' for each in seconds[1:3])}")
    print(
        f"warm: median {statistics.median(warm):.2f} s, {min(warm):.2f} to {max(warm):.2f}; "
        f"{worked:.2f} s of the processor; {jobs} jobs a case"
    )
    spark.stop()


if __name__ == "__main__":
    main()
