"""Why a transaction can't be written. Each is raised before anything of it is in the log, but for one."""

from __future__ import annotations

from collections.abc import Sequence

from lakehouse.delta_log.errors.reading import DeltaLogError

__all__ = [
    "AppendOnlyTableError",
    "CommitBudgetSpentError",
    "CommitOutcomeUnknownError",
    "CommitRefusedError",
    "DefinitionChangedError",
    "DuplicateActionError",
    "FileNotLiveError",
    "IncompatibleRowsError",
    "InvalidPropertyError",
    "LogCleanedMeanwhileError",
    "MissingRowCountError",
    "NoTableYetError",
    "NullInRequiredColumnError",
    "RetentionTooShortError",
    "RowsChangedError",
    "RowsSchemaMismatchError",
    "TableExistsError",
    "TableReplacedError",
    "TransactionClosedError",
    "UnenforceableRuleError",
    "UnmappablePathError",
    "UnsupportedTypeError",
    "WrongReplacementError",
]


class CommitOutcomeUnknownError(DeltaLogError):
    """Storage gave no clear answer within the time budget: the commit may still appear."""

    def __init__(self, *, table: str, version: int, transaction_id: str) -> None:
        self.table = table
        self.version = version
        self.transaction_id = transaction_id
        super().__init__(
            f"{table}: storage did not say whether the transaction {transaction_id} became version "
            f"{version}. Its data files are kept.",
            fix=f"look whether commitInfo.txnId of version {version} is {transaction_id}; "
            "if not, run the transaction again.",
        )


class CommitRefusedError(DeltaLogError):
    """The store does not let this process write the log; nothing was committed."""

    def __init__(self, *, table: str, version: int, reason: str) -> None:
        self.table = table
        self.version = version
        super().__init__(
            f"{table}: version {version} could not be written: {reason}.",
            fix="check the rights of this process on _delta_log, and the space and the health of the disk.",
        )


class CommitBudgetSpentError(DeltaLogError):
    """Other writers won every race within the time budget; nothing was committed."""

    def __init__(self, *, table: str, version: int, tries: int, budget_seconds: float) -> None:
        self.table = table
        self.version = version
        self.tries = tries
        super().__init__(
            f"{table}: no version was free within {budget_seconds} s: {tries} tries, the last at {version}.",
            fix="give Backoff a bigger budget_seconds, or let fewer writers commit more rows each.",
        )


class LogCleanedMeanwhileError(DeltaLogError):
    """The transaction is older than the log: what was committed since can't be looked at any more."""

    def __init__(self, *, table: str, version: int) -> None:
        self.table = table
        self.version = version
        super().__init__(
            f"{table}: the commit of version {version}, on which the transaction builds, was cleaned up.",
            fix="run the transaction again; keep transactions shorter than delta.logRetentionDuration.",
        )


class TableReplacedError(DeltaLogError):
    """The table that the transaction read was dropped, and another one is at its path."""

    def __init__(self, *, table: str, version: int) -> None:
        self.table = table
        self.version = version
        super().__init__(
            f"{table}: version {version}, on which the transaction builds, is another commit by now: the table "
            "was created again, or restored, since the transaction started. Nothing was committed.",
            fix="run the transaction again, on the table that is there now.",
        )


class DefinitionChangedError(DeltaLogError):
    """Files were written for a table whose schema, partitions or properties are others by now."""

    def __init__(self, *, table: str, version: int) -> None:
        self.table = table
        self.version = version
        super().__init__(
            f"{table}: its schema, partitions or properties at version {version} are not those that the files were "
            "written for. Nothing was committed.",
            fix="write again: the rows become files of the table as it is now.",
        )


class FileNotLiveError(DeltaLogError):
    """A file is to be removed that is not part of the table."""

    def __init__(self, *, table: str, path: str, version: int) -> None:
        self.table = table
        self.path = path
        self.version = version
        super().__init__(
            f"{table} at version {version} has no live file {path!r} that could be removed.",
            fix="take paths from Snapshot.files() of the transaction's read version.",
        )


class DuplicateActionError(DeltaLogError):
    """A commit would hold two actions of which the protocol allows one."""

    def __init__(self, *, table: str, what: str) -> None:
        self.table = table
        super().__init__(
            f"{table}: one commit can't hold two of: {what}.", fix="put it into the transaction once."
        )


class MissingRowCountError(DeltaLogError):
    """Row ids can't be given to a file whose number of rows isn't known."""

    def __init__(self, *, path: str) -> None:
        self.path = path
        super().__init__(
            f"The table has row tracking, and {path!r} has no numRecords in its statistics.",
            fix="add the file by adopt(), which reads its Parquet footer, or give AddFile statistics with numRecords.",
        )


class AppendOnlyTableError(DeltaLogError):
    """Rows would be removed from a table that only grows."""

    def __init__(self, *, table: str, path: str) -> None:
        self.table = table
        self.path = path
        super().__init__(
            f"{table} has delta.appendOnly, and the transaction would remove {path!r} with its rows.",
            fix="append instead, or unset the property delta.appendOnly first.",
        )


