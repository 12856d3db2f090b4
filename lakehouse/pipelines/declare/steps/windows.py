"""Windows of time to group by: the texts of Spark's own functions."""

from __future__ import annotations

__all__ = ["session_window", "window"]


def window(column: str, length: str, *, slide: str = "", start: str = "") -> str:
    """Return the group of a row by its time: ``aggregate(by=window("InvoiceDate", "1 day"), revenue="sum(revenue)")``.

    The result has a column ``window`` with its ``start`` and its ``end``, which is left out of it. Windows are counted
    from 1970-01-01 in UTC, moved by ``start``; with ``slide`` one begins so often, and a row is in all that hold it.
    """
    lengths = [length, slide or (length if start else ""), start]
    return f"window({column}, {', '.join(_text(each) for each in lengths if each)})"


def session_window(column: str, gap: str) -> str:
    """Return the group of rows between which no longer time than ``gap`` passes; the column is ``session_window``."""
    return f"session_window({column}, {_text(gap)})"


def _text(length: str) -> str:
    escaped = length.replace("\\", "\\\\").replace("'", "\\'")
    return f"'{escaped}'"
