"""Sizes from which tables are compared by an index of their keys, so small that any table is."""

from __future__ import annotations

from lakehouse.pipelines.refresh import rows_by_key
from lakehouse.tables.key_index import narrowing

SMALLEST = (
    (rows_by_key, "_FEW_FILES", 0),
    (narrowing, "_WORTH_BYTES", 1),
    (narrowing, "_BUILT_FROM_BYTES", 1),
)
"""Module, name and value of each."""


def index_every_table() -> None:
    """Set these sizes in this process."""
    for module, name, value in SMALLEST:
        setattr(module, name, value)
