"""Whether a flow is still the one that made a table: a digest of its declaration, functions by their code."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import fields, is_dataclass
from enum import Enum
from types import CodeType, FunctionType
from typing import Any

from lakehouse.pipelines.declare.flow import Flow
from lakehouse.source_location import SourceLocation
from lakehouse.version import __version__

__all__ = ["digest_of", "fingerprint_of", "holds_code"]


def fingerprint_of(flow: Flow, beside: Sequence[Flow] = ()) -> str:
    """Return a digest that changes with the declaration, and not with the place where it stands.

    ``beside`` are the flows of views that the flow's steps read.

    Of a function its own code, defaults and closed-over values count; of what it calls, only the names.
    """
    return digest_of((flow, *beside))


def digest_of(declarations: Iterable[Any], *, version: str = __version__) -> str:
    """Return a digest that changes with what ``holds_code`` finds told by a text, with code as above, and a version."""
    digest = hashlib.blake2b(version.encode(), digest_size=16)
    for each in declarations:
        for part in _parts(each):
            digest.update(part.encode())
            digest.update(b"\0")
    return digest.hexdigest()


def holds_code(value: Any) -> bool:
    """Say whether a declaration holds a function, or anything else that its text doesn't tell."""
    match value:
        case SourceLocation() | str() | int() | float() | bytes() | None | Enum():
            return False
        case Mapping():
            return any(holds_code(each) for each in value.values())
        case tuple() | list():
            return any(holds_code(each) for each in value)
        case _ if is_dataclass(value) and not isinstance(value, type):
            return any(holds_code(getattr(value, field.name)) for field in fields(value))
        case _:
            return True


def _parts(value: Any) -> Iterator[str]:
    match value:
        case SourceLocation():
            return
        case FunctionType():
            yield from _function(value)
        case CodeType():
            yield from _code(value)
        case Enum():
            yield str(value)
        case Mapping():
            for key in sorted(value, key=str):  # a contract's own words may be of several types
                yield str(key)
                yield from _parts(value[key])
        case tuple() | list():
            yield f"{len(value)} of"
            for each in value:
                yield from _parts(each)
        case _ if is_dataclass(value):
            yield type(value).__qualname__
            for field in fields(value):
                yield field.name
                yield from _parts(getattr(value, field.name))
        case _:
            yield (
                repr(value)
                if isinstance(value, str | int | float | bool | bytes | None)
                else str(type(value))
            )


def _function(function: FunctionType) -> Iterator[str]:
    yield function.__qualname__
    yield from _code(function.__code__)
    yield from _parts(function.__defaults__ or ())
    for cell in function.__closure__ or ():
        yield from _parts(cell.cell_contents)


def _code(code: CodeType) -> Iterator[str]:
    yield code.co_code.hex()
    yield repr(code.co_names)
    yield from _parts(tuple(code.co_consts))
