"""What other systems call the place that rows come from or go to (OpenLineage, "Naming Conventions")."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple, Self
from urllib.parse import urlsplit

from lakehouse.ingestion import WILDCARDS
from lakehouse.storage import parse_uri

__all__ = ["DatasetName"]


class DatasetName(NamedTuple):
    """The store is the namespace; an empty one stands for that of whoever speaks of the dataset."""

    namespace: str
    name: str

    @classmethod
    def at(cls, path: str) -> Self:
        """Return the name of a folder or file, local or below the URI of a store."""
        scheme, separator, rest = path.partition("://")
        if not separator:
            return cls("file", path)
        store, _, name = rest.partition("/")
        return cls(f"{scheme}://{store}", name)

    @classmethod
    def matching(cls, pattern: str) -> Self:
        """Return the name of the folder that all files of a pattern lie in; of a pattern without any, of the file."""
        parts = pattern.split("/")
        fixed = next((at for at, part in enumerate(parts) if WILDCARDS & set(part)), len(parts))
        location = parse_uri("/".join(parts[:fixed]))
        if location.scheme == "file":
            return cls("file", str(Path(location.path).absolute()))
        return cls(f"{location.scheme}://{location.authority}", location.path)

    @classmethod
    def behind(cls, url: str) -> Self:
        """Return the name of what answers at an address; who asks it, and what for, is no part of it."""
        parts = urlsplit(url)
        return cls(f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}", parts.path.strip("/"))

    @classmethod
    def in_database(cls, url: str, table: str) -> Self:
        """Return the name of a table behind an address of JDBC, such as ``jdbc:postgresql://host:5432/shop``."""
        server = cls.behind(url.removeprefix("jdbc:").partition(";")[0])
        scheme = server.namespace.replace("postgresql:", "postgres:")
        return cls(scheme, ".".join(filter(None, (server.name, table))))
