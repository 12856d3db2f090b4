"""The table properties that readers and writers of the log act on (Delta PROTOCOL, "Table Properties")."""

from __future__ import annotations

import re
from collections.abc import Mapping

__all__ = ["TableProperties", "interval_ms"]

_MS = {
    "millisecond": 1,
    "second": 1_000,
    "minute": 60_000,
    "hour": 3_600_000,
    "day": 86_400_000,
    "week": 7 * 86_400_000,
}
_CHECKPOINT_INTERVAL = 100
_PART = re.compile(r"([+-]?[0-9]+)\s*(millisecond|second|minute|hour|day|week)s?", re.IGNORECASE)


def interval_ms(text: str) -> int | None:
    """Return the milliseconds of text like ``interval 1 week 2 days``; None for other text."""
    body = re.sub(r"^\s*interval\b", "", text, flags=re.IGNORECASE)
    if not body.strip() or _PART.sub("", body).strip():
        return None
    return sum(int(number) * _MS[unit.lower()] for number, unit in _PART.findall(body))


class TableProperties:
    """Typed values of a table's configuration; a value that can't be read counts as absent."""

    def __init__(self, configuration: Mapping[str, str | None]) -> None:
        self._configuration = configuration

    @property
    def append_only(self) -> bool:
        return self.is_on("delta.appendOnly")

    @property
    def checkpoint_interval(self) -> int:
        """Number of commits from one checkpoint to the next; 100 by default, as in delta-rs.

        A checkpoint holds all files of the table. With one every 10 commits, as delta-spark has it, 2,000
        appends of a row take 2 to 6 times as long, and opening the table is no faster.
        """
        text = self._configuration.get("delta.checkpointInterval") or ""
        return int(text) if text.isdecimal() and int(text) > 0 else _CHECKPOINT_INTERVAL

    @property
    def v2_checkpoints(self) -> bool:
        return (self._configuration.get("delta.checkpointPolicy") or "classic").lower() == "v2"

    @property
    def deleted_file_retention_ms(self) -> int:
        """How long a removed file must stay readable; a week by default."""
        return self._interval("delta.deletedFileRetentionDuration", 7 * _MS["day"])

    @property
    def log_retention_ms(self) -> int:
        """How long old versions must stay readable; 30 days by default."""
        return self._interval("delta.logRetentionDuration", 30 * _MS["day"])

    @property
    def log_cleanup(self) -> bool:
        return self.is_on("delta.enableExpiredLogCleanup", default=True)

    @property
    def transaction_retention_ms(self) -> int | None:
        """The age at which a transaction identifier may be forgotten; None for never."""
        text = self._configuration.get("delta.setTransactionRetentionDuration")
        return None if text is None else interval_ms(text)

    @property
    def row_tracking(self) -> bool:
        return self.is_on("delta.enableRowTracking")

    @property
    def in_commit_timestamps(self) -> bool:
        return self.is_on("delta.enableInCommitTimestamps")

    @property
    def in_commit_timestamps_from(self) -> int | None:
        """The version from which commits carry their time, 0 if always; None where they don't."""
        if not self.in_commit_timestamps:
            return None
        text = self._configuration.get("delta.inCommitTimestampEnablementVersion") or ""
        return int(text) if text.isdecimal() else 0

    def is_on(self, name: str, *, default: bool = False) -> bool:
        """Return whether a property that is true or false is true."""
        text = self._configuration.get(name)
        return default if text is None else text.strip().lower() == "true"

    def _interval(self, name: str, default_ms: int) -> int:
        found = interval_ms(self._configuration.get(name) or "")
        return default_ms if found is None else found
