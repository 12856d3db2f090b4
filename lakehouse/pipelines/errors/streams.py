"""What stands against running a definition as a stream."""

from __future__ import annotations

from lakehouse.errors import ConfigurationError, DefinitionError, LakehouseError
from lakehouse.source_location import SourceLocation

__all__ = [
    "ChangedCheckpointError",
    "ConnectStreamError",
    "DependsOnCutError",
    "ForeignCheckpointError",
    "InvalidTriggerError",
]

_RESET = "The checkpoint only wakes the stream: the table keeps what it took, and takes none of it twice."


class ForeignCheckpointError(LakehouseError):
    """The folder of a table's checkpoint holds one that was not made for it; nothing in it was changed."""

    def __init__(self, *, table: str, owner: str, path: str) -> None:
        self.table = table
        self.owner = owner
        self.path = path
        whose = "somebody else" if owner == "nobody" else owner
        super().__init__(
            f"the checkpoint of {table!r} at {path!r} was made by {whose}.",
            fix=f"move that folder away, or let it be forgotten with --reset {table}. {_RESET}",
        )


class ChangedCheckpointError(LakehouseError):
    """A table's source is not the one that its checkpoint was made for."""

    def __init__(self, *, table: str, location: SourceLocation) -> None:
        self.table = table
        self.location = location
        super().__init__(
            f"{location}: the source of {table!r} is not the one that its checkpoint was made for.",
            fix=f"put the source back, or begin again with --reset {table}. {_RESET}",
        )


class ConnectStreamError(ConfigurationError):
    """The session is one of Spark Connect: what wakes a stream would be called in the server."""

    def __init__(self) -> None:
        super().__init__(
            "a stream can't run in a session of Spark Connect.",
            fix="leave SPARK_REMOTE and spark.remote unset, so that the stream starts a session of its own.",
        )


class DependsOnCutError(DefinitionError):
    """Something in a table looks at one batch as a whole, and a stream cuts rows into batches as they come."""

    def __init__(
        self, *, what: str, why: str, table: str, location: SourceLocation, fix: str | None = None
    ) -> None:
        self.table = table
        self.location = location
        super().__init__(
            f"{location}: {what} of {table!r} {why}, and a stream cuts new rows into batches as they come: "
            "its result would depend on when it looks.",
            fix=fix or "let the table read all rows and replace() them, or run it in batch.",
        )


class InvalidTriggerError(ConfigurationError):
    """A stream is asked for in a mode, or with a trigger, that there is not."""

    def __init__(self, *, trigger: str, mode: str) -> None:
        super().__init__(
            f"a stream can't run with mode={mode!r} and trigger={trigger!r}.",
            fix="use 'available-now' or 'continuous', and a length of time such as '10 seconds'.",
        )
