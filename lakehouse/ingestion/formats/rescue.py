"""What a row holds beside its columns, as the text of ``_rescued_data``."""

from __future__ import annotations

import json
from collections.abc import Mapping

__all__ = ["MALFORMED_ROW", "rescued"]

MALFORMED_ROW = "_malformed_row"
"""The key of a row's whole text, where it has more or fewer fields than its header."""


def rescued(extra: Mapping[str, str | None], malformed_row: str | None) -> str | None:
    """Return JSON of the values that are there, as Spark's ``to_json`` writes it; None when none is."""
    kept = {name: value for name, value in extra.items() if value is not None}
    if malformed_row is not None:
        kept[MALFORMED_ROW] = malformed_row
    return json.dumps(kept, ensure_ascii=False, separators=(",", ":")) if kept else None
