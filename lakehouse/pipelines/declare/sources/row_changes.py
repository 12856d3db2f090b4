"""What changed in a table between two of its versions, as rows: each deleted or inserted one, net."""

from __future__ import annotations

from pyspark.sql import DataFrame
from pyspark.sql import functions as F
from pyspark.sql.types import IntegerType, LongType, StringType, StructType

from lakehouse.tables import IReadableDeltaTable, comparable, quoted

__all__ = ["CHANGE_ORDER", "row_changes", "with_change_columns"]

CHANGE_TYPE = "_change_type"
COMMIT_VERSION = "_commit_version"
CHANGE_ORDER = "_change_order"
"""0 for a row that went, 1 for one that is there: of one version, what is there comes last."""

_NET = "__net"
_SAYS = "__says_{}"


def with_change_columns(schema: StructType) -> StructType:
    """Return the schema of the changes of a table that has this schema."""
    shown = StructType(list(schema))
    for name, data_type in (
        (CHANGE_TYPE, StringType()),
        (COMMIT_VERSION, LongType()),
        (CHANGE_ORDER, IntegerType()),
    ):
        shown = shown.add(name, data_type)
    return shown


def row_changes(table: IReadableDeltaTable, *, after: int, through: int) -> DataFrame:
    """Return the rows that versions ``(after, through]`` deleted and inserted, as ``delete`` and ``insert``.

    A row that went and came back the same is no change; one that is updated is both. Each is of version
    ``through``. ``after=-1``: every row is inserted.
    """
    if after < 0:
        return _as_changes(table.read(version=through), inserted=True, version=through)
    found = table.changes(after=after, through=through)
    names = [name for name in found.columns if not name.startswith(("_change_type", "_commit_"))]
    says = [
        comparable(F.col(quoted(name)), found.schema[name].dataType).alias(_SAYS.format(number))
        for number, name in enumerate(names)
    ]
    came = F.col(CHANGE_TYPE).isin("insert", "update_postimage")
    values = F.struct(*(F.col(quoted(name)) for name in names)).alias("row")
    net = (
        found.select(values, F.when(came, 1).otherwise(-1).alias("sign"), *says)
        .groupBy(*(_SAYS.format(number) for number in range(len(names))))
        .agg(F.any_value("row").alias("row"), F.sum("sign").alias(_NET))
    )
    times = F.sequence(F.lit(1), F.abs(_NET).cast("int"))
    changed = net.where(F.col(_NET) != 0).select("row", _NET, F.explode(times))
    return changed.select(
        "row.*",
        F.when(F.col(_NET) > 0, "insert").otherwise("delete").alias(CHANGE_TYPE),
        F.lit(through).cast("bigint").alias(COMMIT_VERSION),
        F.when(F.col(_NET) > 0, 1).otherwise(0).alias(CHANGE_ORDER),
    )


def _as_changes(rows: DataFrame, *, inserted: bool, version: int) -> DataFrame:
    return rows.select(
        "*",
        F.lit("insert" if inserted else "delete").alias(CHANGE_TYPE),
        F.lit(version).cast("bigint").alias(COMMIT_VERSION),
        F.lit(1 if inserted else 0).alias(CHANGE_ORDER),
    )
