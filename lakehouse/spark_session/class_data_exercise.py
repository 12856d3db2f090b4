"""The kinds of work that pipelines do, small: whatever classes it loads are in the archive."""

from __future__ import annotations

import gzip
from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa
from delta.tables import DeltaTable
from pyspark.sql import DataFrame, Observation, SparkSession
from pyspark.sql import functions as F
from pyspark.sql.functions import col

__all__ = ["exercise"]

_COLUMNS = "number STRING, name STRING, units INT, at TIMESTAMP, price DECIMAL(10,3), country STRING"


def exercise(spark: SparkSession, folder: Path, *, has_delta: bool = True) -> None:
    """Read, check, join, group and write a few rows under ``folder``, in files and where it can in Delta tables."""
    typed = _typed(_landed(spark, folder))
    _plain_files(spark, typed, folder / "files")
    if has_delta:
        _delta_table(spark, typed, str(folder / "table"))
    _python_functions(spark, typed)


def _landed(spark: SparkSession, folder: Path) -> DataFrame:
    lines = [f"{number},a {number % 3},{number},2010-12-01 08:{number:02}:00,2.5,X" for number in range(50)]
    text = "\n".join(["number,name,units,at,price,country", *lines, "bad,,x,y,z,"])
    with gzip.open(folder / "landed.csv.gz", "wt", encoding="utf-8") as file:
        file.write(text)
    strings = _COLUMNS
    for kind in ("INT", "TIMESTAMP", "DECIMAL(10,3)"):
        strings = strings.replace(kind, "STRING")
    read = spark.read.schema(f"{strings}, _corrupt STRING").options(
        header="true", mode="PERMISSIVE", columnNameOfCorruptRecord="_corrupt", multiLine="true"
    )
    return read.csv(str(folder / "landed.csv.gz")).withColumn("file", F.input_file_name())


def _typed(landed: DataFrame) -> DataFrame:
    return landed.select(
        "number",
        F.trim("name").alias("name"),
        *(
            F.expr(f"try_cast({name} AS {kind})").alias(name)
            for name, kind in (("units", "INT"), ("at", "TIMESTAMP"))
        ),
        F.expr("try_cast(price AS DECIMAL(10,3))").alias("price"),
        F.coalesce(F.nullif("country", F.lit("")), F.lit("?")).alias("country"),
        F.when(F.col("units").rlike(r"^\d+$"), F.array(F.lit("fine"))).otherwise(F.array()).alias("notes"),
        F.struct("file", F.sha2("number", 256).alias("digest")).alias("origin"),
    ).withColumns({"day": F.to_date("at"), "value": (col("units") * col("price")).cast("decimal(18,3)")})


def _plain_files(spark: SparkSession, typed: DataFrame, folder: Path) -> None:
    seen = Observation("rows")
    watched = typed.observe(seen, F.count("*").alias("rows"), F.count_if(col("price") > 0).alias("priced"))
    watched.where("number NOT LIKE 'C%'").write.mode("overwrite").partitionBy("day").parquet(str(folder))
    seen.get  # noqa: B018 - waits for the numbers
    kept = spark.read.parquet(str(folder)).persist()
    kept.dropDuplicates(["number"]).join(typed, "number", "left_anti").count()
    kept.join(F.broadcast(typed.select("number", col("units").alias("other"))), "number").collect()
    totals = kept.groupBy("day", "country").agg(F.count_distinct("name"), F.sum("value"), F.max("at"))
    totals.orderBy("day").toArrow()
    kept.unionByName(typed, allowMissingColumns=True).selectExpr(
        "*", "row_number() OVER (PARTITION BY name ORDER BY at DESC) AS place", "explode_outer(notes) AS note"
    ).where("place = 1").collect()
    kept.unpersist()


def _delta_table(spark: SparkSession, typed: DataFrame, path: str) -> None:
    typed.write.format("delta").save(path)
    typed.limit(3).write.format("delta").mode("append").option("mergeSchema", "true").save(path)
    table = DeltaTable.forPath(spark, path)
    changes = table.alias("t").merge(typed.limit(5).alias("c"), "t.number = c.number AND t.at = c.at")
    changes.whenMatchedUpdate(set={"name": F.lit("new")}).whenNotMatchedInsertAll().execute()
    table.delete("number = 'bad'")
    earlier = spark.read.format("delta").option("versionAsOf", 1).load(path)
    earlier.where("units > 3").groupBy("country").count().collect()


def _python_functions(spark: SparkSession, typed: DataFrame) -> None:
    def unchanged(batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        return batches

    typed.select("number", "price").mapInArrow(unchanged, "number STRING, price DECIMAL(10,3)").collect()
    rows = spark.createDataFrame(pa.table({"id": [1, 2, 3], "name": ["a", "b", None]}))
    rows.union(spark.createDataFrame([(4, "d")], "id BIGINT, name STRING")).toArrow()
    rows.select(F.udf(str.upper)(F.coalesce("name", F.lit("")))).collect()
