"""A pipeline of each way to write, the files that it reads, and what they make of each table in plain Python."""

from __future__ import annotations

import datetime as dt
import random
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import deltalake

from lakehouse.pipelines import DeclarativePipelineBuilder, PipelineDefinition, from_files, read
from tests.change_oracle import Change, current_rows, history_rows

__all__ = ["Order", "contents", "expected", "land", "orders", "streamed_orders"]


@dataclass(frozen=True)
class Order:
    """A change of an order; ``at`` differs from that of any other."""

    id: int
    at: int
    day: str
    units: int
    op: str


def orders(chance: random.Random, count: int) -> list[Order]:
    """Return changes in no order of time: updates, deletes and rows that are no numbers (units below zero)."""
    moments = chance.sample(range(10 * count), count)
    return [
        Order(
            id=chance.randrange(count // 3 + 1),
            at=at,
            day=f"2024-01-{chance.randint(1, 4):02}",
            units=chance.randint(-1, 9),
            op=chance.choice("UUUD"),
        )
        for at in moments
    ]


def land(folder: Path, name: str, some: Sequence[Order]) -> None:
    """Let a file appear, whole."""
    lines = ["id,at,day,units,op", *(f"{o.id},{o.at},{o.day},{o.units},{o.op}" for o in some)]
    part = folder / f".{name}"
    part.write_text("\n".join(lines) + "\n")
    part.rename(folder / f"{name}.csv")


def streamed_orders(*, is_small: bool = False) -> PipelineDefinition:
    """Return a pipeline whose tables are written in each way: ``landing`` says where the files come.

    A small one has no table with history, none that is merged into, and none with a watermark.
    """
    types = {"id": "int", "at": "int", "day": "date", "units": "int"}
    changes = read("raw", incremental=True).select("id", "at", "day", "units", "op").cast(types)
    changes = changes.expect_or_quarantine("counted", "units >= 0")
    deletes = {"keys": "id", "sequence_by": "at", "apply_as_deletes": "op = 'D'", "except_column_list": "op"}
    builder = (
        DeclarativePipelineBuilder("streamed")
        .variable("landing", default="none")
        .bronze("raw", from_files("${landing}/*.csv", columns=("id", "at", "day", "units", "op")))
        .silver("appended", changes.append())
        .silver("current", changes.apply_changes(**deletes))  # type: ignore[arg-type]
        .gold("days", read("appended").aggregate(by="day", units="sum(units)", orders="count(*)").replace())
    )
    if not is_small:
        history = changes.apply_changes(stored_as_scd_type=2, **deletes)  # type: ignore[arg-type]
        timed = read("raw", incremental=True).select("id", "at", "day", "units", "op").cast(types)
        builder = (
            builder.silver("merged", changes.merge("id", sequence_by="at"))
            .silver("history", history)
            .silver("timed", timed.watermark("day", "1 day").append())
        )
    return builder.build()


def expected(parts: Sequence[Sequence[Order]]) -> dict[str, set[tuple[Any, ...]]]:
    """Return the rows of each table. What is late goes by the parts that came one after the other, and nothing else."""
    given = [order for part in parts for order in part]
    timed, late = _timed(parts)
    good = [order for order in given if order.units >= 0]
    changes = [Change(o.id, o.at, (o.day, o.units) if o.op == "U" else None) for o in good]
    newest = {order.id: order for order in sorted(good, key=lambda order: order.at)}
    days: dict[str, list[int]] = defaultdict(list)
    for order in good:
        days[order.day].append(order.units)
    return {
        "appended": {(o.id, o.at, o.day, o.units, o.op) for o in good},
        "merged": {(o.id, o.at, o.day, o.units, o.op) for o in newest.values()},
        "appended_quarantine": {(o.id, o.at, o.day, o.units, o.op) for o in given if o.units < 0},
        "current": {(key, at, *values) for key, at, values in current_rows(changes)},
        "history": {(key, *values, start, end) for key, start, end, values in history_rows(changes)},
        "days": {(day, sum(units), len(units)) for day, units in days.items()},
        "timed": timed,
        **({"timed_quarantine": late} if late else {}),
    }


def _timed(parts: Sequence[Sequence[Order]]) -> tuple[set[tuple[Any, ...]], set[tuple[Any, ...]]]:
    """Return the rows that are in time, and those that are more than a day behind the newest of the parts before."""
    timed: set[tuple[Any, ...]] = set()
    late: set[tuple[Any, ...]] = set()
    newest: dt.date | None = None
    for part in parts:
        for order in part:
            day = dt.date.fromisoformat(order.day)
            is_late = newest is not None and day < newest - dt.timedelta(days=1)
            (late if is_late else timed).add((order.id, order.at, order.day, order.units, order.op))
        days = [dt.date.fromisoformat(order.day) for order in part]
        newest = max([*days, *([newest] if newest else [])])
    return timed, late


def contents(warehouse: Path) -> dict[str, set[tuple[Any, ...]]]:
    """Return the rows of each table that is there, as ``expected`` names them, read by another engine."""
    changed, kept = ("id", "at", "day", "units", "op"), ("id", "at", "day", "units")
    columns = {
        "silver/appended": changed,
        "silver/merged": changed,
        "silver/appended_quarantine": changed,
        "silver/timed": changed,
        "silver/timed_quarantine": changed,
        "silver/current": kept,
        "silver/history": ("id", "day", "units", "__START_AT", "__END_AT"),
        "gold/days": ("day", "units", "orders"),
    }
    found = {}
    for path, names in columns.items():
        if not (warehouse / path).exists():
            continue
        table = deltalake.DeltaTable(warehouse / path).to_pyarrow_table(columns=list(names))
        rows = [tuple(map(_shown, row.values())) for row in table.to_pylist()]
        assert len(rows) == len(set(rows)), path
        found[path.rpartition("/")[2]] = set(rows)
    return found


def _shown(value: Any) -> Any:
    return value.isoformat() if isinstance(value, dt.date) else value
