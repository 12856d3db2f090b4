"""What was found out about tables in a session, so that a run doesn't analyse again what ``validate`` has."""

from __future__ import annotations

import dataclasses
import hashlib
import threading
import weakref
from collections import OrderedDict
from collections.abc import Mapping

from pyspark.sql import SparkSession
from pyspark.sql.types import StructType

from lakehouse.pipelines.declare.definition import TableDefinition
from lakehouse.pipelines.refresh.fingerprint import digest_of, holds_code

__all__ = ["Analyses", "key_of"]

_MOST = 4_096
_ELSEWHERE = ("location", "views", "ends_of_views")
"""Fields of a table that no check depends on; of its views, those that it reads do, and are looked at apart."""


class Analyses:
    """The schemas of tables whose definitions are right, by all that they depend on. Thread-safe.

    Kept are tables that are declared in words alone: code may call what has changed since, and is tried each time.
    What a session can change without being asked, such as a function under a name, is not noticed.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._schemas: OrderedDict[str, StructType] = OrderedDict()

    @classmethod
    def of(cls, spark: SparkSession) -> Analyses:
        """Return those of a session: another one may have other settings and functions."""
        with _LOCK:
            return _BY_SESSION.setdefault(spark, cls())

    def schema(self, key: str | None) -> StructType | None:
        """Return the schema that was found under a key; None where there is none."""
        with self._lock:
            if key is None or key not in self._schemas:
                return None
            self._schemas.move_to_end(key)
            return self._schemas[key]

    def keep(self, key: str | None, schema: StructType) -> None:
        """Remember a schema; without a key, don't."""
        if key is None:
            return
        with self._lock:
            self._schemas[key] = schema
            while len(self._schemas) > _MOST:
                self._schemas.popitem(last=False)


_LOCK = threading.Lock()
_BY_SESSION: weakref.WeakKeyDictionary[SparkSession, Analyses] = weakref.WeakKeyDictionary()


def key_of(
    table: TableDefinition,
    *,
    inputs: Mapping[str, StructType],
    existing: StructType | None,
    settings: Mapping[str, str],
) -> str | None:
    """Return a text that differs with all that the check of a table depends on; None where nothing tells it all.

    ``inputs`` are the schemas of the tables that it reads, ``existing`` is that of the table itself, and ``settings``
    are the session's.
    """
    declared = [
        getattr(table, each.name) for each in dataclasses.fields(table) if each.name not in _ELSEWHERE
    ]
    declared += [view.flow for view in table.views_beside()]
    if any(holds_code(each) for each in declared):
        return None
    digest = hashlib.blake2b(digest_of(declared).encode(), digest_size=16)
    parts = [f"{name}={inputs[name].json()}" for name in sorted(inputs)]
    parts += ["" if existing is None else existing.json()]
    parts += [f"{name}={settings[name]}" for name in sorted(settings)]
    for part in parts:
        digest.update(part.encode())
        digest.update(b"\0")
    return digest.hexdigest()
