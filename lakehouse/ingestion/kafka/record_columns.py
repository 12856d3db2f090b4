"""What each row of a topic carries beside the columns of its payload."""

from __future__ import annotations

__all__ = ["RECORD_COLUMNS", "UNREADABLE_KEY", "UNREADABLE_PAYLOAD"]

RECORD_COLUMNS = ("_key", "_headers", "_topic", "_partition", "_offset", "_timestamp", "_tombstone")
"""Then come ``_ingested_at`` and ``_rescued_data``."""
UNREADABLE_PAYLOAD = "readable_payload"
UNREADABLE_KEY = "readable_key"
"""The rules under which a record is quarantined."""
