"""The leaves of a Parquet file's columns, in the order of its footer."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import pyarrow as pa

__all__ = ["Leaf", "leaves_of"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Leaf:
    """One column chunk of each row group; or the several that make a list or a map."""

    path: tuple[str, ...]
    index: int
    """Of its first column chunk."""
    data_type: pa.DataType
    is_repeated: bool
    """A list or a map: the footer counts its elements, not its rows."""


def leaves_of(schema: Iterable[pa.Field]) -> tuple[Leaf, ...]:
    """Return the leaves of all columns."""
    return tuple(_walk(schema, (), 0))


def _walk(fields: Iterable[pa.Field], path: tuple[str, ...], index: int) -> Iterator[Leaf]:
    for part in fields:
        if pa.types.is_struct(part.type):
            yield from _walk(part.type, (*path, part.name), index)
        else:
            yield Leaf(
                path=(*path, part.name),
                index=index,
                data_type=part.type,
                is_repeated=pa.types.is_nested(part.type),
            )
        index += _chunks(part.type)


def _chunks(data_type: pa.DataType) -> int:
    if not pa.types.is_nested(data_type):
        return 1
    if pa.types.is_map(data_type):
        return _chunks(data_type.key_type) + _chunks(data_type.item_type)
    return sum(_chunks(data_type.field(index).type) for index in range(data_type.num_fields))
