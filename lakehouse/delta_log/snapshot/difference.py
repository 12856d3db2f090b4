"""What is different between two versions of a table, by their logs alone."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import msgspec
import pyarrow as pa

from lakehouse.delta_log.arrow_columns import column
from lakehouse.delta_log.replay import file_keys
from lakehouse.delta_log.scan import record_counts
from lakehouse.delta_log.snapshot.snapshot import Snapshot

__all__ = ["TableDifference", "difference"]


@dataclass(frozen=True, slots=True, kw_only=True)
class FileChange:
    """A logical file that only one of the two versions has."""

    path: str
    size_bytes: int
    row_count: int | None
    """Without deleted rows; None where the log has no statistics of the file."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TableDifference:
    """From an older version to a newer one."""

    from_version: int
    to_version: int
    added: tuple[FileChange, ...]
    removed: tuple[FileChange, ...]
    settings: Mapping[str, tuple[Any, Any]]
    """What is not the same, old and new: columns, properties, protocol, partition columns."""

    def to_json(self) -> dict[str, Any]:
        """Return the difference as a JSON object."""
        return {
            "from": self.from_version,
            "to": self.to_version,
            "added": [_fields(change) for change in self.added],
            "removed": [_fields(change) for change in self.removed],
            "settings": {name: {"old": old, "new": new} for name, (old, new) in self.settings.items()},
        }

    def lines(self) -> Iterator[str]:
        """Yield the difference for people."""
        yield f"from version {self.from_version} to {self.to_version}"
        for sign, changes in (("-", self.removed), ("+", self.added)):
            for change in changes:
                rows = "?" if change.row_count is None else change.row_count
                yield f"{sign} {change.path}  {change.size_bytes} bytes, {rows} rows"
        for name, (old, new) in self.settings.items():
            yield f"~ {name}: {_text(old)} → {_text(new)}"


def _fields(change: FileChange) -> dict[str, Any]:
    return {"path": change.path, "bytes": change.size_bytes, "rows": change.row_count}


def _text(value: Any) -> str:
    return "none" if value is None else str(value)


def difference(old: Snapshot, new: Snapshot) -> TableDifference:
    """Return what is different in ``new``."""
    before, after = old.files(), new.files()
    before_keys, after_keys = list(file_keys(before)), list(file_keys(after))
    known_before, known_after = set(before_keys), set(after_keys)
    return TableDifference(
        from_version=old.version,
        to_version=new.version,
        added=_changes(after, [key not in known_before for key in after_keys]),
        removed=_changes(before, [key not in known_after for key in before_keys]),
        settings=_settings(old, new),
    )


def _changes(files: pa.Table, chosen: list[bool]) -> tuple[FileChange, ...]:
    found = files.take(_numbers(chosen))
    counts = record_counts(found.column("stats").to_pylist())
    vectors = found.column("deletionVector").to_pylist()
    rows = zip(
        found.column("path").to_pylist(), found.column("size").to_pylist(), counts, vectors, strict=True
    )
    return tuple(
        FileChange(
            path=path,
            size_bytes=size,
            row_count=None if count is None else count - (vector["cardinality"] if vector else 0),
        )
        for path, size, count, vector in rows
    )


def _numbers(chosen: list[bool]) -> pa.Array:
    return column([number for number, is_chosen in enumerate(chosen) if is_chosen], pa.int64())


def _settings(old: Snapshot, new: Snapshot) -> dict[str, tuple[Any, Any]]:
    before, after = _flat(old), _flat(new)
    names = sorted(before.keys() | after.keys())
    return {
        name: (before.get(name), after.get(name)) for name in names if before.get(name) != after.get(name)
    }


def _flat(snapshot: Snapshot) -> dict[str, Any]:
    columns = {f"column {f.name}": str(f.type) + ("" if f.nullable else " not null") for f in snapshot.schema}
    properties = {f"property {name}": value for name, value in snapshot.properties.items()}
    protocol = {f"protocol {name}": value for name, value in msgspec.to_builtins(snapshot.protocol).items()}
    return {**columns, **properties, **protocol, "partition columns": list(snapshot.partition_columns)}
