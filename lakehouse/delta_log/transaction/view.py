"""A table as an operation sees it."""

from __future__ import annotations

from dataclasses import dataclass, replace

from lakehouse.delta_log.actions import Action, MetadataChange, ProtocolChange
from lakehouse.delta_log.data_files import TableLayout, layout_of
from lakehouse.delta_log.errors import NoTableYetError
from lakehouse.delta_log.snapshot import Snapshot
from lakehouse.delta_log.table_features import INITIAL_PROTOCOL
from lakehouse.delta_log.transaction.change import Change
from lakehouse.delta_log.transaction.live_files import LiveFiles
from lakehouse.delta_log.transaction.writer_state import WriterState
from lakehouse.storage import AbstractStorageService

__all__ = ["TableView", "first_view"]


@dataclass(frozen=True, slots=True, kw_only=True)
class TableView:
    """One version of a table, with the schema and protocol that a transaction gave it since."""

    storage: AbstractStorageService
    state: WriterState
    current_metadata: MetadataChange | None
    """None where there is no table, and none is created."""
    current_protocol: ProtocolChange | None
    live_files: LiveFiles
    """Of the version that the transaction reads: its own files aren't among them."""

    @property
    def table(self) -> str:
        """The table's URI."""
        return self.storage.uri()

    @property
    def version(self) -> int:
        """The version that is read; -1 where there is no table."""
        return self.state.version

    @property
    def exists(self) -> bool:
        """Whether there is a table, or the transaction creates it."""
        return self.current_metadata is not None

    @property
    def metadata(self) -> MetadataChange:
        """The table's metadata. Raises NoTableYetError."""
        return self.require_table("do this")

    def require_table(self, action: str) -> MetadataChange:
        """Return the table's metadata. Raises NoTableYetError, which says what can't be done without a table."""
        if self.current_metadata is None:
            raise NoTableYetError(table=self.table, action=action)
        return self.current_metadata

    @property
    def protocol(self) -> ProtocolChange:
        """The table's protocol; of a table that is not there yet, the one that it starts with."""
        return INITIAL_PROTOCOL if self.current_protocol is None else self.current_protocol

    @property
    def layout(self) -> TableLayout:
        """How rows become files. Raises NoTableYetError."""
        return layout_of(self.metadata, table=self.table)

    @property
    def snapshot(self) -> Snapshot:
        """The version that is read. Raises IncompleteStateError where there is no table."""
        return Snapshot(self.storage, self.state.table)

    def after(self, change: Change) -> TableView:
        """Return the view that the next operation of the same transaction has."""
        view = self
        for action in change.actions:
            view = view.after_action(action)
        return view

    def after_action(self, action: Action) -> TableView:
        """Return the view after one action; only metadata and protocol show in it."""
        match action:
            case MetadataChange():
                return replace(self, current_metadata=action)
            case ProtocolChange():
                return replace(self, current_protocol=action)
        return self


def first_view(state: WriterState, storage: AbstractStorageService) -> TableView:
    """Return the view of a transaction that changed nothing yet."""
    return TableView(
        storage=storage,
        state=state,
        current_metadata=state.metadata,
        current_protocol=state.protocol,
        live_files=LiveFiles(state.table.files, table=storage.uri(), version=state.version),
    )
