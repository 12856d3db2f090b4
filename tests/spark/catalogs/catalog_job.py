"""Runs a pipeline that gives its tables names in a catalog, or asks the catalog by name; prints JSON.

Arguments: ``fill`` or ``ask``, the catalog's settings as JSON, then the landing folder and the warehouse, or queries.
"""

from __future__ import annotations

import json
import sys
from typing import Any

from lakehouse.pipelines import DeclarativePipelineBuilder, from_files, read, run_pipeline
from lakehouse.settings import CatalogSettings, Settings, SparkSettings
from lakehouse.spark_session import SparkSessionFactory

COLUMNS = {"id": "int", "units": "int"}
PIPELINE = (
    DeclarativePipelineBuilder("shop")
    .variable("landing", default="none")
    .bronze("raw", from_files("${landing}/*.csv", columns=COLUMNS))
    .silver("sales", read("raw", incremental=True).cast(COLUMNS).append())
    .gold("totals", read("sales").aggregate(by="id", units="sum(units)").replace())
    .build()
)
SMALL = SparkSettings(
    master="local[1]", compiler="quick", class_data=False, conf={"spark.sql.shuffle.partitions": 1}
)


def main() -> None:
    what, given, *more = sys.argv[1:]
    catalog = CatalogSettings(**json.loads(given))
    spark = SparkSessionFactory(Settings(spark=SMALL, catalog=catalog)).create("catalog")
    if what == "fill":
        landing, warehouse = more
        result = run_pipeline(
            PIPELINE, spark=spark, warehouse=warehouse, variables={"landing": landing}, catalog=catalog
        )
        answer: Any = {"status": result.status, "warnings": [str(each) for each in result.warnings]}
    else:
        answer = [[list(row) for row in spark.sql(query).collect()] for query in more]
    print(json.dumps(answer))
    spark.stop()


if __name__ == "__main__":
    main()
