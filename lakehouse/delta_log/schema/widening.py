"""Which types a column may grow into: every value stays what it is (Delta PROTOCOL, "Type Widening")."""

from __future__ import annotations

import re
from collections.abc import Mapping

__all__ = ["is_widening"]

_WIDER: Mapping[str, frozenset[str]] = {
    "byte": frozenset({"short", "integer", "long", "double"}),
    "short": frozenset({"integer", "long", "double"}),
    "integer": frozenset({"long", "double"}),
    "float": frozenset({"double"}),
}
_SQL: Mapping[str, str] = {"tinyint": "byte", "smallint": "short", "int": "integer", "bigint": "long"}
_DECIMAL = re.compile(r"decimal\((\d+),\s*(\d+)\)")


def is_widening(narrow: str, wide: str) -> bool:
    """Say whether a column of the type ``narrow`` may become ``wide``; both in Delta's words or in SQL's."""
    before, after = _SQL.get(narrow, narrow), _SQL.get(wide, wide)
    if after in _WIDER.get(before, ()):
        return True
    old, new = _DECIMAL.fullmatch(before), _DECIMAL.fullmatch(after)
    if old is None or new is None or before == after:
        return False
    more_digits = int(new[1]) - int(old[1])
    more_decimals = int(new[2]) - int(old[2])
    return more_digits >= more_decimals >= 0
