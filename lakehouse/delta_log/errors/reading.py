"""What can be wrong with a table or its log, as a reader finds it; conflicts of writers are elsewhere."""

from __future__ import annotations

from collections.abc import Sequence

from lakehouse.errors import DefinitionError, TableError

__all__ = [
    "CatalogManagedTableError",
    "ChecksumMismatchError",
    "DataFileError",
    "DeltaLogError",
    "IncompleteStateError",
    "InvalidConditionError",
    "InvalidPredicateError",
    "LogGapError",
    "MalformedDeletionVectorError",
    "MalformedLogError",
    "MalformedSchemaError",
    "NoSuchColumnError",
    "PredicateTruthError",
    "TableNotFoundError",
    "TimestampNotFoundError",
    "UnsupportedFeatureError",
    "VersionNotFoundError",
]

_EXAMPLE = "units > 5 AND country IN ('France', 'Spain') AND day IS NOT NULL"


class DeltaLogError(TableError):
    """The root of what this package raises about a table."""


class TableNotFoundError(DeltaLogError):
    """The path holds no Delta table."""

    def __init__(self, *, table: str) -> None:
        self.table = table
        super().__init__(
            f"{table} is not a Delta table: its _delta_log has neither a commit nor a checkpoint.",
            fix="check the path; it is the folder that has _delta_log in it.",
        )


class VersionNotFoundError(DeltaLogError):
    """The asked version was never committed, or its log was cleaned up."""

    def __init__(self, *, table: str, version: int, earliest: int, latest: int) -> None:
        self.table = table
        self.version = version
        self.earliest = earliest
        self.latest = latest
        super().__init__(
            f"{table} can't be read at version {version}: the log goes from {earliest} to {latest}.",
            fix="ask for a version in that range; log retention is delta.logRetentionDuration.",
        )


class TimestampNotFoundError(DeltaLogError):
    """The table has no version for the requested time."""

    def __init__(self, *, table: str, timestamp: str, bound: str, reason: str) -> None:
        self.table = table
        self.timestamp = timestamp
        self.bound = bound
        super().__init__(
            f"{table} can't be read as of {timestamp}: {reason} ({bound}).",
            fix="ask for a time between the earliest and the latest commit, or for a version.",
        )


class LogGapError(DeltaLogError):
    """Commits that are needed to rebuild the table are missing from the log."""

    def __init__(self, *, table: str, missing: range, needed_for: int, start: int | None) -> None:
        self.table = table
        self.missing = missing
        self.needed_for = needed_for
        origin = "no usable checkpoint" if start is None else f"a checkpoint of version {start}"
        first, last = missing[0], missing[-1]
        which = f"commit {first} is" if first == last else f"commits in {first}…{last} are"
        super().__init__(
            f"{table} can't be rebuilt at version {needed_for}: {which} missing, with {origin} before it.",
            fix="restore the files of _delta_log from a backup, or ask for a version that can be rebuilt.",
        )


class MalformedLogError(DeltaLogError):
    """The content of a log file is not valid by the protocol."""

    def __init__(self, *, source: str, reason: str, line: int | None = None) -> None:
        self.source = source
        self.line = line
        self.reason = reason
        where = source if line is None else f"{source}:{line}"
        super().__init__(
            f"{where} is not a valid file of a Delta log: {reason}.",
            fix="restore the file from a backup; `lakehouse table verify` lists every problem of a log.",
        )


class IncompleteStateError(DeltaLogError):
    """The log has no protocol or no metadata, so the table can't be read."""

    def __init__(self, *, table: str, version: int, action: str) -> None:
        self.table = table
        self.version = version
        self.action = action
        super().__init__(
            f"{table} has no {action!r} action up to version {version}; every Delta table must have one.",
            fix="restore the commit or the checkpoint that held it.",
        )


class UnsupportedFeatureError(DeltaLogError):
    """The table requires a feature that this library lacks; to read on would give wrong rows."""

    def __init__(self, *, table: str, needs: Sequence[str], action: str, known: str) -> None:
        self.table = table
        self.needs = tuple(needs)
        self.action = action
        super().__init__(
            f"{table} can't be {action}: it needs {', '.join(needs)}, and {known} are known here.",
            fix="use a newer lakehouse or another engine, or drop the feature from the table.",
        )


