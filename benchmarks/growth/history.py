"""A long history in the tables of the retail job, written whole by Spark through the engine of the runs."""

from __future__ import annotations

from pathlib import Path

from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from lakehouse.pipelines import (
    PipelineDefinition,
    PipelineFactory,
    RefreshContext,
    TablePipeline,
    Take,
    Warehouse,
    graph_of,
)
from lakehouse.tables import TransactionId

__all__ = ["add_copies"]

_BRONZE, _SILVER = "sales_raw", ("cancellations", "sales")


def add_copies(spark: SparkSession, definition: PipelineDefinition, warehouse: Path, copies: int) -> None:
    """Add the rows of Bronze and Silver so many times again, with other invoice numbers, in a file for each day.

    Bronze has them in one commit, and each Silver table in the batch that takes this commit. So the tables and
    what is noted of them are as if runs had made them; Gold is left to the next run.
    """
    graph = graph_of(definition)
    context = RefreshContext(
        pipeline=definition.name,
        open_session=lambda: spark,
        warehouse=Warehouse.at(warehouse),
        tables=graph.tables,
    )
    factory = PipelineFactory(context)
    tables = {
        name: factory.create(graph.tables[name].layer, graph.tables[name]) for name in (_BRONZE, *_SILVER)
    }
    grown = {name: _copied(table, copies) for name, table in tables.items()}
    history = TransactionId(application="history", number=0)
    tables[_BRONZE].target.append(grown[_BRONZE], transaction=history)
    for name in _SILVER:
        table, decision = tables[name], tables[name].decide()
        batch = decision.settle() if isinstance(decision, Take) else None
        if batch is None:
            raise RuntimeError(f"{name} has nothing to take: {decision}")
        table.publish(table.target, grown[name], table.batches.decide(batch))


def _copied(table: TablePipeline, copies: int) -> DataFrame:
    state = table.log.state()
    if state is None:
        raise RuntimeError(f"there is no table {table.table.name}")
    rows = table.target.read(version=state.version)
    days = rows.select(F.substring(F.col("InvoiceDate").cast("string"), 1, 10)).distinct().count()
    by_day = rows.repartitionByRange(days, "InvoiceDate").withColumn(
        "copy", F.explode(F.sequence(F.lit(1), F.lit(copies)))
    )
    altered = F.concat_ws("-", "InvoiceNo", F.col("copy").cast("string"))
    # Copy after copy, as days came: side by side they would take next to no bytes.
    return by_day.sortWithinPartitions("copy").withColumn("InvoiceNo", altered).drop("copy")
