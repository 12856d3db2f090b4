"""Conditions on rows as people write them, ``units > 5 AND day >= '2024-01-01'``, read without Spark."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import Any

import pyarrow as pa

from lakehouse.delta_log.errors import InvalidConditionError
from lakehouse.delta_log.scan.predicates import IsIn, Predicate, col
from lakehouse.errors import did_you_mean

__all__ = ["condition"]

_TOKEN = re.compile(
    r"""\s*(?:
      (?P<text>'(?:[^']|'')*')
    | (?P<number>-?\d+(?:\.\d+)?)
    | (?P<name>`[^`]+`(?:\.`[^`]+`)* | [^\W\d]\w*(?:\.[^\W\d]\w*)*)
    | (?P<sign><=>|<=|>=|<>|!=|==|=|<|>|\(|\)|,)
    )""",
    re.VERBOSE,
)
_SIGNS = {"=": "==", "==": "==", "<>": "!=", "!=": "!=", "<": "<", "<=": "<=", ">": ">", ">=": ">="}


def condition(text: str, schema: pa.Schema) -> Predicate:
    """Return a condition: comparisons, ``IN``, ``BETWEEN``, ``IS [NOT] NULL`` joined by ``AND``, ``OR``, ``NOT``.

    A text in quotes stands for a value of the column's own type: a date, a time, a number. Raises
    InvalidConditionError.
    """
    return _Reading(text, schema).whole()


@dataclass(frozen=True, slots=True)
class _Token:
    kind: str
    text: str

    @property
    def word(self) -> str:
        """The token as a word of SQL; in capitals."""
        return self.text.upper() if self.kind in ("name", "sign") else ""


class _Reading:
    """Reads a text from left to right (recursive descent); ``OR`` binds loosest."""

    def __init__(self, text: str, schema: pa.Schema) -> None:
        self._text = text
        self._schema = schema
        self._tokens = [*self._split(), _Token("end", "")]
        self._at = 0

    def whole(self) -> Predicate:
        found = self._either()
        if self._next.kind != "end":
            raise self._unexpected("its end")
        return found

    def _split(self) -> Iterator[_Token]:
        at = 0
        while self._text[at:].strip():
            found = _TOKEN.match(self._text, at)
            if found is None or found.lastgroup is None:
                raise InvalidConditionError(
                    text=self._text, reason=f"nobody knows what {self._text[at:].strip()!r} means"
                )
            yield _Token(found.lastgroup, found[found.lastgroup])
            at = found.end()

    @property
    def _next(self) -> _Token:
        return self._tokens[self._at]

    def _take(self) -> _Token:
        self._at += 1
        return self._tokens[self._at - 1]

    def _takes(self, *words: str) -> bool:
        """Take these words where they stand next, all of them or none."""
        if [token.word for token in self._tokens[self._at : self._at + len(words)]] != list(words):
            return False
        self._at += len(words)
        return True

    def _expect(self, word: str) -> None:
        if not self._takes(word):
            raise self._unexpected(word)

    def _unexpected(self, expected: str) -> InvalidConditionError:
        found = self._next.text or "its end"
        return InvalidConditionError(text=self._text, reason=f"expected {expected}, got {found!r}")

    def _either(self) -> Predicate:
        found = self._both()
        while self._takes("OR"):
            found = found | self._both()
        return found

    def _both(self) -> Predicate:
        found = self._one()
        while self._takes("AND"):
            found = found & self._one()
        return found

    def _one(self) -> Predicate:
        if self._takes("NOT"):
            return ~self._one()
        if self._takes("("):
            found = self._either()
            self._expect(")")
            return found
        return self._about_a_column()

    def _about_a_column(self) -> Predicate:
        path, data_type = self._column()
        column = col(*path)
        if self._takes("IS", "NOT", "NULL"):
            return ~column.is_null()
        if self._takes("IS", "NULL"):
            return column.is_null()
        negated = self._takes("NOT")
        if self._takes("IN"):
            found: Predicate = IsIn(path, self._values(data_type))
        elif self._takes("BETWEEN"):
            low = self._value(data_type)
            self._expect("AND")
            found = (column >= low) & (column <= self._value(data_type))
        elif not negated and self._next.text in _SIGNS:
            return _compared(column, _SIGNS[self._take().text], self._value(data_type))
        else:
            raise self._unexpected("IN or BETWEEN" if negated else "a comparison, IN, BETWEEN or IS NULL")
        return ~found if negated else found

    def _column(self) -> tuple[tuple[str, ...], pa.DataType]:
        if self._next.kind != "name":
            raise self._unexpected("the name of a column")
        text = self._take().text
        path = tuple(part.strip("`") for part in (text.split("`.`") if "`" in text else text.split(".")))
        fields: Mapping[str, pa.DataType] = {field.name: field.type for field in self._schema}
        for depth, name in enumerate(path):
            if name not in fields:
                whole = ".".join(path[: depth + 1])
                raise InvalidConditionError(
                    text=self._text, reason=f"there is no column {whole!r}", fix=did_you_mean(name, fields)
                )
            data_type = fields[name]
            fields = {field.name: field.type for field in data_type} if pa.types.is_struct(data_type) else {}
        return path, data_type

    def _values(self, data_type: pa.DataType) -> tuple[Any, ...]:
        self._expect("(")
        values = [self._value(data_type)]
        while self._takes(","):
            values.append(self._value(data_type))
        self._expect(")")
        return tuple(values)

    def _value(self, data_type: pa.DataType) -> Any:
        token = self._next
        if token.word in ("TRUE", "FALSE"):
            return self._take().word == "TRUE"
        if token.kind == "number":
            text = self._take().text
            return (
                float(text)
                if pa.types.is_floating(data_type)
                else Decimal(text)
                if "." in text
                else int(text)
            )
        if token.word == "DATE" and pa.types.is_date(data_type):
            self._take()
            token = self._next
        if token.kind != "text":
            raise self._unexpected("a value")
        text = self._take().text[1:-1].replace("''", "'")
        try:
            return _of_type(text, data_type)
        except (ValueError, InvalidOperation) as error:
            reason = f"{text!r} is no value of the type {data_type}"
            raise InvalidConditionError(text=self._text, reason=reason) from error


def _of_type(text: str, data_type: pa.DataType) -> Any:
    if pa.types.is_date(data_type):
        return dt.date.fromisoformat(text)
    if pa.types.is_timestamp(data_type):
        found = dt.datetime.fromisoformat(text)
        if data_type.tz is None:
            return found
        return found if found.tzinfo is not None else found.replace(tzinfo=dt.UTC)
    if pa.types.is_decimal(data_type):
        return Decimal(text)
    if pa.types.is_integer(data_type):
        return int(text)
    return float(text) if pa.types.is_floating(data_type) else text


def _compared(column: Any, sign: str, value: Any) -> Predicate:
    compared: dict[str, Any] = {
        "==": column.__eq__,
        "!=": column.__ne__,
        "<": column.__lt__,
        "<=": column.__le__,
        ">": column.__gt__,
        ">=": column.__ge__,
    }
    found: Predicate = compared[sign](value)
    return found
