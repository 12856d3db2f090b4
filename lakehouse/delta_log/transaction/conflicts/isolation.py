"""Which commits of others a transaction may ignore."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from enum import Enum

from lakehouse.delta_log.actions import Action, AddCDCFile, AddFile, CommitInfo, DomainMetadata, RemoveFile
from lakehouse.delta_log.table_features import ROW_TRACKING_DOMAIN
from lakehouse.errors import ConfigurationError

__all__ = ["ISOLATION_PROPERTY", "IsolationLevel", "effective_level", "table_level"]

ISOLATION_PROPERTY = "delta.isolationLevel"


class IsolationLevel(Enum):
    """Delta's levels, by the names that ``commitInfo.isolationLevel`` uses."""

    SERIALIZABLE = "Serializable"
    """As if transactions had run one after the other, in the order of the versions."""
    WRITE_SERIALIZABLE = "WriteSerializable"
    """As if writes had run one after the other in some order: a blind append may count as later."""
    SNAPSHOT_ISOLATION = "SnapshotIsolation"
    """For commits that change no row: only the files that both touch matter."""


def table_level(properties: Mapping[str, str | None]) -> IsolationLevel:
    """Return the level a table asks for; WriteSerializable if it says nothing."""
    value = properties.get(ISOLATION_PROPERTY)
    if value is None:
        return IsolationLevel.WRITE_SERIALIZABLE
    for level in (IsolationLevel.SERIALIZABLE, IsolationLevel.WRITE_SERIALIZABLE):
        if value.lower() == level.value.lower():
            return level
    raise ConfigurationError(
        f"The table property {ISOLATION_PROPERTY!r} is {value!r}; "
        "expected 'Serializable' or 'WriteSerializable'.",
        fix=f"set {ISOLATION_PROPERTY!r} to one of them.",
    )


def effective_level(asked: IsolationLevel, actions: Iterable[Action]) -> IsolationLevel:
    """Return ``asked``, or SnapshotIsolation for a commit that only rewrites files."""
    only_arranges = all(_only_arranges(action) for action in actions)
    return IsolationLevel.SNAPSHOT_ISOLATION if only_arranges else asked


def _only_arranges(action: Action) -> bool:
    if isinstance(action, AddFile | RemoveFile | AddCDCFile):
        return not action.data_change
    if isinstance(action, DomainMetadata):
        return action.domain == ROW_TRACKING_DOMAIN
    return isinstance(action, CommitInfo)
