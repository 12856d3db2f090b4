"""How a source, steps and a write mode can contradict each other."""

from __future__ import annotations

from lakehouse.errors import DefinitionError
from lakehouse.source_location import SourceLocation

__all__ = [
    "ChangingInputError",
    "InvalidWriteModeError",
    "NewRowsReplaceError",
    "NoWriteModeError",
    "NotIncrementalError",
    "PartialGroupsError",
    "RowsWithoutPartError",
    "WholeReadAppendedError",
]


class NoWriteModeError(DefinitionError):
    """A table doesn't say how its rows are written."""

    def __init__(self, *, table: str, location: SourceLocation) -> None:
        super().__init__(
            f"{location}: {table!r} doesn't say how it is written.",
            fix="end the flow with .append(), .replace() or .merge(keys).",
        )


class InvalidWriteModeError(DefinitionError):
    """How a table is written doesn't fit together."""

    def __init__(self, *, mode: str, wrong: str, fix: str, location: SourceLocation) -> None:
        self.mode = mode
        super().__init__(f"{location}: {mode} has {wrong}.", fix=fix)


class WholeReadAppendedError(DefinitionError):
    """A table reads all rows of its source each time, and appends them each time."""

    def __init__(self, *, table: str, source: str, location: SourceLocation) -> None:
        super().__init__(
            f"{location}: {table!r} reads {source} whole and appends: each run would add all rows again.",
            fix="read with incremental=True, add .deduplicate(), or end with .replace().",
        )


class NewRowsReplaceError(DefinitionError):
    """A table gets only new rows from its source, and puts them in place of all that it holds."""

    def __init__(self, *, table: str, source: str, location: SourceLocation) -> None:
        super().__init__(
            f"{location}: {table!r} gets only the new rows of {source} and replaces: earlier rows would be lost.",
            fix="end with .append() or .merge(keys), or read a table whole: read(table) without incremental=True.",
        )


class ChangingInputError(DefinitionError):
    """A table reads the new rows of another, whose rows do not stay as they are."""

    def __init__(self, *, table: str, source: str, mode: str, location: SourceLocation) -> None:
        super().__init__(
            f"{location}: {table!r} reads only the new rows of {source!r}, which is written by {mode}: "
            "rows that change have no place there.",
            fix=f"read it whole, read({source!r}), and end with .replace().",
        )


class PartialGroupsError(DefinitionError):
    """Groups of new rows alone would take the place of groups of all rows."""

    def __init__(self, *, table: str, step: str, location: SourceLocation) -> None:
        super().__init__(
            f"{location}: {step} of {table!r} sees only new rows, and its result is merged over that of all rows.",
            fix="read the table whole and end with .replace().",
        )


class RowsWithoutPartError(DefinitionError):
    """A step may set rows aside before it is known which part of the table they belong to."""

    def __init__(self, *, table: str, step: str, location: SourceLocation) -> None:
        self.table = table
        super().__init__(
            f"{location}: {step} of {table!r} may put rows into quarantine, and nobody can say which part of the "
            "table they belong to.",
            fix="cast in a table before, or with on_error='null' or 'fail'.",
        )


class NotIncrementalError(DefinitionError):
    """A table is to be refreshed from new rows, and its flow needs all rows."""

    def __init__(self, *, table: str, reason: str, location: SourceLocation) -> None:
        self.table = table
        self.reason = reason
        super().__init__(
            f"{location}: {table!r} can't be refreshed from new rows only: {reason}.",
            fix="change the flow, or let the table read all rows where it must: refresh_policy='auto'.",
        )
