"""Rows that several processes write into files of a table, and that one commit takes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pyarrow as pa

from lakehouse.delta_log.actions import Action, MetadataChange
from lakehouse.delta_log.data_files import (
    ROW_GROUP_ROWS,
    TableLayout,
    WrittenFile,
    conformed,
    layout_of,
    write_data_files,
)
from lakehouse.delta_log.deletion_vectors import WrittenVector
from lakehouse.delta_log.errors import DefinitionChangedError
from lakehouse.delta_log.schema import StructType
from lakehouse.delta_log.snapshot import Snapshot
from lakehouse.delta_log.stored_objects import table_storage
from lakehouse.delta_log.transaction.change import Change
from lakehouse.delta_log.transaction.operations.adopt import WriteKind
from lakehouse.delta_log.transaction.operations.alter_table import add_columns, replace_schema
from lakehouse.delta_log.transaction.operations.change_files import CHANGES_FOLDER, with_change_type
from lakehouse.delta_log.transaction.operations.create_table import create_table
from lakehouse.delta_log.transaction.operations.data_writing import deleted_on_failure, write_operation
from lakehouse.delta_log.transaction.operations.overwrite import remove_all_files
from lakehouse.delta_log.transaction.operations.row_rules import check_rows_can_be_written
from lakehouse.delta_log.transaction.view import TableView

__all__ = ["SharedWrite", "plan_shared_write", "take_shared_write"]


@dataclass(frozen=True, slots=True, kw_only=True)
class SharedWrite:
    """How each process writes its rows. It can be pickled."""

    table: str
    """Its URI."""
    kind: WriteKind
    before: MetadataChange | None
    """What the table had when this was planned; None where it did not exist."""
    after: MetadataChange
    definition: Sequence[Action]
    """What makes ``after`` of ``before``."""
    data_change: bool = True
    """Whether the rows are new, and not those of files whose place the new ones take."""
    row_group_rows: int = ROW_GROUP_ROWS

    @classmethod
    def of_same_rows(cls, snapshot: Snapshot, *, row_group_rows: int = ROW_GROUP_ROWS) -> SharedWrite:
        """Return how rows of a version are written again, for ``Transaction.take_rewrite``."""
        return cls(
            table=snapshot.table,
            kind=WriteKind.APPEND,
            before=snapshot.metadata,
            after=snapshot.metadata,
            definition=(),
            data_change=False,
            row_group_rows=row_group_rows,
        )

    def write(self, rows: pa.Table) -> Sequence[WrittenFile]:
        """Write rows into new files; where that fails, no file stays. Raises IncompatibleRowsError and others."""
        storage = table_storage(self.table)
        layout = layout_of(self.after, table=storage.uri())
        if self.data_change:
            check_rows_can_be_written(
                self.after, layout.schema, given_columns=rows.column_names, table=storage.uri()
            )
        return self._written(rows, layout)

    def write_changes(self, rows: pa.Table) -> Sequence[WrittenFile]:
        """Write rows with ``_change_type`` for ``Transaction.take_changes``; where that fails, no file stays."""
        layout = layout_of(with_change_type(self.after), table=table_storage(self.table).uri())
        return self._written(rows, layout, folder=CHANGES_FOLDER)

    def _written(self, rows: pa.Table, layout: TableLayout, *, folder: str = "") -> Sequence[WrittenFile]:
        storage = table_storage(self.table)
        content = conformed(rows, layout, table=storage.uri())
        written: list[WrittenFile] = []
        if content.num_rows:
            with deleted_on_failure(storage) as keys:
                for file in write_data_files(
                    content,
                    layout,
                    storage=storage,
                    table=storage.uri(),
                    data_change=self.data_change,
                    folder=folder,
                    row_group_rows=self.row_group_rows,
                ):
                    keys.append(file.key)
                    written.append(file)
        return written

    def discard(self, files: Sequence[WrittenFile | WrittenVector]) -> None:
        """Delete files that no commit took."""
        storage = table_storage(self.table)
        for file in files:
            storage.delete(file.key)


def plan_shared_write(
    view: TableView,
    schema: StructType,
    *,
    kind: WriteKind = WriteKind.APPEND,
    new_schema: bool = False,
    partition_by: Sequence[str] = (),
    properties: Mapping[str, str] | None = None,
) -> SharedWrite:
    """Return how rows of this schema are written into the table, which need not exist yet.

    ``new_schema`` lets an append add columns, and an overwrite replace the schema. ``partition_by`` is for
    a table whose schema is new, ``properties`` for one that is created.
    Raises InvalidPropertyError, IncompatibleRowsError.
    """
    before = view.current_metadata
    if before is None:
        change = create_table(view, schema, partition_by=partition_by, properties=properties)
    elif not new_schema:
        change = Change()
    elif kind is WriteKind.OVERWRITE:
        change = replace_schema(view, schema, partition_by=partition_by)
    else:
        change = add_columns(view, schema, widen=True)
    return SharedWrite(
        table=view.table,
        kind=kind,
        before=before,
        after=view.after(change).metadata,
        definition=tuple(change.actions),
    )


def take_shared_write(view: TableView, write: SharedWrite, files: Sequence[WrittenFile]) -> Change:
    """Take the files into the table. Raises DefinitionChangedError where it is defined otherwise by now."""
    if view.current_metadata != write.before:
        raise DefinitionChangedError(table=view.table, version=view.version)
    change = Change(actions=write.definition)
    if write.kind is WriteKind.OVERWRITE and view.version >= 0:
        change = change.then(remove_all_files(view))
    added = Change(actions=[file.add for file in files], written=files)
    operation = write_operation(view.after(change), write.kind.value)
    return change.then(added).called(operation)
