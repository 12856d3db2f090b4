"""Which tables a query may read: every ``layer.table`` in its text that is a table of the warehouse."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

from lakehouse.delta_log import Snapshot, TableNotFoundError

__all__ = ["names_in", "tables_named"]

_PART = r'(?:(\w+)|"(\w+)"|`(\w+)`)'
_NAME = re.compile(rf"(?<![\w.]){_PART}\s*\.\s*{_PART}")


def tables_named(query: str, warehouse: str) -> Mapping[tuple[str, str], Snapshot]:
    """Return the newest snapshot of each table, by layer and table.

    A column of an alias looks like a table too; where there is no table of that name, it isn't one.
    """
    found: dict[tuple[str, str], Snapshot] = {}
    for layer, table in names_in(query):
        try:
            found[layer, table] = Snapshot.load(f"{warehouse}/{layer}/{table}")
        except TableNotFoundError:
            continue
    return found


def names_in(query: str) -> Iterable[tuple[str, str]]:
    """Return by layer and table all that looks like the name of one, each once."""
    names = _NAME.findall(query)
    return dict.fromkeys(("".join(each[:3]).lower(), "".join(each[3:]).lower()) for each in names)
