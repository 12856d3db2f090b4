"""A measure as aggregates whose parts can be added up, and an expression that finishes them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from lakehouse.pipelines.declare.expressions.functions import KEYWORDS, is_by_row, why_not_by_row
from lakehouse.pipelines.declare.expressions.tokens import (
    Token,
    closing,
    follows_dot,
    is_call,
    names,
    tokens_of,
)

__all__ = ["AggregateCall", "Measure"]

_ADDABLE = names("any avg bit_and bit_or bit_xor bool_and bool_or count count_if every max mean min some sum")
"""Aggregates whose result for a group follows from the results for parts of the group."""


_KEEPS_VALUES = names("count")
"""Of these also ``f(DISTINCT …)`` follows from parts, where the values of each group are kept beside them."""

_OPERATORS = names("and between case div else end false in is like not null or then true when")
"""Bare words that are surely no column."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AggregateCall:
    """A call of one aggregate, such as ``sum(price * units) FILTER (WHERE paid)``."""

    function: str
    arguments: str
    condition: str = ""
    """That of its FILTER clause; empty without one."""
    distinct: bool = False

    @property
    def rest(self) -> str:
        """The FILTER clause as SQL."""
        return f" FILTER (WHERE {self.condition})" if self.condition else ""

    @property
    def text(self) -> str:
        """The call as SQL."""
        return f"{self.function}({'DISTINCT ' if self.distinct else ''}{self.arguments}){self.rest}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Measure:
    """An expression over calls of aggregates: ``round(sum(a) / count(*), 2)`` has two, and rounds what they give."""

    calls: tuple[AggregateCall, ...]
    between: tuple[str, ...]
    """The text before the first call, between two, and behind the last: one piece more than there are calls."""

    @classmethod
    def of(cls, text: str) -> Measure | None:
        """Read a measure; None when groups can't surely be made of parts of them."""
        tokens = tokens_of(text)
        return None if tokens is None else _read(text, tokens)

    def finish(self, values: Sequence[str]) -> str:
        """Return the expression with these, one for each call, in place of the calls."""
        pieces = [self.between[0]]
        for value, after in zip(values, self.between[1:], strict=True):
            pieces += [value, after]
        return "".join(pieces)


def _read(text: str, tokens: Sequence[Token]) -> Measure | None:
    calls: list[AggregateCall] = []
    between: list[str] = []
    position, done = 0, 0
    while position < len(tokens):
        token = tokens[position]
        if is_call(tokens, position) and token.lower in _ADDABLE and not follows_dot(tokens, position):
            found = _call(text, tokens, position)
            if found is None:
                return None
            call, last = found
            calls.append(call)
            between.append(text[done : token.start])
            position, done = last + 1, tokens[last].end
        elif _stands_outside(tokens, position):
            position += 1
        else:
            return None
    return Measure(calls=tuple(calls), between=(*between, text[done:])) if calls else None


def _call(text: str, tokens: Sequence[Token], position: int) -> tuple[AggregateCall, int] | None:
    """Return the call that begins at a position, and the position of its last piece."""
    last = closing(tokens, position + 1)
    if last is None or tokens[position + 2].lower == "all":
        return None
    function = tokens[position].lower
    distinct = tokens[position + 2].lower == "distinct"
    if distinct and function not in _KEEPS_VALUES:
        return None
    arguments = text[tokens[position + (2 if distinct else 1)].end : tokens[last].start]
    end = last
    if is_call(tokens, last + 1) if last + 1 < len(tokens) else False:
        if tokens[last + 1].lower != "filter":
            return None
        closed = closing(tokens, last + 2)
        if closed is None:
            return None
        end = closed
    condition = _condition(text[tokens[last].end : tokens[end].end])
    if why_not_by_row(arguments) is not None or (condition and why_not_by_row(condition) is not None):
        return None
    call = AggregateCall(
        function=function, arguments=arguments.strip(), condition=condition, distinct=distinct
    )
    return call, end


def _condition(clause: str) -> str:
    """Return what stands behind WHERE in a FILTER clause; an empty text where there is no clause."""
    inner = clause.strip()[len("filter") :].strip()[1:-1].strip()
    return inner[len("where") :].strip() if inner.lower().startswith("where") else inner


def _stands_outside(tokens: Sequence[Token], position: int) -> bool:
    """Say whether a piece may stand around calls: a function of one row, a keyword, a value or a mark."""
    token = tokens[position]
    if token.kind == "quoted":
        return False
    if token.kind != "word":
        return token.text not in "{}:;@$"
    if follows_dot(tokens, position):
        return False
    if is_call(tokens, position):
        return is_by_row(token.text)
    is_type = position > 0 and tokens[position - 1].lower == "as" and token.lower in KEYWORDS
    return is_type or token.lower in _OPERATORS or (token.lower == "as" and position + 1 < len(tokens))
