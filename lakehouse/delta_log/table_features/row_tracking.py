"""Row ids for new files (Delta PROTOCOL, "Row Tracking")."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import msgspec

from lakehouse.delta_log.actions import Action, AddFile, DomainMetadata, ProtocolChange
from lakehouse.delta_log.errors import MissingRowCountError
from lakehouse.delta_log.table_features.writer_features import features_of

__all__ = ["ROW_TRACKING_DOMAIN", "row_count", "with_row_ids"]

ROW_TRACKING_DOMAIN = "delta.rowTracking"
"""The metadata domain that holds the highest row id given so far."""


def with_row_ids(
    actions: Sequence[Action],
    *,
    version: int,
    protocol: ProtocolChange,
    domains: Mapping[str, DomainMetadata],
) -> list[Action]:
    """Return ``actions`` with a first row id and a version for each new file, above all that were given.

    Raises MissingRowCountError for a file whose statistics don't say how many rows it has.
    """
    if "rowTracking" not in features_of(protocol) or not any(isinstance(a, AddFile) for a in actions):
        return list(actions)
    before = _high_water_mark(domains)
    numbered = list(_numbered(actions, version=version, high_water_mark=before))
    after = max((_last_row_id(action) for action in numbered if isinstance(action, AddFile)), default=before)
    if after > before:
        configuration = msgspec.json.encode({"rowIdHighWaterMark": after}).decode()
        numbered.append(
            DomainMetadata(domain=ROW_TRACKING_DOMAIN, configuration=configuration, removed=False)
        )
    return numbered


def row_count(action: AddFile) -> int | None:
    """Return ``numRecords`` of a file's statistics."""
    if action.stats is None:
        return None
    try:
        return msgspec.json.decode(action.stats, type=_RowCount).numRecords
    except msgspec.DecodeError:
        return None


class _RowCount(msgspec.Struct):
    numRecords: int | None = None  # noqa: N815 - the log's name


def _numbered(actions: Sequence[Action], *, version: int, high_water_mark: int) -> Iterator[Action]:
    last = high_water_mark
    for action in actions:
        if isinstance(action, AddFile) and action.base_row_id is None:
            first, last = last + 1, last + _rows(action)
            yield msgspec.structs.replace(action, base_row_id=first, default_row_commit_version=version)
        else:
            yield action


def _rows(action: AddFile) -> int:
    rows = row_count(action)
    if rows is None:
        raise MissingRowCountError(path=action.path)
    return rows


def _last_row_id(action: AddFile) -> int:
    return (action.base_row_id or 0) + (row_count(action) or 0) - 1


def _high_water_mark(domains: Mapping[str, DomainMetadata]) -> int:
    domain = domains.get(ROW_TRACKING_DOMAIN)
    if domain is None:
        return -1
    return int(msgspec.json.decode(domain.configuration)["rowIdHighWaterMark"])
