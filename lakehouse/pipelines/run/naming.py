"""Names of a warehouse's tables in Spark's catalog: ``gold.daily_revenue``."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from pathlib import Path

from pyspark.sql import SparkSession

from lakehouse.pipelines.warehouse import QUARANTINE_SUFFIX, SYSTEM_LAYER, Warehouse
from lakehouse.settings import CatalogSettings
from lakehouse.tables import SparkCatalog, TableLog

__all__ = ["register_tables"]

_IN_SESSION = CatalogSettings(kind="session")


def register_tables(
    spark: SparkSession,
    warehouse: str | Path | Warehouse,
    *,
    catalog: CatalogSettings | None = None,
    only: Collection[tuple[str, str]] | None = None,
) -> Sequence[str]:
    """Give the tables of a warehouse their names, so that ``spark.table("gold.daily_revenue")`` finds them.

    ``catalog`` is the session's own by default, in memory. ``only`` are layers and tables; all tables that a
    pipeline filled, their quarantines and the events by default. Returns the names. Raises TakenNameError,
    CatalogError.
    """
    home = warehouse if isinstance(warehouse, Warehouse) else Warehouse.at(warehouse)
    catalog = catalog or _IN_SESSION
    names = SparkCatalog(spark, catalog.name, is_shared=catalog.is_shared)
    wanted = sorted(_tables(home)) if only is None else only
    found = [each for each in wanted if _is_there(home, *each)]
    for layer, table in found:
        names.register(layer, table, home.path_of(layer, table))
    return [f"{layer}.{table}" for layer, table in found]


def _tables(warehouse: Warehouse) -> Iterator[tuple[str, str]]:
    prefix = f"{SYSTEM_LAYER}/batches/"
    keys = (stat.key.removeprefix(prefix).split("/") for stat in warehouse.storage.list(prefix))
    for layer, table in {(layer, table) for layer, table, _ in keys}:
        yield layer, table
        yield layer, f"{table}{QUARANTINE_SUFFIX}"
    yield SYSTEM_LAYER, "events"


def _is_there(warehouse: Warehouse, layer: str, table: str) -> bool:
    return TableLog(warehouse.path_of(layer, table)).snapshot() is not None
