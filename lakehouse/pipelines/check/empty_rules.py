"""What rules see when a definition is checked: tables of the declared types, without a row."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection

from lakehouse.pipelines.check.empty_tables import EmptyTables
from lakehouse.pipelines.declare.rules import NoRowsYet

__all__ = ["empty_rules"]


def empty_rules(empty: EmptyTables, *, own_names: Collection[str]) -> NoRowsYet:
    """Return what answers the rules of a table by empty tables."""
    return NoRowsYet(lambda name: empty.table(name).frame, own_names=own_names, now=dt.datetime.now(dt.UTC))
