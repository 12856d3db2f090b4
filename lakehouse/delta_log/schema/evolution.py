"""New columns in a schema, and the ids and physical names that column mapping wants for them."""

from __future__ import annotations

import dataclasses
import uuid
from collections.abc import Mapping, Sequence

from lakehouse.delta_log.schema.column_mapping import ColumnMappingMode
from lakehouse.delta_log.schema.types import (
    ArrayType,
    DataType,
    MapType,
    PrimitiveType,
    StructField,
    StructType,
)
from lakehouse.delta_log.schema.widening import is_widening

__all__ = ["MAX_COLUMN_ID", "merged", "with_column_ids", "with_ids_of"]

MAX_COLUMN_ID = "delta.columnMapping.maxColumnId"
_ID, _PHYSICAL_NAME = "delta.columnMapping.id", "delta.columnMapping.physicalName"
_TYPE_CHANGES = "delta.typeChanges"


def merged(schema: StructType, found: StructType, *, widens: bool = False) -> StructType:
    """Return ``schema`` with the columns that only ``found`` has, as nullable ones at its end.

    Columns of both keep the type they have, but for ``void``, which takes any; nested structs are merged alike.
    With ``widens`` a column takes a wider type of ``found``, and notes that it had another.
    """
    known = [_merged_field(part, found.get(part.name), widens) for part in schema]
    new = [dataclasses.replace(part, nullable=True) for part in found if schema.get(part.name) is None]
    return StructType((*known, *new))


def _merged_field(part: StructField, found: StructField | None, widens: bool) -> StructField:
    if found is None:
        return part
    before, after = part.data_type, found.data_type
    if widens and isinstance(before, PrimitiveType) and isinstance(after, PrimitiveType):
        return _widened(part, before, after) if is_widening(before.name, after.name) else part
    return dataclasses.replace(part, data_type=_merged_type(before, after, widens))


def _widened(part: StructField, before: PrimitiveType, after: PrimitiveType) -> StructField:
    """Return the field with the wider type (Delta PROTOCOL, "Type Change Metadata")."""
    changes = [*part.metadata.get(_TYPE_CHANGES, ()), {"fromType": before.name, "toType": after.name}]
    return dataclasses.replace(part, data_type=after, metadata={**part.metadata, _TYPE_CHANGES: changes})


def _merged_type(known: DataType, found: DataType, widens: bool) -> DataType:
    if known == PrimitiveType("void"):
        return found
    if isinstance(known, StructType) and isinstance(found, StructType):
        return merged(known, found, widens=widens)
    if isinstance(known, ArrayType) and isinstance(found, ArrayType):
        element = _merged_type(known.element_type, found.element_type, widens)
        return dataclasses.replace(known, element_type=element)
    if isinstance(known, MapType) and isinstance(found, MapType):
        value = _merged_type(known.value_type, found.value_type, widens)
        return dataclasses.replace(known, value_type=value)
    return known


def with_column_ids(
    schema: StructType,
    properties: Mapping[str, str | None],
    *,
    mode: ColumnMappingMode,
    named_before: Sequence[str] = (),
) -> tuple[StructType, dict[str, str]]:
    """Return the schema with an id and a physical name for each field that has none, and the highest id.

    Columns ``named_before`` are in files already, under their own name; they keep it as their physical name.
    """
    if mode is ColumnMappingMode.NONE:
        return schema, {}
    numbering = _Numbering(int(properties.get(MAX_COLUMN_ID) or 0), frozenset(named_before))
    numbered = numbering.struct(schema, is_root=True)
    return numbered, {MAX_COLUMN_ID: str(numbering.highest)}


def with_ids_of(held: StructType, schema: StructType) -> StructType:
    """Return ``schema`` with the ids and physical names that fields of the same name and type have in ``held``.

    A reader of changes finds the rows of both schemas by them, as after Delta's own overwrite.
    """
    return StructType(tuple(_with_id_of(held.get(part.name), part) for part in schema))


def _with_id_of(held: StructField | None, part: StructField) -> StructField:
    if held is None or not _are_alike(held.data_type, part.data_type):
        return part
    ids = {key: held.metadata[key] for key in (_ID, _PHYSICAL_NAME) if key in held.metadata}
    return dataclasses.replace(
        part, data_type=_with_inner_ids(held.data_type, part.data_type), metadata={**part.metadata, **ids}
    )


def _are_alike(held: DataType, new: DataType) -> bool:
    """Say whether a column of one type can be taken for the other: structs whatever their fields are."""
    match held, new:
        case PrimitiveType(), PrimitiveType():
            return held == new
        case ArrayType(), ArrayType():
            return _are_alike(held.element_type, new.element_type)
        case MapType(), MapType():
            return _are_alike(held.key_type, new.key_type) and _are_alike(held.value_type, new.value_type)
    return isinstance(held, StructType) and isinstance(new, StructType)


def _with_inner_ids(held: DataType, new: DataType) -> DataType:
    match held, new:
        case StructType(), StructType():
            return with_ids_of(held, new)
        case ArrayType(), ArrayType():
            return dataclasses.replace(new, element_type=_with_inner_ids(held.element_type, new.element_type))
        case MapType(), MapType():
            return dataclasses.replace(
                new,
                key_type=_with_inner_ids(held.key_type, new.key_type),
                value_type=_with_inner_ids(held.value_type, new.value_type),
            )
    return new


class _Numbering:
    def __init__(self, highest: int, named_before: frozenset[str]) -> None:
        self.highest = highest
        self._named_before = named_before

    def struct(self, schema: StructType, *, is_root: bool = False, keep: bool = False) -> StructType:
        return StructType(
            tuple(self._field(part, keep or (is_root and part.name in self._named_before)) for part in schema)
        )

    def _field(self, part: StructField, keep: bool) -> StructField:
        metadata = dict(part.metadata)
        if _ID not in metadata:
            self.highest += 1
            metadata[_ID] = self.highest
        metadata.setdefault(_PHYSICAL_NAME, part.name if keep else f"col-{uuid.uuid4()}")
        data_type = self._type(part.data_type, keep)
        return dataclasses.replace(part, data_type=data_type, metadata=metadata)

    def _type(self, data_type: DataType, keep: bool) -> DataType:
        match data_type:
            case StructType():
                return self.struct(data_type, keep=keep)
            case ArrayType():
                return dataclasses.replace(data_type, element_type=self._type(data_type.element_type, keep))
            case MapType():
                return dataclasses.replace(
                    data_type,
                    key_type=self._type(data_type.key_type, keep),
                    value_type=self._type(data_type.value_type, keep),
                )
        return data_type
