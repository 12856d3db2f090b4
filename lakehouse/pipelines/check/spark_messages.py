"""What Spark says of a step that it refuses, as an error with the step, its line and a way out."""

from __future__ import annotations

import re
from collections.abc import Sequence

from pyspark.errors import PySparkException

from lakehouse.errors import DefinitionError, LakehouseError
from lakehouse.pipelines.errors import BrokenStepError, JvmOnlyStepError, UnknownColumnError
from lakehouse.quality import CAST_ERRORS
from lakehouse.source_location import SourceLocation

__all__ = ["described"]

_PLAIN_NAME = re.compile(r"\w+")


def described(
    error: Exception, *, step: str, table: str, location: SourceLocation, columns: Sequence[str]
) -> DefinitionError:
    """Return what ``error`` means for a step; ``columns`` are those of the step's input."""
    there = [column for column in columns if column != CAST_ERRORS]
    if isinstance(error, UnknownColumnError):
        return error.in_table(table)
    if isinstance(error, PySparkException):
        condition = error.getCondition() or ""
        if condition.startswith("UNRESOLVED_COLUMN"):
            name = (error.getMessageParameters() or {}).get("objectName", "?").replace("`", "")
            return UnknownColumnError(
                column=name,
                available=there,
                step=step,
                location=location,
                table=table,
                unquoted=_meant_in_backticks(name, step, there),
            )
        if condition == "JVM_ATTRIBUTE_NOT_SUPPORTED":
            attribute = (error.getMessageParameters() or {}).get("attr_name", "?")
            return JvmOnlyStepError(table=table, step=step, attribute=attribute, location=location)
        if condition == "PARSE_SYNTAX_ERROR":
            meant = _meant_in_backticks("", step, there)
            reason = f"SQL can't read it ({_first_sentence(str(error))})"
            return BrokenStepError(table=table, step=step, reason=reason, location=location, unquoted=meant)
    reason = str(error) if isinstance(error, LakehouseError | PySparkException) else repr(error)
    return BrokenStepError(table=table, step=step, reason=_first_sentence(reason), location=location)


def _meant_in_backticks(name: str, text: str, there: Sequence[str]) -> str | None:
    """Return a column that was written without the backticks that its name needs; None if there is none."""
    odd = [column for column in there if not _PLAIN_NAME.fullmatch(column)]
    written = [column for column in odd if column == name or (column in text and f"`{column}`" not in text)]
    return written[0] if written else None


def _first_sentence(text: str) -> str:
    return next((line.strip().rstrip(".") for line in text.splitlines() if line.strip()), "no message")
