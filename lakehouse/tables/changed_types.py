"""Where two schemas of a table have other types, part by part; whether values may be null counts for nothing here."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from pyspark.sql.types import ArrayType, DataType, MapType, StructType

from lakehouse.delta_log import is_widening
from lakehouse.tables.identifiers import quoted

__all__ = ["ChangedType", "NewPart", "changed_types", "new_parts"]


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangedType:
    """A column, or a part of one, that has another type."""

    path: str
    """As SQL names it: ``element``, ``key`` and ``value`` stand for what arrays and maps hold."""
    held: DataType
    wanted: DataType

    @property
    def widens(self) -> bool:
        """Whether Delta lets it grow when rows of the wanted type are added."""
        return is_widening(self.held.simpleString(), self.wanted.simpleString())


@dataclass(frozen=True, slots=True, kw_only=True)
class NewPart:
    """A column, or a field within one, that only the wanted schema has."""

    path: str
    """As SQL names it, see ``ChangedType``."""
    type: DataType


def new_parts(held: DataType, wanted: DataType, path: str = "") -> Iterator[NewPart]:
    """Yield what ``wanted`` has more than ``held``, each part whole; case does not tell names apart."""
    match held, wanted:
        case StructType(), StructType():
            known = {each.name.lower(): each for each in held.fields}
            for each in wanted.fields:
                before = known.get(each.name.lower())
                inner = quoted(each.name if before is None else before.name)
                inner = f"{path}.{inner}" if path else inner
                if before is None:
                    yield NewPart(path=inner, type=each.dataType)
                else:
                    yield from new_parts(before.dataType, each.dataType, inner)
        case ArrayType(), ArrayType():
            yield from new_parts(held.elementType, wanted.elementType, f"{path}.element")
        case MapType(), MapType():
            yield from new_parts(held.keyType, wanted.keyType, f"{path}.key")
            yield from new_parts(held.valueType, wanted.valueType, f"{path}.value")


def changed_types(held: DataType, wanted: DataType, path: str = "") -> Iterator[ChangedType]:
    """Yield what has another type in ``held`` than in ``wanted``, down to parts that have none themselves.

    Columns and fields that only one of the two has are left out; case does not tell names apart.
    """
    match held, wanted:
        case StructType(), StructType():
            known = {each.name.lower(): each for each in held.fields}
            for each in wanted.fields:
                if (before := known.get(each.name.lower())) is not None:
                    inner = f"{path}.{quoted(before.name)}" if path else quoted(before.name)
                    yield from changed_types(before.dataType, each.dataType, inner)
        case ArrayType(), ArrayType():
            yield from changed_types(held.elementType, wanted.elementType, f"{path}.element")
        case MapType(), MapType():
            yield from changed_types(held.keyType, wanted.keyType, f"{path}.key")
            yield from changed_types(held.valueType, wanted.valueType, f"{path}.value")
        case _ if held != wanted:
            yield ChangedType(path=path, held=held, wanted=wanted)
