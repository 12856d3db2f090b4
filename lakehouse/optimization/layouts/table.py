"""The table that is maintained: what its log says of it, and the way to change its files."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from lakehouse.delta_log import (
    ColumnBounds,
    Snapshot,
    Transaction,
    TransactionManager,
    record_counts,
    table_storage,
    target_file_bytes,
)
from lakehouse.optimization.layouts.readers_needs import ReadersNeeds, needs_of_readers
from lakehouse.optimization.layouts.rewriter import Rewrite, Rewriter
from lakehouse.storage import AbstractStorageService

__all__ = ["FileFacts", "MaintainedTable", "TableFacts", "layout_tags"]

_LAYOUT_TAG = "lakehouse.clusteredBy"
_REWRITE_TAG = "lakehouse.clusteredIn"
_UNSPENT_TAG = "lakehouse.clusteringUnspentBytes"
_UNDONE = "lakehouse.undone/{}"
"""An application of the log (Delta PROTOCOL, "Transaction Identifiers"): its version is the table's size in bytes."""
_SIZE = re.compile(r"(\d{1,15})\s*(?:([kmgt]?)b?)?", re.IGNORECASE)
_SHIFTS = {"": 0, "b": 0, "k": 10, "m": 20, "g": 30, "t": 40}
_VARIANT = re.compile(r'"(type|elementType|valueType)"\s*:\s*"variant"')


def layout_tags(
    layout: str | None, *, arranged_in: str | None = None, unspent_bytes: int = 0
) -> Mapping[str, str | None] | None:
    """Return the tags of files that are arranged so, for ``FileFacts`` to tell it again."""
    if layout is None:
        return None
    rewrite = {} if arranged_in is None else {_REWRITE_TAG: arranged_in}
    return {_LAYOUT_TAG: layout, **rewrite, _UNSPENT_TAG: str(unspent_bytes)}


@dataclass(frozen=True, slots=True, kw_only=True)
class FileFacts:
    """A live data file, as the log describes it."""

    path: str
    size_bytes: int
    modified_ms: int
    row_count: int | None
    """Without deleted rows; None where the log doesn't tell it."""
    deleted_rows: int
    """Rows of the file that its deletion vector takes away."""
    has_vector: bool
    partition: tuple[tuple[str, str | None], ...]
    layout: str | None
    """How its rows are arranged: the columns that it was clustered by here, as JSON; None where it was not."""
    arranged_in: str | None
    """The rewrite that arranged it, with others; None where nobody knows."""
    unspent_bytes: int
    """What might still have been rewritten when it was written, for the bytes that had come until then."""
    is_clustered_elsewhere: bool
    """Whether another engine arranged its rows, and alone may do it again (Delta PROTOCOL, "Clustered Table")."""


@dataclass(frozen=True, kw_only=True)
class TableFacts:
    """One version of a table, as its log describes it. No data file is opened for it."""

    snapshot: Snapshot
    storage: AbstractStorageService

    @property
    def table(self) -> str:
        """The table's URI."""
        return self.snapshot.table

    @cached_property
    def files(self) -> tuple[FileFacts, ...]:
        """All live files, in the order of the log."""
        rows = self.snapshot.files().drop_columns(["stats"]).to_pylist(maps_as_pydicts="lossy")
        counts = record_counts(self.snapshot.files().column("stats").to_pylist())
        return tuple(_file(row, count) for row, count in zip(rows, counts, strict=True))

    @cached_property
    def size_bytes(self) -> int:
        return sum(file.size_bytes for file in self.files)

    @cached_property
    def needs(self) -> ReadersNeeds:
        """What other tables of the warehouse need of the table, as they say when this is first asked."""
        return needs_of_readers(self.snapshot)

    @property
    def target_file_bytes(self) -> int:
        """How large a file of the table should be: as the table says (``delta.targetFileSize``), or by its size."""
        said = _SIZE.fullmatch((self.snapshot.properties.get("delta.targetFileSize") or "").strip())
        if said is None:
            return target_file_bytes(self.size_bytes)
        return max(1, int(said[1]) << _SHIFTS[(said[2] or "b").lower()])

    def unspent_bytes(self, layout: str | None) -> int:
        """Return what may still be rewritten for files to be arranged so, for the bytes that were arranged already.

        The files that were written last say it, whoever wrote them: what an older file says is spent since.
        """
        noted = [file for file in self.files if file.layout == layout and layout is not None]
        last = max(noted, key=lambda file: (file.modified_ms, -file.unspent_bytes), default=None)
        return 0 if last is None else last.unspent_bytes

    def was_undone(self, work: str) -> bool:
        """Say whether this work was undone when the table was more than half and less than twice as large."""
        then = self.snapshot.transaction_version(_UNDONE.format(work))
        return then is not None and then < 2 * self.size_bytes and self.size_bytes < 2 * then

    @property
    def why_not_rewritten(self) -> str | None:
        """Why files can't be replaced by others here; None where they can."""
        if (self.snapshot.properties.get("delta.enableRowTracking") or "").strip().lower() == "true":
            return "rows that move to another file would lose their row ids"
        if _VARIANT.search(self.snapshot.metadata.schema_string):
            return "a column is a variant, whose encoding only Spark makes"
        return None

    def partitions(self, files: Iterable[FileFacts]) -> Iterable[Sequence[FileFacts]]:
        """Return the files by partition."""
        found: dict[tuple[tuple[str, str | None], ...], list[FileFacts]] = {}
        for file in files:
            found.setdefault(file.partition, []).append(file)
        return found.values()

    def bounds(self, column: str) -> ColumnBounds | None:
        """Return what the log knows of a column in each file; ``struct.field`` is a field of a struct."""
        return self.snapshot.bounds(self.column_path(column))

    def column_path(self, column: str) -> tuple[str, ...]:
        """Return the path of a column, whose own name may have dots."""
        return (column,) if column in self.snapshot.schema.names else tuple(column.split("."))


