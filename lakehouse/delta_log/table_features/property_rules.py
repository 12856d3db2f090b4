"""What a writer may set the table properties of the protocol to."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping

from lakehouse.delta_log.errors import InvalidPropertyError

__all__ = ["check_properties"]

# Narrower than what is read (``table_properties.interval_ms``): every engine must take it.
_INTERVAL = re.compile(r"(interval\s+)?(\d+\s+(second|minute|hour|day|week)s?\s*)+", re.IGNORECASE)
_CODECS = {"none", "uncompressed", "snappy", "zstd", "gzip", "lz4", "brotli"}


def _one_of(*texts: str) -> Callable[[str], bool]:
    return lambda value: value.lower() in texts


_BOOLEAN = ("true or false", _one_of("true", "false"))
_COUNT = ("a whole number above 0", lambda value: value.isdecimal() and int(value) > 0)
_DURATION = ("an interval like 'interval 7 days'", lambda value: _INTERVAL.fullmatch(value) is not None)
_TEXT: tuple[str, Callable[[str], bool]] = ("any text", lambda value: True)

_KNOWN: dict[str, tuple[str, Callable[[str], bool]]] = {
    "delta.appendOnly": _BOOLEAN,
    "delta.autoOptimize.autoCompact": _TEXT,
    "delta.autoOptimize.optimizeWrite": _BOOLEAN,
    "delta.checkpoint.writeStatsAsJson": _BOOLEAN,
    "delta.checkpoint.writeStatsAsStruct": _BOOLEAN,
    "delta.checkpointInterval": _COUNT,
    "delta.checkpointPolicy": ("classic or v2", _one_of("classic", "v2")),
    "delta.columnMapping.mode": ("none, name or id", _one_of("none", "name", "id")),
    "delta.columnMapping.maxColumnId": _TEXT,
    "delta.dataSkippingNumIndexedCols": ("a whole number, -1 for all", lambda v: v == "-1" or v.isdecimal()),
    "delta.dataSkippingStatsColumns": _TEXT,
    "delta.deletedFileRetentionDuration": _DURATION,
    "delta.enableChangeDataFeed": _BOOLEAN,
    "delta.enableDeletionVectors": _BOOLEAN,
    "delta.enableExpiredLogCleanup": _BOOLEAN,
    "delta.enableInCommitTimestamps": _BOOLEAN,
    "delta.enableRowTracking": _BOOLEAN,
    "delta.enableTypeWidening": _BOOLEAN,
    "delta.isolationLevel": (
        "Serializable or WriteSerializable",
        _one_of("serializable", "writeserializable"),
    ),
    "delta.logRetentionDuration": _DURATION,
    "delta.minReaderVersion": _COUNT,
    "delta.minWriterVersion": _COUNT,
    "delta.parquet.compression.codec": (", ".join(sorted(_CODECS)), _one_of(*_CODECS)),
    "delta.randomizeFilePrefixes": _BOOLEAN,
    "delta.setTransactionRetentionDuration": _DURATION,
    "delta.targetFileSize": _TEXT,
    "delta.universalFormat.enabledFormats": (
        "no format, for only Spark can keep it",
        lambda value: not value,
    ),
    "delta.tuneFileSizesForRewrites": _BOOLEAN,
}
_KNOWN_FAMILIES = ("delta.feature.", "delta.inCommitTimestamp", "delta.rowTracking.")


def check_properties(properties: Mapping[str, str | None], *, table: str) -> None:
    """Raise InvalidPropertyError for a ``delta.…`` property that is unknown, or whose value is.

    Names that don't begin with ``delta.`` belong to the user, and may hold anything.
    """
    for name, value in properties.items():
        if not name.lower().startswith("delta.") or name.startswith(_KNOWN_FAMILIES):
            continue
        if name.startswith("delta.constraints."):
            expected = "no constraint: checking rows against SQL needs Spark"
            raise InvalidPropertyError(table=table, name=name, value=value, expected=expected)
        if name not in _KNOWN:
            expected = "a property of the protocol (spelled exactly), or a name without 'delta.'"
            raise InvalidPropertyError(table=table, name=name, value=value, expected=expected)
        expected, is_valid = _KNOWN[name]
        if value is None or not is_valid(value):
            raise InvalidPropertyError(table=table, name=name, value=value, expected=expected)
