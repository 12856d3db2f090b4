"""Types as DDL writes them, as Arrow's: read without Spark's parser, which only a JVM has."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping

import pyarrow as pa

__all__ = ["UnknownTypeText", "arrow_fields", "arrow_type", "type_text"]

_TOKEN = re.compile(r"\s*(`(?:[^`]|``)+`|[\w]+|[<>(),:])")
_SIMPLE: Mapping[str, pa.DataType] = {
    "string": pa.string(),
    "boolean": pa.bool_(),
    "tinyint": pa.int8(),
    "byte": pa.int8(),
    "smallint": pa.int16(),
    "short": pa.int16(),
    "int": pa.int32(),
    "integer": pa.int32(),
    "bigint": pa.int64(),
    "long": pa.int64(),
    "float": pa.float32(),
    "real": pa.float32(),
    "double": pa.float64(),
    "date": pa.date32(),
    "timestamp": pa.timestamp("us", "UTC"),
    "timestamp_ltz": pa.timestamp("us", "UTC"),
    "timestamp_ntz": pa.timestamp("us"),
    "binary": pa.binary(),
    "void": pa.null(),
}
_DECIMALS = frozenset({"decimal", "dec", "numeric"})
_WORDS: Mapping[pa.DataType, str] = {held: word for word, held in reversed(list(_SIMPLE.items()))}


class UnknownTypeText(ValueError):  # noqa: N818 - a signal within this package
    """A text is no type; the message completes "the type is wrong: …"."""


def arrow_type(text: str) -> pa.DataType:
    """Return the type that DDL writes so, such as ``array<struct<sku: string, price: decimal(10,2)>>``.

    Raises UnknownTypeText.
    """
    return _Parser(text).whole(_Parser.type)


def arrow_fields(text: str) -> Mapping[str, pa.DataType]:
    """Return the columns of a table's DDL, such as ``id bigint, items array<string>``. Raises UnknownTypeText."""
    return dict(_Parser(text).whole(lambda parser: parser.fields(until=None)))


def type_text(held: pa.DataType) -> str:
    """Return the type as DDL writes it."""
    if pa.types.is_list(held):
        return f"array<{type_text(held.value_type)}>"
    if pa.types.is_map(held):
        return f"map<{type_text(held.key_type)},{type_text(held.item_type)}>"
    if pa.types.is_struct(held):
        return f"struct<{','.join(f'{_quoted(each.name)}:{type_text(each.type)}' for each in held)}>"
    if pa.types.is_decimal(held):
        return f"decimal({held.precision},{held.scale})"
    return _WORDS[held]


def _quoted(name: str) -> str:
    return name if re.fullmatch(r"\w+", name) else f"`{name.replace('`', '``')}`"


class _Parser:
    def __init__(self, text: str) -> None:
        self._text = text
        self._tokens = list(_tokens(text))
        self._at = 0

    def whole(self, part: Callable[[_Parser], pa.DataType | list[tuple[str, pa.DataType]]]) -> pa.DataType:
        """Return a part that ends where the text ends."""
        found = part(self)
        if self._at < len(self._tokens):
            raise UnknownTypeText(f"{self._text!r} is not a type after {self._tokens[self._at - 1]!r}")
        return found

    def type(self) -> pa.DataType:
        word = self._next().lower()
        if word in _SIMPLE:
            return _SIMPLE[word]
        if word in _DECIMALS:
            return self._decimal()
        if word == "array":
            self._expect("<")
            element = self.type()
            self._expect(">")
            return pa.list_(element)
        if word == "map":
            self._expect("<")
            key = self.type()
            self._expect(",")
            value = self.type()
            self._expect(">")
            return pa.map_(key, value)
        if word == "struct":
            self._expect("<")
            fields = self.fields(until=">")
            self._expect(">")
            return pa.struct(fields)
        raise UnknownTypeText(f"{self._text!r} names the type {word!r}, which is not known here")

    def fields(self, *, until: str | None) -> list[tuple[str, pa.DataType]]:
        fields: list[tuple[str, pa.DataType]] = []
        while self._peek() not in (until, None):
            if fields:
                self._expect(",")
            name = self._next()
            if name.startswith("`"):
                name = name[1:-1].replace("``", "`")
            if self._peek() == ":":
                self._next()
            if name in dict(fields):
                raise UnknownTypeText(f"{self._text!r} names {name!r} twice")
            fields.append((name, self.type()))
        return fields

    def _decimal(self) -> pa.DataType:
        if self._peek() != "(":
            return pa.decimal128(10, 0)
        self._next()
        numbers = [self._next()]
        if self._peek() == ",":
            self._next()
            numbers.append(self._next())
        self._expect(")")
        try:
            precision, scale = int(numbers[0]), int(numbers[1]) if len(numbers) > 1 else 0
            held = pa.decimal128(precision, scale)
        except ValueError as error:
            raise UnknownTypeText(f"{self._text!r} has a decimal of no such precision") from error
        if not 0 <= scale <= precision:
            raise UnknownTypeText(f"{self._text!r} has a decimal with a scale beyond its precision")
        return held

    def _peek(self) -> str | None:
        return self._tokens[self._at] if self._at < len(self._tokens) else None

    def _next(self) -> str:
        token = self._peek()
        if token is None:
            raise UnknownTypeText(f"{self._text!r} ends within a type")
        self._at += 1
        return token

    def _expect(self, wanted: str) -> None:
        if (found := self._next()) != wanted:
            raise UnknownTypeText(f"{self._text!r} has {found!r} where {wanted!r} is expected")


def _tokens(text: str) -> Iterator[str]:
    at, text = 0, text.rstrip()
    while at < len(text):
        match = _TOKEN.match(text, at)
        if match is None:
            raise UnknownTypeText(f"{text!r} is not a type at {text[at:]!r}")
        yield match[1]
        at = match.end()
