"""Which tables of a stream wait for each other: those of a lane do, and lanes go side by side."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Mapping
from dataclasses import dataclass

from lakehouse.pipelines.check.graph import TableGraph
from lakehouse.pipelines.declare.durations import duration

__all__ = ["Lane", "lanes_of"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Lane:
    """Tables that are refreshed by one micro-batch at a time, in the order in which they depend on each other."""

    tables: tuple[str, ...]
    periods: Mapping[str, dt.timedelta]
    """How often those are refreshed that don't follow their inputs at once."""

    @property
    def goes_by_the_clock(self) -> bool:
        """Whether nothing that comes wakes its tables."""
        return bool(self.periods)


def lanes_of(graph: TableGraph, selected: Collection[str]) -> tuple[Lane, ...]:
    """Return the lanes, those that wake by what comes first.

    Tables with ``refresh_every``, and all that need them, are apart from the others: however long they take, the
    others go on. Of either kind those are in one lane that depend on each other, near or far.
    """
    periods = {
        name: length
        for name in selected
        if (length := duration(graph.tables[name].options.refresh_every or "")) is not None
    }
    clocked = {each for name in periods for each in (name, *graph.downstream(name))} & set(selected)
    return tuple(
        Lane(tables=tables, periods={name: periods[name] for name in tables if name in periods})
        for part in (set(selected) - clocked, clocked)
        for tables in _connected(graph, part)
    )


def _connected(graph: TableGraph, tables: set[str]) -> list[tuple[str, ...]]:
    """Return the tables in groups, of which none reads a table of another."""
    groups: list[set[str]] = []
    for name in graph.order:
        if name not in tables:
            continue
        joined = [group for group in groups if group & graph.inputs[name]]
        groups = [group for group in groups if group not in joined]
        groups.append({name}.union(*joined))
    order = {name: at for at, name in enumerate(graph.order)}
    return sorted(
        (tuple(sorted(group, key=order.__getitem__)) for group in groups), key=lambda g: order[g[0]]
    )
