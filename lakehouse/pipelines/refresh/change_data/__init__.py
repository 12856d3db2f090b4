"""Refresh a table from a feed of changes: decide each batch with what the table holds and what is kept beside it."""

from lakehouse.pipelines.refresh.change_data.decided import first_rows
from lakehouse.pipelines.refresh.change_data.refresh import ChangeRefresh

__all__ = ["ChangeRefresh", "first_rows"]
