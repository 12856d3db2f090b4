"""The types of the protocol (Delta PROTOCOL, "Schema Serialization Format")."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeAlias

__all__ = ["ArrayType", "DataType", "MapType", "PrimitiveType", "StructField", "StructType"]


@dataclass(frozen=True, slots=True)
class PrimitiveType:
    """A type without parts, by the protocol's name: ``integer``, ``decimal(10,2)``, ``timestamp_ntz``, …"""

    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ArrayType:
    """A list of elements of one type."""

    element_type: DataType
    contains_null: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class MapType:
    """Keys to values; keys are never null."""

    key_type: DataType
    value_type: DataType
    value_contains_null: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class StructField:
    """A named part of a struct; a column, where the struct is the table's schema."""

    name: str
    data_type: DataType
    nullable: bool = True
    metadata: Mapping[str, Any] = field(default_factory=dict)
    """Column mapping, comments, invariants, generation expressions, defaults, type changes, …"""

    @property
    def physical_name(self) -> str:
        """Return the column's name in data files, statistics and partition values under column mapping."""
        name = self.metadata.get("delta.columnMapping.physicalName", self.name)
        return name if isinstance(name, str) else self.name

    @property
    def field_id(self) -> int | None:
        """Return the id of the column under column mapping."""
        found = self.metadata.get("delta.columnMapping.id")
        return found if isinstance(found, int) else None

    def was_once(self, type_name: str) -> bool:
        """Return whether the column was widened from this type, so that older files may hold it."""
        changes = self.metadata.get("delta.typeChanges")
        return isinstance(changes, list) and any(
            isinstance(change, Mapping) and change.get("fromType") == type_name for change in changes
        )


@dataclass(frozen=True, slots=True)
class StructType:
    """Fields in order, of different names."""

    fields: tuple[StructField, ...]
    _exact: Mapping[str, StructField] = field(init=False, repr=False, compare=False)
    _lowered: Mapping[str, StructField] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        # A look-up is one step, however many columns there are; the first of several of a name counts.
        backwards = self.fields[::-1]
        object.__setattr__(self, "_exact", {part.name: part for part in backwards})
        object.__setattr__(self, "_lowered", {part.name.lower(): part for part in backwards})

    def __iter__(self) -> Iterator[StructField]:
        return iter(self.fields)

    @property
    def names(self) -> list[str]:
        """Return the fields' names in order."""
        return [part.name for part in self.fields]

    def get(self, name: str) -> StructField | None:
        """Return the field of that name, by exact match first and then without regard to case."""
        found = self._exact.get(name)
        return self._lowered.get(name.lower()) if found is None else found


DataType: TypeAlias = PrimitiveType | ArrayType | MapType | StructType
