"""What a judgement can end in, when it ends the run."""

from __future__ import annotations

from collections.abc import Sequence

from lakehouse.errors import DataError, DefinitionError, TableError

__all__ = [
    "ConservationError",
    "ExpectationFailedError",
    "SchemaMismatchError",
    "UnreadableFormatError",
    "UnreadableSchemaError",
    "WholeExpectationFailedError",
]


class UnreadableSchemaError(DefinitionError):
    """A type is not one that Spark knows."""

    def __init__(self, *, where: str, text: str) -> None:
        self.where = where
        self.text = text
        super().__init__(
            f"{where!r} has the type {text!r}, which Spark can't read.",
            fix="write a type of Spark SQL, such as 'int', 'string', 'decimal(10,2)' or 'timestamp'.",
        )


class UnreadableFormatError(DefinitionError):
    """A type has a format that can't be read, or that would lose a part of the value."""

    def __init__(self, *, column: str, text: str, reason: str) -> None:
        self.column = column
        self.text = text
        self.reason = reason
        super().__init__(
            f"{column!r} has the type {text!r}, whose format is wrong: {reason}.",
            fix="write it as in date 'dd/MM/yyyy', timestamp 'dd.MM.yyyy HH:mm' in 'Europe/Berlin', "
            "decimal(10,2) '1.234,56' or boolean 'yes/no'.",
        )


class ExpectationFailedError(DataError):
    """Rows break a rule that was declared as fatal; nothing was written."""

    def __init__(
        self, *, table: str, rule: str, condition: str, broken_rows: int, examples: Sequence[str]
    ) -> None:
        self.table = table
        self.rule = rule
        self.broken_rows = broken_rows
        self.examples = tuple(examples)
        super().__init__(
            f"{broken_rows} rows for {table!r} break the rule {rule!r} ({condition}), such as "
            f"{'; '.join(examples)}. Nothing was written.",
            fix="correct the source, or declare the rule as expect_or_quarantine to go on without these rows.",
        )


class WholeExpectationFailedError(DataError):
    """A table breaks a rule about all of its rows together that was declared as fatal; nothing was written."""

    def __init__(self, *, table: str, rule: str, reason: str) -> None:
        self.table = table
        self.rule = rule
        self.reason = reason
        super().__init__(
            f"{table!r} breaks the rule {rule!r}: {reason}. Nothing was written.",
            fix="correct the source, or declare the rule with another action, such as 'warn'.",
        )


class ConservationError(DataError):
    """Rows were lost, made or moved between a table's rules and its files; nothing was published."""

    def __init__(
        self,
        *,
        table: str,
        rows_in: int,
        written: int,
        dropped: int,
        quarantined: int,
        in_files: tuple[int, int] | None = None,
    ) -> None:
        """``in_files``: the rows to write and those to quarantine as their files hold them, once there are files."""
        self.table = table
        self.rows_in = rows_in
        self.written = written
        self.dropped = dropped
        self.quarantined = quarantined
        self.in_files = in_files
        if in_files is None:
            contradiction = f"make {written + dropped + quarantined}"
        else:
            contradiction = f"were judged so, but the files hold {in_files[0]} and {in_files[1]}"
        super().__init__(
            f"{table!r}: of {rows_in} rows read at its rules {written} to write, {dropped} dropped and "
            f"{quarantined} to quarantine {contradiction}. Nothing was published.",
            fix="look for a step whose result changes between two looks (rand, a changing source).",
        )


class SchemaMismatchError(TableError):
    """Two schemas differ where they must agree; every difference is listed."""

    def __init__(self, *, subject: str, differences: Sequence[str], ways_out: Sequence[str] = ()) -> None:
        self.subject = subject
        self.differences = tuple(differences)
        rebuild = "rebuild the table by the definition: --full-refresh TABLE."
        ways = "; ".join([*dict.fromkeys(ways_out), f"or {rebuild}"]) if ways_out else rebuild
        super().__init__(
            f"{subject} does not have the expected schema (schema mismatch): {'; '.join(differences)}.",
            fix=ways,
        )
