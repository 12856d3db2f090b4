"""Whether a schema is the expected one: every difference at once, down into nested columns."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar

from pyspark.sql.types import ArrayType, DataType, MapType, StructField, StructType

from lakehouse.errors import closest_name
from lakehouse.quality.errors import SchemaMismatchError

__all__ = [
    "Difference",
    "ExtraColumn",
    "MissingColumn",
    "NullabilityDiffers",
    "SchemaValidator",
    "TypeDiffers",
]


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """One place where two schemas differ."""

    way_out: ClassVar[str] = "make the two schemas agree"
    """How a table that is declared so can come to differ, as a person writes it."""

    path: str
    """Dotted down into structs; ``element``, ``key`` and ``value`` stand for what arrays and maps hold."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MissingColumn(Difference):
    """A column is expected and not there."""

    way_out: ClassVar[str] = (
        "for a column that no longer comes, contract={'columns': 'evolve'} (it is NULL then); "
        "for one with a new name, renamed={'old': 'new'}"
    )

    did_you_mean: str | None

    def __str__(self) -> str:
        hint = (
            f" (did you mean the column {self.did_you_mean!r}, which is there?)" if self.did_you_mean else ""
        )
        return f"{self.path!r} is missing{hint}"


@dataclass(frozen=True, slots=True, kw_only=True)
class ExtraColumn(Difference):
    """A column is there and not expected."""

    way_out: ClassVar[str] = (
        "for a new column, contract={'columns': 'evolve'}, or 'discard_value', 'discard_row', 'quarantine', 'rescue'"
    )

    type: str

    def __str__(self) -> str:
        return f"{self.path!r} ({self.type}) is not expected"


@dataclass(frozen=True, slots=True, kw_only=True)
class TypeDiffers(Difference):
    """A column has another type."""

    way_out: ClassVar[str] = (
        "for another type, cast, or contract={'data_type': 'evolve'} where the table's can be widened, or 'rescue'"
    )

    expected: str
    found: str

    def __str__(self) -> str:
        return f"{self.path!r} is {self.found}, expected {self.expected}"


@dataclass(frozen=True, slots=True, kw_only=True)
class NullabilityDiffers(Difference):
    """A column may be null where the expected one may not."""

    def __str__(self) -> str:
        return f"{self.path!r} may be null, expected it not to be"


@dataclass(frozen=True, slots=True, kw_only=True)
class SchemaValidator:
    """Compares a schema with the expected one. It knows nothing of rows, tables or pipelines.

    Columns are compared by name, in any order; case counts only where ``case_sensitive`` says so.
    """

    expected: StructType
    extra_allowed: bool = False
    missing_allowed: bool = False
    """Whether columns that may be null can be missing: they are null then."""
    check_nullability: bool = True
    case_sensitive: bool = False

    def differences(self, found: StructType) -> tuple[Difference, ...]:
        """Return every difference, in the order of the expected schema; empty where there is none."""
        return tuple(self._between_structs(self.expected, found, ""))

    def check(self, found: StructType, *, subject: str) -> None:
        """Raise SchemaMismatchError with every difference, where there is one."""
        if differences := self.differences(found):
            raise SchemaMismatchError(
                subject=subject,
                differences=[str(each) for each in differences],
                ways_out=[each.way_out for each in differences],
            )

    def _between_structs(self, expected: StructType, found: StructType, prefix: str) -> Iterator[Difference]:
        there = {self._key(field.name): field for field in found.fields}
        wanted = {self._key(field.name) for field in expected.fields}
        unclaimed = [field.name for key, field in there.items() if key not in wanted]
        for field in expected.fields:
            match = there.get(self._key(field.name))
            path = f"{prefix}{field.name}"
            if match is None and self.missing_allowed and field.nullable:
                continue
            if match is None:
                yield MissingColumn(path=path, did_you_mean=closest_name(field.name, unclaimed))
            else:
                yield from self._between_fields(field, match, path)
        if not self.extra_allowed:
            for name in unclaimed:
                extra = there[self._key(name)]
                yield ExtraColumn(path=f"{prefix}{name}", type=extra.dataType.simpleString())

    def _between_fields(self, expected: StructField, found: StructField, path: str) -> Iterator[Difference]:
        yield from self._between_types(expected.dataType, found.dataType, path)
        if self.check_nullability and found.nullable and not expected.nullable:
            yield NullabilityDiffers(path=path)

    def _between_types(self, expected: DataType, found: DataType, path: str) -> Iterator[Difference]:
        match expected, found:
            case StructType(), StructType():
                yield from self._between_structs(expected, found, f"{path}.")
            case ArrayType(), ArrayType():
                yield from self._between_types(expected.elementType, found.elementType, f"{path}.element")
                if self.check_nullability and found.containsNull and not expected.containsNull:
                    yield NullabilityDiffers(path=f"{path}.element")
            case MapType(), MapType():
                yield from self._between_types(expected.keyType, found.keyType, f"{path}.key")
                yield from self._between_types(expected.valueType, found.valueType, f"{path}.value")
                if self.check_nullability and found.valueContainsNull and not expected.valueContainsNull:
                    yield NullabilityDiffers(path=f"{path}.value")
            case _ if expected != found:
                yield TypeDiffers(path=path, expected=expected.simpleString(), found=found.simpleString())

    def _key(self, name: str) -> str:
        return name if self.case_sensitive else name.lower()
