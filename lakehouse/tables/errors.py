"""What can go wrong with a table, with the cause that lies under Spark's own words."""

from __future__ import annotations

from py4j.protocol import Py4JJavaError
from pyspark.errors import PySparkException

from lakehouse.errors import TableError

__all__ = [
    "SPARK_ERRORS",
    "CatalogError",
    "SupersededWriteError",
    "TableWriteError",
    "TakenNameError",
    "UnreadableChangesError",
    "root_cause",
]


_REMOVE_THE_CAUSE = "remove the cause and run again; the run continues where this one stopped."
_WAYS_OUT = {
    "DELTA_BLOCK_COLUMN_MAPPING_AND_CDC_OPERATION": "set 'delta.enableChangeDataFeed': 'false' in the table's "
    "properties: Delta writes down no changes of a table with column mapping while its columns change.",
}
"""What to do, by the name of Spark's or Delta's error."""


class TableWriteError(TableError):
    """Spark could not write a table, which is unchanged."""

    def __init__(self, *, path: str, action: str, cause: str) -> None:
        self.path = path
        self.cause = cause
        super().__init__(
            f"could not {action} the table at {path!r}, which is as it was before: {cause}.",
            fix=next((fix for word, fix in _WAYS_OUT.items() if word in cause), _REMOVE_THE_CAUSE),
        )


class UnreadableChangesError(TableError):
    """The changes between two versions can't be told from the log, so an incremental reader can't continue."""

    def __init__(self, *, path: str, after: int, through: int, reason: str) -> None:
        self.path = path
        self.reason = reason
        super().__init__(
            f"the changes of {path!r} after version {after}, through version {through}, can't be read: {reason}.",
            fix="rebuild the reading table: run with --full-refresh TABLE; or read whole, without incremental=True.",
        )


class CatalogError(TableError):
    """A catalog did not take a table's name; the table itself is as it should be."""

    def __init__(self, *, name: str, catalog: str, cause: str) -> None:
        self.name = name
        super().__init__(
            f"the table {name!r} can't be registered in the catalog {catalog!r}: {cause}.",
            fix="check the catalog's settings and that it can be reached; the next run registers the table again.",
        )


class TakenNameError(TableError):
    """A shared catalog has another table of this name."""

    def __init__(self, *, name: str, held: str, path: str) -> None:
        self.name = name
        self.held = held
        super().__init__(
            f"{name!r} is the table at {held!r} in the catalog already, and not the one at {path!r}.",
            fix="drop that name, or use another catalog for this warehouse.",
        )


class SupersededWriteError(TableError):
    """A table has taken other work of the same application since this work was decided; it is unchanged."""

    def __init__(self, *, path: str, application: str, number: int, last: int | None) -> None:
        self.path = path
        self.number = number
        self.last = last
        taken = "none" if last is None else str(last)
        super().__init__(
            f"batch {number} of {application!r} can't be written to {path!r}: it was decided after another state "
            f"of the table, whose last batch now is {taken}.",
            fix="run again: what is new is decided afresh.",
        )


SPARK_ERRORS = (PySparkException, Py4JJavaError)
"""What Spark raises: errors that pyspark knows, and those that it passes on as they are."""


def root_cause(error: BaseException) -> str:
    """Return the innermost message under ``error``: Spark wraps a cause several times over."""
    origin = getattr(error, "_origin", None) or getattr(error, "java_exception", None)
    if origin is None:
        return _telling_line(str(error.__cause__ or error))
    while (inner := origin.getCause()) is not None:
        origin = inner
    return _telling_line(str(origin.getMessage() or origin.toString()))


def _telling_line(text: str) -> str:
    """Return the line that says what happened: the first, or with a Python traceback the last."""
    lines = [line.strip().rstrip(".") for line in text.splitlines() if line.strip()]
    lines = [line for line in lines if not line.startswith("SQLSTATE: ")] or lines
    if not lines:
        return "no message"
    traced = any("Traceback (most recent call last)" in line for line in lines)
    return lines[-1] if traced else lines[0]