class CatalogManagedTableError(UnsupportedFeatureError):
    """The latest commits of the table are known to its catalog alone."""

    def __init__(self, *, table: str, feature: str) -> None:
        self.table = table
        self.needs = (feature,)
        self.action = "read by its path"
        DeltaLogError.__init__(
            self,
            f"{table} can't be read or written by its path: the feature {feature!r} gives its commits to a "
            "catalog, and what is in _delta_log may be old or not be committed at all.",
            fix="read it through its catalog, with Spark.",
        )


class ChecksumMismatchError(DeltaLogError):
    """The state rebuilt from the log is not what the version's checksum file says."""

    def __init__(self, *, table: str, version: int, field: str, expected: object, actual: object) -> None:
        self.table = table
        self.version = version
        self.field = field
        super().__init__(
            f"{table} at version {version} has {field} {actual!r} by its log, {expected!r} by its .crc file.",
            fix="run `lakehouse table verify`, and compare the log with a backup: readers follow the log, and one "
            "of its files may have changed since the .crc file was written.",
        )


class MalformedSchemaError(DeltaLogError):
    """The table's schema text is not a schema."""

    def __init__(self, *, table: str, reason: str) -> None:
        self.table = table
        self.reason = reason
        super().__init__(
            f"{table} has an invalid schemaString: {reason}.",
            fix="restore the metaData action from an earlier version.",
        )


class MalformedDeletionVectorError(DeltaLogError):
    """A deletion vector can't be decoded, so the deleted rows are unknown."""

    def __init__(self, *, source: str, reason: str) -> None:
        self.source = source
        self.reason = reason
        super().__init__(
            f"the deletion vector {source} is damaged: {reason}.",
            fix="restore its file from a backup; reading on without it would bring deleted rows back.",
        )


class DataFileError(DeltaLogError):
    """A data file that the log names can't be read."""

    def __init__(self, *, table: str, path: str, version: int, reason: str) -> None:
        self.table = table
        self.path = path
        self.version = version
        super().__init__(
            f"{table} at version {version} needs the data file {path!r}: {reason}.",
            fix="restore the file, or read a version that does not need it; vacuum may have removed it.",
        )


class InvalidConditionError(DefinitionError):
    """A condition can't be read, or names what the table does not have."""

    def __init__(self, *, text: str, reason: str, fix: str = f"write it as in {_EXAMPLE!r}.") -> None:
        self.text = text
        self.reason = reason
        super().__init__(f"the condition {text!r} can't be used: {reason}.", fix=fix)


class InvalidPredicateError(DeltaLogError):
    """A condition can't be asked of the table: a value of another type than its column, mostly."""

    def __init__(self, *, table: str, predicate: str, reason: str) -> None:
        self.table = table
        self.predicate = predicate
        super().__init__(
            f"{table} can't be asked for {predicate}: {reason}.",
            fix="compare each column with values of its own type.",
        )


class PredicateTruthError(DeltaLogError, TypeError):
    """A condition was taken for true or false, as Python's ``and``, ``or`` and ``not`` do."""

    def __init__(self, *, predicate: str) -> None:
        self.predicate = predicate
        super().__init__(
            f"{predicate:.200} is true or false of a row, and not by itself: 'and', 'or', 'not', 'if' and chained "
            "comparisons can't be asked of it.",
            fix="join conditions with &, | and ~, each in parentheses: (col('x') > 5) & (col('x') < 7).",
        )


class NoSuchColumnError(DeltaLogError):
    """A column was asked for, or named in a predicate, that the table does not have."""

    def __init__(self, *, table: str, column: str, available: Sequence[str]) -> None:
        self.table = table
        self.column = column
        self.available = tuple(available)
        super().__init__(
            f"{table} has no column {column!r}.", fix=f"choose from {', '.join(map(repr, available))}."
        )
