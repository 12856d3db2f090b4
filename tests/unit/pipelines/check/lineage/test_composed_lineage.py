"""Edges of tables compose over the graph by OpenLineage's rules, and are kept for the definition that they are of."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import pyarrow as pa
import pytest

from lakehouse.delta_log import TransactionManager
from lakehouse.pipelines import (
    DeclarativePipelineBuilder,
    PipelineDefinition,
    Warehouse,
    from_delta,
    from_files,
    read,
)
from lakehouse.pipelines.check.lineage import (
    ColumnName,
    Edge,
    Influence,
    OpaqueStep,
    PipelineLineage,
    TableLineage,
    keep_lineage,
    kept_lineage,
)

SAME, T, A, F, G = (
    Influence.IDENTITY,
    Influence.TRANSFORMATION,
    Influence.AGGREGATION,
    Influence.FILTER,
    Influence.GROUP_BY,
)


@pytest.mark.parametrize(
    ("first", "then", "both"),
    [
        (SAME, SAME, SAME),
        (SAME, T, T),
        (T, SAME, T),
        (T, A, A),
        (A, T, A),
        (A, SAME, A),
        (F, A, F),
        (A, G, G),
        (F, G, G),
    ],
)
def test_indirect_wins_and_then_the_strongest(first: Influence, then: Influence, both: Influence) -> None:
    assert first.then(then) is both


def edge(name: str, how: Influence) -> Edge:
    return Edge(ColumnName(*name.split(".")), how)


def shop() -> PipelineLineage:
    """raw → sales → days; the price of ``sales`` is also compared with itself."""
    sales = TableLineage(
        table="sales",
        columns={"price": (edge("raw.price", T),), "day": (edge("raw.day", SAME),)},
        rows=(edge("raw.units", F),),
        made_at={"price": "a.py:3", "day": "a.py:1"},
        types={"price": "int", "day": "date"},
        opaque=(OpaqueStep(label="transform(f)", place="a.py:2"),),
    )
    days = TableLineage(
        table="days",
        columns={"day": (edge("sales.day", SAME),), "total": (edge("sales.price", A),)},
        rows=(edge("sales.day", G),),
        made_at={"day": "a.py:9", "total": "a.py:9"},
        types={"day": "date", "total": "bigint"},
    )
    return PipelineLineage(pipeline="shop", tables={"sales": sales, "days": days})


def test_upstream_goes_to_the_sources() -> None:
    assert set(shop().upstream(ColumnName("days", "total"))) == {
        edge("sales.price", A),
        edge("sales.day", G),
        edge("raw.price", A),
        edge("raw.day", G),
        edge("raw.units", F),
        edge("raw.units", G),
    }


def test_downstream_is_upstream_seen_from_the_other_end() -> None:
    lineage = shop()
    columns = [ColumnName(table.table, name) for table in lineage.tables.values() for name in table.columns]
    sources = [ColumnName("raw", name) for name in ("price", "day", "units")]
    down = {(a, edge.source, edge.how) for a in (*sources, *columns) for edge in lineage.downstream(a)}
    up = {(edge.source, b, edge.how) for b in columns for edge in lineage.upstream(b)}
    assert down == up


def definition(condition: str = "units > 0") -> PipelineDefinition:
    return (
        DeclarativePipelineBuilder("a/b c")
        .bronze("raw", from_files("in/*.csv", columns={"units": "int"}))
        .silver("sales", read("raw", incremental=True).where(condition).append())
        .build()
    )


def test_kept_lineage_comes_back_as_it_was(tmp_path: Path) -> None:
    warehouse, lineage = Warehouse.at(tmp_path), dataclasses.replace(shop(), pipeline="a/b c")
    assert kept_lineage(warehouse, definition()) is None
    keep_lineage(warehouse, definition(), lineage)
    assert kept_lineage(warehouse, definition()) == lineage


def test_a_changed_step_makes_what_is_kept_worthless(tmp_path: Path) -> None:
    warehouse = Warehouse.at(tmp_path)
    keep_lineage(warehouse, definition(), shop())
    assert kept_lineage(warehouse, definition("units > 1")) is None


def test_a_table_from_outside_with_other_columns_makes_what_is_kept_worthless(tmp_path: Path) -> None:
    warehouse = Warehouse.at(tmp_path / "lake")
    outside = str(tmp_path / "elsewhere" / "orders")
    reading = DeclarativePipelineBuilder("p").silver("sales", from_delta(outside).replace()).build()
    lineage = PipelineLineage(pipeline="p", tables={})
    keep_lineage(warehouse, reading, lineage)
    assert kept_lineage(warehouse, reading) == lineage
    with TransactionManager().transaction(outside) as transaction:
        transaction.append(pa.table({"units": [1]}))
    assert kept_lineage(warehouse, reading) is None
    keep_lineage(warehouse, reading, lineage)
    with TransactionManager().transaction(outside) as transaction:
        transaction.append(pa.table({"units": [2]}))
    assert kept_lineage(warehouse, reading) == lineage


def test_a_damaged_file_is_as_none(tmp_path: Path) -> None:
    warehouse = Warehouse.at(tmp_path)
    keep_lineage(warehouse, definition(), shop())
    (file,) = (tmp_path / "system" / "lineage").iterdir()
    file.write_bytes(file.read_bytes()[:-40])
    assert kept_lineage(warehouse, definition()) is None