def _file(row: Mapping[str, Any], count: int | None) -> FileFacts:
    vector, tags = row["deletionVector"], row["tags"] or {}
    deleted = 0 if vector is None else vector["cardinality"]
    return FileFacts(
        path=row["path"],
        size_bytes=row["size"],
        modified_ms=row["modificationTime"],
        row_count=None if count is None else count - deleted,
        deleted_rows=deleted,
        has_vector=vector is not None,
        partition=tuple(sorted((row["partitionValues"] or {}).items())),
        layout=tags.get(_LAYOUT_TAG),
        arranged_in=tags.get(_REWRITE_TAG),
        unspent_bytes=_whole_number(tags.get(_UNSPENT_TAG)),
        is_clustered_elsewhere=row["clusteringProvider"] is not None,
    )


def _whole_number(text: str | None) -> int:
    return int(text) if text is not None and text.isdecimal() else 0


class MaintainedTable:
    """The table in a folder or a store. What was read of its log is not read again."""

    def __init__(self, path: str, *, manager: TransactionManager, rewriter: Rewriter) -> None:
        self.path = path
        self._rewriter = rewriter
        self.storage = table_storage(path)
        self._manager = manager
        self._known: dict[int, TableFacts] = {}

    def facts(self) -> TableFacts:
        """Return what the log says of the newest version. Raises TableNotFoundError, UnsupportedFeatureError."""
        transaction = self._manager.start_transaction(self.path)
        exists = transaction.read_version >= 0
        snapshot = transaction.snapshot if exists else Snapshot.load(self.path, storage=self.storage)
        return self._known.setdefault(snapshot.version, TableFacts(snapshot=snapshot, storage=self.storage))

    def facts_at(self, version: int) -> TableFacts:
        """Return what the log says of a version. Raises VersionNotFoundError."""
        if version not in self._known:
            snapshot = Snapshot.load(self.path, version, storage=self.storage)
            self._known[version] = TableFacts(snapshot=snapshot, storage=self.storage)
        return self._known[version]

    def commit(self, change: Callable[[Transaction], None]) -> int:
        """Make what ``change`` does to a transaction one version, and return it; on any exception, no version."""
        with self._manager.transaction(self.path) as transaction:
            change(transaction)
        assert transaction.version is not None  # noqa: S101 - the block has committed it
        return transaction.version

    def rewrite(self, rewrites: Sequence[Rewrite]) -> int:
        """Write files again in one version that changes no row, and return it. Raises RowsNotKeptError."""

        def change(transaction: Transaction) -> None:
            for done in self._rewriter.rewritten(transaction.snapshot, rewrites):
                transaction.take_rewrite(done.paths, done.files)

        return self.commit(change)

    def take_back(self, version: int, *, work: str) -> int:
        """Undo a version that only rewrote files, and note which work that was. Raises as ``Transaction.take_back``."""
        size_bytes = self.facts_at(version - 1).size_bytes

        def undo(transaction: Transaction) -> None:
            transaction.take_back(version)
            transaction.set_transaction(_UNDONE.format(work), size_bytes)

        return self.commit(undo)
