"""Undo a commit that only rewrote files, and no other."""

from __future__ import annotations

from collections.abc import Sequence

from lakehouse.delta_log.actions import (
    Action,
    AddFile,
    CommitInfo,
    DomainMetadata,
    RemoveFile,
    canonical_path,
)
from lakehouse.delta_log.errors import FileNotLiveError, RowsChangedError
from lakehouse.delta_log.snapshot import Snapshot
from lakehouse.delta_log.table_features import ROW_TRACKING_DOMAIN
from lakehouse.delta_log.transaction.change import Change, Operation
from lakehouse.delta_log.transaction.conflicts import ReadSet
from lakehouse.delta_log.transaction.operations.added_again import added_again
from lakehouse.delta_log.transaction.view import TableView

__all__ = ["take_back"]


def take_back(view: TableView, old: Snapshot, done: Sequence[Action], *, version: int) -> Change:
    """Return what undoes ``version``, whose commit is ``done``; ``old`` is the version before it.

    What others committed since then stays. No file is written, and no reader sees a change. Raises
    RowsChangedError where the commit did more than rewrite files, FileNotLiveError where one of its files is
    not in the table any more or has lost rows to a deletion vector, and DataFileError where one that it removed
    is not in storage any more.
    """
    if not all(_only_rewrites(action) for action in done):
        raise RowsChangedError(table=view.table, version=version)
    gone = {canonical_path(action.path) for action in done if isinstance(action, RemoveFile)}
    added = [action for action in done if isinstance(action, AddFile)]
    _check_are_as_added(view, added)
    came = [action.path for action in added]
    files = old.files()
    chosen = [canonical_path(path) in gone for path in files["path"].to_pylist()]
    removed = view.live_files.tombstones(came, data_change=False)
    back = added_again(view, files, chosen, version=old.version, data_change=False)
    return Change(
        actions=[*removed, *back],
        operation=Operation.of("RESTORE", version=old.version, timestamp=None),
        reads=ReadSet(files=frozenset(map(canonical_path, came))),
    )


def _check_are_as_added(view: TableView, files: Sequence[AddFile]) -> None:
    for file in files:
        vector = file.deletion_vector
        if not view.state.table.files.is_live(file.path, None if vector is None else vector.unique_id):
            raise FileNotLiveError(table=view.table, path=file.path, version=view.version)


def _only_rewrites(action: Action) -> bool:
    if isinstance(action, AddFile | RemoveFile):
        return not action.data_change
    if isinstance(action, DomainMetadata):
        return action.domain == ROW_TRACKING_DOMAIN  # the highest row id, which stays where it is
    return isinstance(action, CommitInfo)
