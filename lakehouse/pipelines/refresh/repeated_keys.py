"""Rows of a batch that have the same key, where nothing puts them in order: those that say the same are one row."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence

from pyspark.sql import DataFrame, Window
from pyspark.sql import functions as F

from lakehouse.ingestion import METADATA_COLUMNS
from lakehouse.pipelines.errors import RepeatedKeysError
from lakehouse.pipelines.refresh.judged_rows import JudgedRows
from lakehouse.pipelines.refresh.row_counts import RowCounter
from lakehouse.quality import Tally
from lakehouse.tables import comparable, quoted

__all__ = ["each_key_once"]

_SAYS = "__lakehouse_says"
_DIFFERS = "__lakehouse_differs"
_PLACE = "__lakehouse_place"
_KEYS_SHOWN = 3


def each_key_once(rows: JudgedRows, keys: Sequence[str], counter: RowCounter, *, table: str) -> JudgedRows:
    """Return the rows with each key once; what is left out is counted as dropped.

    Columns that say where a row came from don't count. Raises RepeatedKeysError where two rows of a key differ.
    """
    by_key = [F.col(quoted(key)) for key in keys]
    # A look that goes through all rows, for they are counted by it.
    if not rows.kept.groupBy(*by_key).agg(F.count(F.lit(1)).alias(_PLACE)).where(F.col(_PLACE) > 1).count():
        return rows
    marked = _marked(rows.kept, keys)
    differing = marked.where(_DIFFERS).select(*by_key).distinct().limit(_KEYS_SHOWN).collect()
    if differing:
        raise RepeatedKeysError(table=table, keys=keys, examples=[str(row) for row in differing])
    came = marked.agg(F.count(F.lit(1)).alias("rows"), F.count_if(F.col(_PLACE) == 1).alias("once")).first()
    assert came is not None  # noqa: S101 - an aggregate without groups has one row
    repeated = came["rows"] - came["once"]
    counter.decided("repeated rows", came["rows"], repeated)
    tally = rows.tally or Tally(
        rows_in=came["rows"], written=came["rows"], dropped=0, quarantined=0, failed=0, broken={}
    )
    return dataclasses.replace(
        rows,
        kept=marked.where(F.col(_PLACE) == 1).drop(_DIFFERS, _PLACE),
        tally=dataclasses.replace(tally, written=tally.written - repeated, dropped=tally.dropped + repeated),
    )


def _marked(frame: DataFrame, keys: Sequence[str]) -> DataFrame:
    """Return the rows with whether others of their key say something else, and with their place among these."""
    values = [each for each in frame.schema if each.name not in METADATA_COLUMNS]
    said = F.struct(
        *(comparable(F.col(quoted(each.name)), each.dataType).alias(each.name) for each in values)
    )
    of_key = Window.partitionBy(*(F.col(quoted(key)) for key in keys))
    where_from = [F.col(name) for name in METADATA_COLUMNS if name in frame.columns]
    in_order = of_key.orderBy(*(where_from or [F.lit(0)]))
    marked = frame.withColumn(_SAYS, said)
    differs = F.min(_SAYS).over(of_key) != F.max(_SAYS).over(of_key)
    return (
        marked.withColumn(_DIFFERS, F.coalesce(differs, F.lit(False)))
        .withColumn(_PLACE, F.row_number().over(in_order))
        .drop(_SAYS)
    )
