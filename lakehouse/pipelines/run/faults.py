"""Which faults pass by themselves, so that it is worth trying again."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from lakehouse.storage import OutcomeUnknownError, ThrottledError, UnreachableError

__all__ = ["is_transient"]

_ERRORS = (ThrottledError, UnreachableError, OutcomeUnknownError, ConnectionError, TimeoutError)
_JAVA_CLASSES = re.compile(
    r"""
    java\.net\.(ConnectException | NoRouteToHostException | SocketException | SocketTimeoutException
                | UnknownHostException)
    | java\.nio\.channels\.ClosedChannelException
    | org\.apache\.http\.(NoHttpResponseException | conn\.ConnectTimeoutException)
    | org\.apache\.spark\.rpc\.RpcTimeoutException
    | org\.apache\.spark\.shuffle\.FetchFailedException
    | org\.apache\.hadoop\.fs\.s3a\.(AWSServiceThrottledException | AWSStatus500Exception | AWSServiceIOException)
    | software\.amazon\.awssdk\.core\.exception\.(ApiCallTimeoutException | ApiCallAttemptTimeoutException)
    """,
    re.VERBOSE,
)
_TEXTS = re.compile(r"ExecutorLostFailure|FetchFailed\(|503 Slow ?Down|Status Code: (429|500|502|503|504)\b")
"""What Spark itself says of a lost machine, and a store of too many requests, in the message of a failed job."""


def is_transient(error: BaseException) -> bool:
    """Say whether the same work may well succeed a little later: a store or a machine was busy, away or lost.

    An error that the data or the definition is the cause of is not.
    """
    return any(
        isinstance(each, _ERRORS)
        or any(_JAVA_CLASSES.fullmatch(name) for name in _java_classes(each))
        or _TEXTS.search(str(each)) is not None
        for each in _chain(error)
    )


def _chain(error: BaseException) -> Iterator[BaseException]:
    """Yield the error and those that it came from."""
    seen: set[int] = set()
    found: BaseException | None = error
    while found is not None and id(found) not in seen:
        seen.add(id(found))
        yield found
        found = found.__cause__


def _java_classes(error: BaseException) -> Iterator[str]:
    """Yield the classes of the exceptions in the JVM that lie under one of Spark's."""
    inner: Any = getattr(error, "_origin", None) or getattr(error, "java_exception", None)
    while inner is not None:
        yield str(inner.getClass().getName())
        inner = inner.getCause()
