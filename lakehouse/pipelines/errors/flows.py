"""What can be wrong with the steps, columns and rules of a flow."""

from __future__ import annotations

import re
from collections.abc import Sequence

from lakehouse.errors import DefinitionError, did_you_mean
from lakehouse.source_location import SourceLocation

__all__ = [
    "BrokenStepError",
    "DuplicateColumnError",
    "DuplicateRuleError",
    "InvalidRuleError",
    "InvalidStepError",
    "JvmOnlyStepError",
    "LostCastErrorsError",
    "NoTableInQueryError",
    "ReservedColumnError",
    "UnknownColumnError",
    "UnwritableColumnError",
]


class UnknownColumnError(DefinitionError):
    """A step names a column that its input does not have."""

    def __init__(
        self,
        *,
        column: str,
        available: Sequence[str],
        step: str,
        location: SourceLocation,
        table: str | None = None,
        unquoted: str | None = None,
    ) -> None:
        self.column = column
        self.available = tuple(available)
        self.step = step
        self.location = location
        self.table = table
        of_table = f" of {table!r}" if table else ""
        super().__init__(
            f"{location}: {step}{of_table} names the column {column!r}, which its input does not have. "
            f"It has: {', '.join(available)}.",
            fix=_in_backticks(unquoted) if unquoted else did_you_mean(column, available),
        )

    def in_table(self, table: str) -> UnknownColumnError:
        """Return the same error with the table's name."""
        return UnknownColumnError(
            column=self.column, available=self.available, step=self.step, location=self.location, table=table
        )


class BrokenStepError(DefinitionError):
    """Spark refuses a step on frames of the declared types, for another reason than an unknown column."""

    def __init__(
        self, *, table: str, step: str, reason: str, location: SourceLocation, unquoted: str | None = None
    ) -> None:
        self.table = table
        self.step = step
        self.reason = reason
        super().__init__(
            f"{location}: {step} of {table!r} can't work: {reason}.",
            fix=_in_backticks(unquoted) if unquoted else "correct the expression or its types.",
        )


class JvmOnlyStepError(DefinitionError):
    """A step reaches for the driver's JVM, which a session over Spark Connect does not have."""

    def __init__(self, *, table: str, step: str, attribute: str, location: SourceLocation) -> None:
        self.table = table
        self.step = step
        super().__init__(
            f"{location}: {step} of {table!r} uses {attribute!r}, which a session over Spark Connect does not have.",
            fix="do it with DataFrames, or run in a session with a JVM: "
            "after 'lakehouse session stop', and without SPARK_REMOTE.",
        )


class LostCastErrorsError(DefinitionError):
    """A step takes away the column that carries failed casts, so that they would be lost in silence."""

    def __init__(self, *, table: str, step: str, location: SourceLocation) -> None:
        super().__init__(
            f"{location}: {step} of {table!r} drops what could not be cast before, so that it would be lost.",
            fix="cast after this step, or say what a failed cast shall do: .cast(schema, on_error='null' or 'fail').",
        )


class InvalidStepError(DefinitionError):
    """A step is declared with arguments that don't fit together."""

    def __init__(self, *, step: str, wrong: str, fix: str, location: SourceLocation) -> None:
        self.step = step
        super().__init__(f"{location}: {step} has {wrong}.", fix=fix)


class InvalidRuleError(DefinitionError):
    """A rule is declared with arguments that don't fit together."""

    def __init__(self, *, rule: str, wrong: str, fix: str, location: SourceLocation) -> None:
        self.rule = rule
        super().__init__(f"{location}: the rule {rule!r} has {wrong}.", fix=fix)


class NoTableInQueryError(DefinitionError):
    """A flow begins with a query that names no table of the pipeline."""

    def __init__(self, *, location: SourceLocation) -> None:
        super().__init__(
            f"{location}: the query names no table of the pipeline, so that nothing tells when it has new rows.",
            fix="write the names of tables in braces: SELECT * FROM {orders}.",
        )


class DuplicateColumnError(DefinitionError):
    """A table would have two columns of one name; the case of letters doesn't count."""

    def __init__(self, *, columns: Sequence[str], table: str, step: str, location: SourceLocation) -> None:
        self.columns = tuple(columns)
        names = ", ".join(repr(name) for name in columns)
        super().__init__(
            f"{location}: {step} of {table!r} gives two columns of one name: {names}.",
            fix="select or rename the columns before, so that each name is there once.",
        )


class ReservedColumnError(DefinitionError):
    """A table would have a column that its quarantine adds to rows."""

    def __init__(self, *, column: str, table: str, location: SourceLocation) -> None:
        self.column = column
        super().__init__(
            f"{location}: {table!r} has the column {column!r}, which its quarantine uses for itself.",
            fix=f".rename({column}={column.strip('_')!r}) before the table is written.",
        )


class UnwritableColumnError(DefinitionError):
    """A column has a name that a Delta table can't hold."""

    def __init__(self, *, column: str, table: str, location: SourceLocation) -> None:
        self.column = column
        plain = re.sub(r"\W+", "_", column).strip("_")
        super().__init__(
            f"{location}: {table!r} has the column {column!r}; Delta takes no blank and none of ,;{{}}()= in a name.",
            fix=f".rename({{{column!r}: {plain!r}}}) before the table is written.",
        )


class DuplicateRuleError(DefinitionError):
    """Two rules of a table have one name, or a rule has that of one of the library's own."""

    def __init__(self, *, rule: str, table: str, other: str, location: SourceLocation) -> None:
        self.rule = rule
        super().__init__(
            f"{location}: the rule {rule!r} of {table!r} has the name of {other}.",
            fix="give it a name of its own: counts and quarantined rows go by it.",
        )


def _in_backticks(column: str) -> str:
    return f"write the column in backticks: `{column}`."
