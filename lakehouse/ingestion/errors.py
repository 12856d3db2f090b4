"""What is wrong with a declaration of files, and with the content of one."""

from __future__ import annotations

from collections.abc import Mapping

from lakehouse.errors import ConfigurationError, DataError, DefinitionError
from lakehouse.ingestion.column_changes import ColumnChanges
from lakehouse.source_location import SourceLocation

__all__ = [
    "DatabaseError",
    "DatabaseSchemaError",
    "InvalidApiError",
    "InvalidFormatError",
    "InvalidWorkError",
    "LostPagesError",
    "MissingLandingZoneError",
    "MissingSecretError",
    "SchemaChangedError",
    "TooManyFailuresError",
    "UnreadableFileError",
    "UnusableBodyError",
    "WorkerStartError",
]


class MissingLandingZoneError(DefinitionError):
    """The folder that files are to come from is not there."""

    def __init__(self, *, pattern: str, folder: str, location: SourceLocation | None = None) -> None:
        self.pattern = pattern
        self.folder = folder
        where = f"{location}: " if location else ""
        super().__init__(
            f"{where}the files {pattern!r} are to come from the folder {folder!r}, which is not there.",
            fix="make the folder, or set the variable in the pattern to another (--set NAME=FOLDER).",
        )

    def at(self, location: SourceLocation) -> MissingLandingZoneError:
        """Return the same error with the line that declares the files."""
        return MissingLandingZoneError(pattern=self.pattern, folder=self.folder, location=location)


class InvalidFormatError(DefinitionError):
    """A file format is declared with an option that no file can be read by."""

    def __init__(self, *, problem: str, fix: str, location: SourceLocation | None = None) -> None:
        self.problem = problem
        where = f"{location}: " if location else ""
        super().__init__(f"{where}{problem}.", fix=fix)

    def at(self, location: SourceLocation) -> InvalidFormatError:
        """Return the same error with the line that declares the files."""
        return InvalidFormatError(problem=self.problem, fix=self.fix, location=location)


class UnreadableFileError(DataError):
    """A file can't be read without guessing; the message completes "the file is rejected: …".

    A format raises it within, and gives the reason in its verdict: a bad file stops no table.
    """


class SchemaChangedError(DataError):
    """A file has other columns than are declared, where the declaration says that this is an error."""

    def __init__(self, *, path: str, changes: ColumnChanges) -> None:
        self.path = path
        self.changes = changes
        super().__init__(
            f"the file {path!r} has other columns than are declared ({changes}).",
            fix="declare them, or say schema_changes='evolve', 'rescue' or 'ignore'.",
        )


class InvalidWorkError(DefinitionError):
    """Work is declared that no process can do."""

    def __init__(self, *, problem: str, fix: str) -> None:
        self.problem = problem
        super().__init__(f"{problem}.", fix=fix)


class WorkerStartError(ConfigurationError):
    """A worker process ended, or failed, before it could take an item: no other one would do better."""

    def __init__(self, *, reason: str) -> None:
        self.reason = reason
        super().__init__(
            f"a worker process can't start: {reason}.",
            fix="begin the program under if __name__ == '__main__':, and see that its modules can be imported.",
        )


class InvalidApiError(DefinitionError):
    """An API is declared in such a way that it can't be asked."""

    def __init__(self, *, problem: str, fix: str, location: SourceLocation | None = None) -> None:
        self.problem = problem
        where = f"{location}: " if location else ""
        super().__init__(f"{where}{problem}.", fix=fix)

    def at(self, location: SourceLocation) -> InvalidApiError:
        """Return the same error with the line that declares the API."""
        return InvalidApiError(problem=self.problem, fix=self.fix, location=location)


class DatabaseError(DataError):
    """A database did not answer."""

    def __init__(self, *, table: str, url: str, reason: str) -> None:
        self.table = table
        super().__init__(
            f"{table!r} can't be read from {url!r}: {reason}",
            fix="see that the database runs, that the session has its driver, and what the secrets are.",
        )


class DatabaseSchemaError(DataError):
    """Columns of a database have other types than are declared."""

    def __init__(self, *, table: str, wrong: Mapping[str, tuple[str, str]]) -> None:
        self.wrong = dict(wrong)
        parts = [f"{name!r} is {found}, expected {expected}" for name, (found, expected) in wrong.items()]
        super().__init__(
            f"schema mismatch in {table!r}: {'; '.join(parts)}.",
            fix="declare the type that the column has, or string, which takes any column as its text.",
        )


class MissingSecretError(ConfigurationError):
    """A secret is not where it is declared to stand."""

    def __init__(self, *, source: str) -> None:
        self.source = source
        super().__init__(
            f"the secret {source!r} is missing or empty on this machine.",
            fix="set the variable, or write the file, wherever requests are made: on each executor.",
        )


class TooManyFailuresError(DataError):
    """More of an API's requests failed than the declaration allows."""

    def __init__(self, *, url: str, failed: int, requests: int, allowed: float, first: str) -> None:
        self.failed = failed
        self.requests = requests
        super().__init__(
            f"{failed} of {requests} requests to {url!r} failed, more than max_failure_ratio={allowed:g} allows;"
            f" the first: {first}.",
            fix="run again: what came is kept, and only what failed is asked for again. Or allow more.",
        )


class UnusableBodyError(DataError):
    """A reply of an API is not what was declared; the message completes "the reply can't be used: …".

    It makes a failure of its request; where values of whole pages don't go together, it ends the run.
    """


class LostPagesError(DataError):
    """The pages that a batch names are not where they were kept."""

    def __init__(self, *, folder: str) -> None:
        self.folder = folder
        super().__init__(
            f"the pages that the batch names are gone from {folder!r}.",
            fix="run again: they are fetched again.",
        )
