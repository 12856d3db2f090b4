"""Expressions of Python as text, laid out over lines as code is read."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from keyword import iskeyword
from typing import Any

from lakehouse.pipelines.declare.language import Call

__all__ = ["Chain", "Code", "laid_out"]

_WIDTH = 100
_STEP = "    "


@dataclass(frozen=True, slots=True)
class Code:
    """Text that is code already, such as a name."""

    text: str


@dataclass(frozen=True, slots=True)
class Chain:
    """A call, and methods that are called on what it gives."""

    calls: Sequence[Call]


def laid_out(given: Any, *, indent: str = "", before: int = 0, after: int = 0) -> str:
    """Return the expression: on one line where it fits, beside ``before`` and ``after`` characters of the line."""
    plain = _on_one_line(given)
    if "\n" not in plain and len(indent) + before + len(plain) + after <= _WIDTH:
        return plain
    deeper = indent + _STEP
    match given:
        case Chain(calls) if len(calls) > 1:
            lines = [laid_out(call, indent=deeper) for call in calls]
            return f"(\n{deeper}" + f"\n{deeper}.".join(lines) + f"\n{indent})"
        case Chain(calls):
            return laid_out(calls[0], indent=indent, before=before, after=after)
        case Call():
            items = [("", value) for value in given.arguments]
            items += [(prefix, value) for prefix, value in _named(given.named)]
            return _over_lines(f"{given.name}(", items, ")", indent)
        case Mapping() if given:
            return _over_lines("{", [(f"{laid_out(k)}: ", v) for k, v in given.items()], "}", indent)
        case list() if given:
            return _over_lines("[", [("", each) for each in given], "]", indent)
        case tuple() if given:
            return _over_lines("(", [("", each) for each in given], ")", indent)
        case _:
            return plain


def _over_lines(opening: str, items: Sequence[tuple[str, Any]], closing: str, indent: str) -> str:
    deeper = indent + _STEP
    lines = [
        f"{deeper}{name}{laid_out(value, indent=deeper, before=len(name), after=1)},\n"
        for name, value in items
    ]
    return f"{opening}\n{''.join(lines)}{indent}{closing}" if items else opening + closing


def _on_one_line(given: Any) -> str:
    match given:
        case Code(text):
            return text
        case Chain(calls):
            return ".".join(map(_on_one_line, calls))
        case Call():
            named = [f"{prefix}{_on_one_line(value)}" for prefix, value in _named(given.named)]
            return f"{given.name}({', '.join([*map(_on_one_line, given.arguments), *named])})"
        case Mapping():
            return "{" + ", ".join(f"{_on_one_line(k)}: {_on_one_line(v)}" for k, v in given.items()) + "}"
        case list():
            return f"[{', '.join(map(_on_one_line, given))}]"
        case tuple():
            return f"({', '.join(map(_on_one_line, given))}{',' if len(given) == 1 else ''})"
        case str():
            return _text(given)
        case _:
            return repr(given)


def _named(given: Mapping[str, Any]) -> list[tuple[str, Any]]:
    """Return what stands behind ``name=``; from the first name on that can't stand there, all behind ``**``."""
    names = list(given)
    odd = (number for number, name in enumerate(names) if not _is_plain(name))
    end = next(odd, len(names))
    plain = [(f"{name}=", given[name]) for name in names[:end]]
    return [*plain, ("**", {name: given[name] for name in names[end:]})] if end < len(names) else plain


def _is_plain(name: str) -> bool:
    # Beyond ASCII, Python takes some names for others.
    return name.isascii() and name.isidentifier() and not iskeyword(name)


def _text(given: str) -> str:
    if "\n" in given and given.replace("\n", "").isprintable() and not set(given) & {"\\", '"'}:
        return f'"""{given}"""'
    quoted = repr(given)
    return f'"{quoted[1:-1]}"' if quoted.startswith("'") and '"' not in given else quoted
