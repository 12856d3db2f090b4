"""What the protocol requires of the actions of one commit, whatever others commit."""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable, Iterable, Sequence

from lakehouse.delta_log.actions import (
    Action,
    AddFile,
    DomainMetadata,
    MetadataChange,
    ProtocolChange,
    RemoveFile,
    SetTransaction,
)
from lakehouse.delta_log.errors import AppendOnlyTableError, DuplicateActionError, FileNotLiveError
from lakehouse.delta_log.replay import file_key
from lakehouse.delta_log.table_features import TableProperties
from lakehouse.delta_log.transaction.writer_state import WriterState

__all__ = ["check_actions"]


def check_actions(
    actions: Sequence[Action], *, state: WriterState, metadata: MetadataChange | None, table: str
) -> None:
    """Raise DuplicateActionError, AppendOnlyTableError or FileNotLiveError for actions that can't be."""
    repeated = [key for key, count in Counter(map(_key, actions)).items() if key is not None and count > 1]
    if repeated:
        raise DuplicateActionError(table=table, what=", ".join(map(str, repeated)))
    removes = [action for action in actions if isinstance(action, RemoveFile)]
    if metadata is not None and TableProperties(metadata.configuration).append_only:
        for remove in removes:
            if remove.data_change:
                raise AppendOnlyTableError(table=table, path=remove.path)
    _check_live(removes, state, table)


def _check_live(removes: Iterable[RemoveFile], state: WriterState, table: str) -> None:
    for remove in removes:
        vector = remove.deletion_vector
        if not state.table.files.is_live(remove.path, None if vector is None else vector.unique_id):
            raise FileNotLiveError(table=table, path=remove.path, version=state.version)


def _key(action: Action) -> Hashable:
    match action:
        case AddFile() | RemoveFile():
            vector = action.deletion_vector
            key = file_key(action.path, None if vector is None else vector.unique_id)
            return type(action).__name__, key
        case MetadataChange() | ProtocolChange():
            return type(action).__name__
        case SetTransaction():
            return "SetTransaction", action.application_id
        case DomainMetadata():
            return "DomainMetadata", action.domain
    return None
