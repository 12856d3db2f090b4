"""Conditions by which pipelines read tables of a warehouse, written down there for those who lay the tables out."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from urllib.parse import quote

import msgspec

from lakehouse.delta_log import InvalidConditionError, Predicate, Snapshot, condition
from lakehouse.errors import StorageError
from lakehouse.storage import AbstractStorageReader, AbstractStorageService, NotFoundError, storage_for

__all__ = ["filters_of_readers", "keep_filters"]

_FOLDER = "system/filters"

_Filters = dict[str, list[str]]
"""Conditions in SQL, by ``layer/name`` of a table."""


def keep_filters(
    warehouse: AbstractStorageService, pipeline: str, filters: Mapping[str, Sequence[str]]
) -> None:
    """Write down how a pipeline reads, by ``layer/name`` of a table; it takes the place of what it said before."""
    key = f"{_FOLDER}/{quote(pipeline, safe='')}.json"
    said = {table: list(conditions) for table, conditions in sorted(filters.items())}
    if said != _kept(warehouse, key):
        warehouse.write(key, msgspec.json.encode(said))


def filters_of_readers(snapshot: Snapshot) -> tuple[Predicate, ...]:
    """Return the conditions by which pipelines read the table, those that the log can't compare left out.

    They are looked for in the warehouse that the table's folder is in, two folders up.
    """
    root, *place = snapshot.table.rstrip("/").rsplit("/", 2)
    if len(place) < 2 or not root:
        return ()
    try:
        warehouse = storage_for(root)
        keys = [each.key for each in warehouse.list(_FOLDER)]
        texts = dict.fromkeys(
            text for key in sorted(keys) for text in _kept(warehouse, key).get("/".join(place), ())
        )
    except StorageError:
        return ()
    return tuple(_readable(texts, snapshot))


def _kept(warehouse: AbstractStorageReader, key: str) -> _Filters:
    """Return what was written down; nothing where there is nothing, or where it can't be read."""
    try:
        return msgspec.json.decode(warehouse.read(key), type=_Filters)
    except (NotFoundError, msgspec.DecodeError):
        return {}


def _readable(texts: Mapping[str, None], snapshot: Snapshot) -> Iterator[Predicate]:
    for text in texts:
        try:
            yield condition(text, snapshot.schema)
        except InvalidConditionError:
            continue  # a condition of Spark's that is more than a comparison
