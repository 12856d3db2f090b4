"""Which faults are worth another try, by what stores and Spark raise."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from pyspark.errors import PySparkException

from lakehouse.errors import DataError, TableError
from lakehouse.pipelines.run.faults import is_transient
from lakehouse.storage import AccessDeniedError, NotFoundError, ThrottledError, UnreachableError
from lakehouse.tables import TableWriteError


class Java:
    """An exception in the JVM, as py4j shows it."""

    def __init__(self, *classes: str) -> None:
        self._class, *self._inner = classes

    def getClass(self) -> Java:
        return self

    def getName(self) -> str:
        return self._class

    def getCause(self) -> Java | None:
        return Java(*self._inner) if self._inner else None


def of_spark(*classes: str, message: str = "Job aborted.") -> PySparkException:
    error = PySparkException(message=message)
    error._origin = Java(*classes)  # type: ignore[attr-defined]
    return error


def wrapped(cause: BaseException) -> BaseException:
    try:
        raise TableWriteError(path="/lake/t", action="append to", cause="…") from cause
    except TableWriteError as error:
        return error


PASSING: Sequence[BaseException] = [
    ThrottledError(store="s3://b", key="k", action="read"),
    UnreachableError(store="s3://b", key="k", action="read"),
    ConnectionResetError(),
    TimeoutError(),
    of_spark("org.apache.spark.SparkException", "java.net.SocketTimeoutException"),
    of_spark(
        "org.apache.spark.SparkException", message="Job aborted: ExecutorLostFailure (executor 3 exited)"
    ),
]
LASTING: Sequence[BaseException] = [
    AccessDeniedError(store="s3://b", key="k", action="read"),
    NotFoundError(store="s3://b", key="k"),
    DataError("rows break 'positive'."),
    TableError("it broke."),
    ZeroDivisionError(),
    FileNotFoundError("/landing/a.csv"),
    of_spark("org.apache.spark.SparkArithmeticException", message="[DIVIDE_BY_ZERO] 503 rows"),
]


@pytest.mark.parametrize("error", PASSING, ids=lambda error: type(error).__name__)
def test_what_a_busy_store_or_a_lost_machine_raises_passes(error: BaseException) -> None:
    assert is_transient(error)
    assert is_transient(wrapped(error))


@pytest.mark.parametrize("error", LASTING, ids=lambda error: type(error).__name__)
def test_what_the_data_or_the_definition_raises_does_not(error: BaseException) -> None:
    assert not is_transient(error)
    assert not is_transient(wrapped(error))
