"""The yardstick of records: a topic as a good engineer takes it in ``foreachBatch``.

Each micro-batch parses its records, sets aside what is no record, writes Bronze, judges the rows by the same rule,
counts them, and writes Silver; commits carry the query's identifier and the micro-batch's number, so that none
comes twice.
"""

from __future__ import annotations

from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F
from pyspark.sql.streaming.query import StreamingQuery

__all__ = ["start"]

SCHEMA = "id bigint, at timestamp, text string, _corrupt string"
PLACE = ("_partition", "_offset", "_timestamp")


def start(
    spark: SparkSession, servers: str, topic: str, warehouse: str, *, trigger_seconds: float
) -> StreamingQuery:
    """Start the stream; it looks so often."""
    records = spark.readStream.format("kafka").option("kafka.bootstrap.servers", servers)
    records = records.option("subscribe", topic).option("startingOffsets", "earliest").load()
    parsed = F.from_json(
        F.col("value").cast("string"), SCHEMA, {"columnNameOfCorruptRecord": "_corrupt", "mode": "PERMISSIVE"}
    )
    rows = records.select(
        parsed.alias("record"),
        F.col("partition").alias("_partition"),
        F.col("offset").alias("_offset"),
        F.col("timestamp").alias("_timestamp"),
        F.current_timestamp().alias("_ingested_at"),
    ).select("record.*", *PLACE, "_ingested_at")

    def work(frame: DataFrame, number: int) -> None:
        _micro_batch(frame, number, warehouse)

    writer = rows.writeStream.foreachBatch(work).option("checkpointLocation", f"{warehouse}/checkpoint")
    return writer.trigger(processingTime=f"{trigger_seconds} seconds").start()


def _micro_batch(frame: DataFrame, number: int, warehouse: str) -> None:
    def write(rows: DataFrame, table: str) -> None:
        writer = rows.write.format("delta").mode("append").option("txnAppId", f"hand/{table}")
        writer.option("txnVersion", number).save(f"{warehouse}/{table}")

    landed = frame.persist()
    is_good, is_numbered = F.col("_corrupt").isNull(), F.col("id").isNotNull()
    counts = landed.agg(
        F.count("*").alias("all"),
        F.count_if(~is_good).alias("bad"),
        F.count_if(is_good & is_numbered).alias("numbered"),
        F.count_if(is_good & ~is_numbered).alias("unnumbered"),
    ).first()
    if counts["all"] != counts["bad"] + counts["numbered"] + counts["unnumbered"]:
        raise ValueError(f"rows were lost: {counts}")
    good = landed.where(is_good).drop("_corrupt")
    write(good, "bronze/records")
    clean = good.select("id", "at", *PLACE)
    write(clean.where(is_numbered), "silver/clean")
    if counts["bad"]:
        write(landed.where(~is_good), "bronze/records_quarantine")
    if counts["unnumbered"]:
        write(clean.where(~is_numbered), "silver/clean_quarantine")
    landed.unpersist()
