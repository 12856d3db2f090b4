"""Columns whose values stand in a file's path, as Hive lays out partitions: ``…/day=2011-01-04/…``."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from urllib.parse import unquote

from pyspark.sql import Column
from pyspark.sql import functions as F

__all__ = ["missing_in_path", "path_column", "path_values"]

_NULL = "__HIVE_DEFAULT_PARTITION__"


def path_values(path: str, names: Sequence[str]) -> Mapping[str, str | None]:
    """Return the value of each name in the folders of a path; a name that no folder has is left out."""
    found: dict[str, str | None] = {}
    for folder in path.split("/")[:-1]:
        name, equals, value = folder.partition("=")
        if equals and name in names:
            found[name] = None if value == _NULL else unquote(value)
    return found


def missing_in_path(path: str, names: Sequence[str]) -> str | None:
    """Say why a file can't be used, where no folder of its path has one of the names; None where all are there."""
    found = path_values(path, names)
    missing = next((name for name in names if name not in found), None)
    return f"no folder in its path is {missing}=…" if missing is not None else None


def path_column(name: str) -> Column:
    """Return the same value from ``_source_file``, which is the path as a URI, for paths that have it."""
    folders = F.split(F.col("_source_file"), "/")
    folder = F.element_at(F.filter(folders, lambda each: each.startswith(f"{name}=")), -1)
    # Once for the URI, once for what Hive encodes in a folder's name; a plus sign is itself.
    value = _decoded(_decoded(F.substring_index(folder, f"{name}=", -1)))
    return F.nullif(value, F.lit(_NULL)).alias(name)


def _decoded(text: Column) -> Column:
    return F.coalesce(F.try_url_decode(F.replace(text, F.lit("+"), F.lit("%2B"))), text)
