"""The shape of a quarantine: what it adds to the rows that are set aside, and the rules that are the library's own."""

from __future__ import annotations

import re

__all__ = ["QUARANTINE_COLUMNS", "is_reserved_rule"]

QUARANTINE_COLUMNS = ("_errors", "_batch", "_row_at_cast")
"""All that a row breaks (array of struct: rule, message), the number of the batch that it came in, and the
row as it was cast (JSON), where a failed cast kept it from later steps that change its columns."""

_RESERVED = re.compile(r"cast|(cast|change|contract|late)\(.*\)|readable_(file|payload|key)", re.DOTALL)


def is_reserved_rule(name: str) -> bool:
    """Say whether the library itself counts and quarantines under this name."""
    return _RESERVED.fullmatch(name) is not None
