"""What a table says of itself beside its rows: comments, properties and clustering, kept as they are declared."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

from lakehouse.delta_log import (
    DeltaLogError,
    Snapshot,
    TransactionManager,
    TransactionStatus,
    schema_from_json,
)
from lakehouse.errors import StorageError
from lakehouse.tables.clustering import CLUSTERING_FEATURES, can_be_clustered, clustered_by, clustering
from lakehouse.tables.errors import TableWriteError
from lakehouse.tables.log import TableLog

__all__ = ["TableDescription", "comments_of", "describe"]

_MANAGER = TransactionManager(durable=True)
_COMMENT = "comment"


class _Column(Protocol):
    """A column of Spark's schema, or of the log's."""

    @property
    def name(self) -> str: ...

    @property
    def metadata(self) -> Mapping[str, Any]: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class TableDescription:
    """What is declared; whatever is not stays as the table has it."""

    comment: str | None = None
    columns: Mapping[str, str] = field(default_factory=dict)
    """Comments by column."""
    properties: Mapping[str, str] = field(default_factory=dict)
    cluster_by: tuple[str, ...] = ()
    """The columns by which files are clustered from the next OPTIMIZE on; taken where the table can have them."""

    def is_met_by(self, snapshot: Snapshot) -> bool:
        """Say whether the table has all of it."""
        comments = comments_of(schema_from_json(snapshot.metadata.schema_string, table=snapshot.table))
        return (
            self.comment in (None, snapshot.metadata.description)
            and all(comments.get(name) == text for name, text in self.columns.items())
            and all(snapshot.properties.get(name) == text for name, text in self.properties.items())
            and not self.clusters_otherwise(snapshot)
        )

    def clusters_otherwise(self, snapshot: Snapshot) -> bool:
        """Say whether the table is to be clustered, can be, and is not as it is declared."""
        return (
            bool(self.cluster_by)
            and can_be_clustered(snapshot, self.cluster_by)
            and clustered_by(snapshot) != self.cluster_by
        )


_NOTHING = TableDescription()


def comments_of(schema: Iterable[_Column]) -> dict[str, str]:
    """Return the comments of the columns that have one."""
    return {each.name: each.metadata[_COMMENT] for each in schema if _COMMENT in (each.metadata or {})}


def describe(log: TableLog, description: TableDescription) -> int | None:
    """Give a table what is declared, in one commit without Spark, and return its version.

    None where the table has all of it, or is not there. Raises TableWriteError.
    """
    if description == _NOTHING:
        return None
    snapshot = log.snapshot()
    if snapshot is None or description.is_met_by(snapshot):
        return None
    transaction = _MANAGER.start_transaction(log.path)
    try:
        transaction.describe(comment=description.comment, columns=description.columns)
        missing = {
            name: text
            for name, text in description.properties.items()
            if snapshot.properties.get(name) != text
        }
        if missing:
            transaction.set_properties(missing)
        if description.clusters_otherwise(snapshot):
            transaction.enable_features(*CLUSTERING_FEATURES)
            transaction.append_action(clustering(snapshot.metadata, description.cluster_by))
        return _MANAGER.commit_transaction(transaction)
    except (DeltaLogError, StorageError, OSError) as error:
        raise TableWriteError(path=log.path, action="describe", cause=str(error)) from error
    finally:
        if transaction.status is TransactionStatus.OPEN:
            _MANAGER.rollback_transaction(transaction)
