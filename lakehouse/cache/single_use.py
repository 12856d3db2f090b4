"""What can be used once only, and so must not be kept: iterators and coroutines."""

from __future__ import annotations

import functools
import inspect
from collections.abc import AsyncGenerator, Callable, Coroutine, Generator, Iterator
from typing import Any

from lakehouse.cache.errors import SingleUseValueError

__all__ = ["is_single_use", "refuse_single_use", "refuse_single_use_function"]

_SINGLE_USE = (Coroutine, Generator, AsyncGenerator)


def is_single_use(value: object) -> bool:
    """Say whether this is a coroutine, or an iterator such as a generator.

    An iterator that can be closed, such as an open file or a cursor, is a resource, and its user's business.
    """
    kind = type(value)  # one of these is there in all that may be used up, and is found faster
    if not (hasattr(kind, "__next__") or hasattr(kind, "send") or hasattr(kind, "asend")):
        return False
    is_lazy = isinstance(value, Iterator) and not hasattr(value, "close")
    return is_lazy or isinstance(value, _SINGLE_USE)


def refuse_single_use(value: object, *, what: str, fix: str) -> None:
    """Raise SingleUseValueError for such a value; ``what`` begins the message."""
    if not is_single_use(value):
        return
    if isinstance(value, Coroutine):
        value.close()  # nobody will await it
    raise SingleUseValueError(what=what, found=f"returned a {type(value).__qualname__}", fix=fix)


def refuse_single_use_function(function: Callable[..., Any]) -> None:
    """Raise SingleUseValueError for a function whose every result can be used only once."""
    call = function
    while isinstance(call, functools.partial):
        call = call.func
    if not inspect.isroutine(call) and not isinstance(call, type):
        call = type(call).__call__
    name = getattr(function, "__qualname__", repr(function))
    for is_one, kind, fix in (
        (
            inspect.iscoroutinefunction,
            "a coroutine",
            "cache a plain function that runs it with asyncio.run().",
        ),
        (inspect.isgeneratorfunction, "a generator", "return a list or a tuple instead of yielding."),
        (inspect.isasyncgenfunction, "an async generator", "collect what it yields, and cache the list."),
    ):
        if is_one(call):
            raise SingleUseValueError(what=f"{name}()", found=f"returns {kind}", fix=fix)