class UnenforceableRuleError(DeltaLogError):
    """The table has a rule for its rows that needs SQL, so rows can't be written here."""

    def __init__(self, *, table: str, rule: str) -> None:
        self.table = table
        self.rule = rule
        super().__init__(
            f"{table} can't be given rows here: {rule}.",
            fix="write these rows with Spark, which evaluates it.",
        )


class IncompatibleRowsError(DeltaLogError):
    """Rows, or the columns to partition by, don't fit the table's schema."""

    def __init__(self, *, table: str, problems: Sequence[str]) -> None:
        self.table = table
        self.problems = tuple(problems)
        super().__init__(
            f"{table} can't take these rows: {'; '.join(problems)}.",
            fix="cast the rows to the table's schema, or add columns with merge_schema=True.",
        )


class RowsSchemaMismatchError(IncompatibleRowsError):
    """Columns or values of the rows have no place in the table's schema."""


class NullInRequiredColumnError(DeltaLogError):
    """A column that must not be null is null in some row."""

    def __init__(self, *, table: str, column: str, nulls: int) -> None:
        self.table = table
        self.column = column
        super().__init__(
            f"{table} requires a value in {column!r}, and it is null in {nulls} of the rows.",
            fix="fill the column, or leave these rows out.",
        )


class WrongReplacementError(DeltaLogError):
    """Rows that replace a part of the table lie outside of that part."""

    def __init__(self, *, table: str, predicate: str, rows: int) -> None:
        self.table = table
        self.predicate = predicate
        super().__init__(
            f"{table}: {rows} of the new rows don't meet the predicate {predicate} whose rows they replace.",
            fix="leave these rows out, or widen the predicate.",
        )


class RowsChangedError(DeltaLogError):
    """A version is to be undone as if it had only rewritten files, and it did more."""

    def __init__(self, *, table: str, version: int) -> None:
        self.table = table
        self.version = version
        super().__init__(
            f"{table}: version {version} did more than rewrite files, so undoing it alone would change rows.",
            fix="restore the table to an older version.",
        )


class TableExistsError(DeltaLogError):
    """A table is to be created where one is."""

    def __init__(self, *, table: str, version: int) -> None:
        self.table = table
        self.version = version
        super().__init__(
            f"{table} is a table already, at version {version}.",
            fix="append or overwrite, or choose another path.",
        )


class NoTableYetError(DeltaLogError):
    """A transaction needs a table, and the path has no table yet."""

    def __init__(self, *, table: str, action: str) -> None:
        self.table = table
        super().__init__(
            f"{table} is not a table yet, so the transaction can't {action}.",
            fix="call create() first; append() creates a table from the rows' schema.",
        )


class InvalidPropertyError(DeltaLogError):
    """A table property has a value that the protocol doesn't know, or can't be set this way."""

    def __init__(self, *, table: str, name: str, value: str | None, expected: str) -> None:
        self.table = table
        self.name = name
        super().__init__(
            f"{table}: the property {name!r} can't be {value!r}; expected {expected}.",
            fix="choose such a value.",
        )


class TransactionClosedError(DeltaLogError):
    """A transaction that was committed or rolled back is used again."""

    def __init__(self, *, table: str, status: str) -> None:
        self.table = table
        super().__init__(
            f"The transaction on {table} was {status} already.",
            fix="start a new transaction for more changes.",
        )


class RetentionTooShortError(DeltaLogError):
    """Files would be removed that a reader or a writer may still be using."""

    def __init__(self, *, table: str, asked_hours: float, least_hours: float) -> None:
        self.table = table
        super().__init__(
            f"{table} keeps removed files for {least_hours:g} h, and {asked_hours:g} h were asked for.",
            fix="keep them longer, or pass allow_short_retention=True if no reader or writer is at work.",
        )


class UnmappablePathError(DeltaLogError):
    """The log names a file by a path that can't be followed from here, so that no file may be deleted."""

    def __init__(self, *, table: str, path: str, reason: str) -> None:
        self.table = table
        self.path = path
        super().__init__(
            f"{table} needs the file {path!r}, and which object that is can't be told: {reason}. "
            "Nothing was deleted.",
            fix="vacuum where every path of the log can be followed, or rewrite the file into the table first.",
        )


class UnsupportedTypeError(DeltaLogError):
    """A column has an Arrow type for which the protocol has none."""

    def __init__(self, *, table: str, column: str, data_type: str) -> None:
        self.table = table
        self.column = column
        self.data_type = data_type
        super().__init__(
            f"{table} can't take the column {column!r}: it is {data_type} in Arrow, and Delta has no such type.",
            fix="cast it first: uint64 to decimal128(20, 0), a time of day or a duration to int64 or string; "
            "leave out a struct that has no fields.",
        )
