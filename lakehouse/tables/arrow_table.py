"""The engine that needs none of Delta's jars: Spark's Python workers write Arrow, and ``delta_log`` commits."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

from pyspark.sql import DataFrame
from pyspark.sql import functions as F
from pyspark.sql.types import StructType

from lakehouse.delta_log import (
    DefinitionChangedError,
    DeltaConcurrentModificationException,
    DeltaLogError,
    SharedWrite,
    Snapshot,
    TableProperties,
    Transaction,
    TransactionManager,
    WriteKind,
    WrittenFile,
    WrittenVector,
    schema_from_json,
)
from lakehouse.errors import StorageError
from lakehouse.tables.adopting import committed_once
from lakehouse.tables.clustering import CLUSTERING_FEATURES, clustering
from lakehouse.tables.errors import SPARK_ERRORS, TableWriteError, root_cause
from lakehouse.tables.identifiers import quoted
from lakehouse.tables.in_session import TableInSession
from lakehouse.tables.interface import (
    AlreadyPublished,
    MergePlan,
    Published,
    progress_in,
)
from lakehouse.tables.open_transaction import open_transaction
from lakehouse.tables.plain_schema import json_of_nullable
from lakehouse.tables.python_files import write_files, write_parts_again
from lakehouse.tables.rewritten_rows import (
    arriving,
    as_changes,
    meets,
    merge_changes,
    unmatched,
    without,
)
from lakehouse.tables.small_files import small_files_together
from lakehouse.tables.touched_files import MetRows, met_by_condition, met_by_keys
from lakehouse.tables.transaction_id import TransactionId

__all__ = ["ArrowTable"]

_MANAGER = TransactionManager(durable=True)
_ATTEMPTS = 5
"""How often work is done again that another writer's commit made worthless."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Made:
    """Rows to write, made of the table as it is at a version."""

    rows: DataFrame | None
    """None where there are none to write."""
    schema: StructType
    version: int | None = None
    """None where they are not made of the table's own rows."""
    removed: tuple[str, ...] = ()
    """Files whose place they take, as the log names them."""
    vectors: tuple[WrittenVector, ...] = ()
    """Of files that stay, without the rows whose place they take."""
    changes: DataFrame | None = None
    """What becomes of rows, where readers of changes would not see that by the files."""


def _made(rows: DataFrame) -> _Made:
    return _Made(rows=rows, schema=rows.schema)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Rows:
    """What becomes of the rows of touched files."""

    stay: Callable[[DataFrame], DataFrame]
    """Those that are not changed."""
    come: Callable[[DataFrame], DataFrame] | None = None
    """Those that take the place of the others, in any order of columns; None where they are only removed."""

    def coming(self, held: DataFrame) -> DataFrame | None:
        return None if self.come is None else self.come(held)

    def all(self, held: DataFrame) -> DataFrame:
        stay, come = self.stay(held), self.coming(held)
        return stay if come is None else stay.unionByName(come)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Work:
    """What is done to the table."""

    action: str
    make: Callable[[], _Made]
    """Asked again where the table has changed meanwhile."""
    kind: WriteKind = WriteKind.APPEND
    new_schema: bool = False
    reads_table: bool = False
    operation: str | None = None
    may_be_nothing: bool = False
    """Whether there is nothing to commit where no file is touched."""


class ArrowTable(TableInSession):
    """Takes every table that ``delta_log`` takes: partitions, properties, column mapping, any store.

    A merge, a deletion and a replacement of some rows write those files again that hold a row which they change; with
    ``delta.enableDeletionVectors`` the files stay, and vectors take the rows out.
    """

    uses_delta = False

    def append(
        self, frame: DataFrame, *, transaction: TransactionId, evolve_schema: bool = False
    ) -> Published | AlreadyPublished:
        work = _Work(action="append to", make=lambda: _made(frame), new_schema=evolve_schema)
        return self._published(work, transaction)

    def replace(self, frame: DataFrame, *, transaction: TransactionId) -> Published | AlreadyPublished:
        work = _Work(action="replace", make=lambda: _made(frame), kind=WriteKind.OVERWRITE, new_schema=True)
        return self._published(work, transaction)

    def replace_where(
        self, frame: DataFrame, condition: str, *, transaction: TransactionId
    ) -> Published | AlreadyPublished:
        if self._is_new(transaction):
            self._check_all_meet(frame, condition)
        work = self._rewriting(
            "replace rows of",
            "WRITE",
            lambda snapshot: met_by_condition(self._spark, snapshot, condition),
            _Rows(stay=lambda held: without(held, condition), come=lambda held: frame),
            lambda held: as_changes(held.where(meets(condition)), "delete").unionByName(
                as_changes(frame, "insert"), allowMissingColumns=True
            ),
        )
        return self._published(work, transaction)

    def merge(
        self, frame: DataFrame, plan: MergePlan, *, transaction: TransactionId
    ) -> Published | AlreadyPublished:
        if self.state() is None:
            new = frame if plan.removed is None else without(frame, quoted(plan.removed)).drop(plan.removed)
            return self.append(new, transaction=transaction)
        if plan.removed is not None and self._is_new(transaction):
            shown = StructType([field for field in frame.schema if field.name != plan.removed])
            self.take_schema(shown, add_columns=True)
        work = self._rewriting(
            "merge into",
            "MERGE",
            lambda snapshot: met_by_keys(self._spark, snapshot, frame, plan.keys),
            _Rows(
                stay=lambda held: unmatched(held, frame, plan), come=lambda held: arriving(held, frame, plan)
            ),
            lambda held: merge_changes(held, frame, plan),
        )
        return self._published(work, transaction)

    def delete(self, condition: str) -> None:
        if self.state() is None:
            cause = "there is no table"
            raise TableWriteError(path=self._path, action="delete from", cause=cause)
        work = self._rewriting(
            "delete from",
            "DELETE",
            lambda snapshot: met_by_condition(self._spark, snapshot, condition),
            _Rows(stay=lambda held: without(held, condition)),
            lambda held: as_changes(held.where(meets(condition)), "delete"),
        )
        self._done(replace(work, may_be_nothing=True), self._committed)

    def compact(self) -> None:
        snapshot = self._log.snapshot()
        parts = [] if snapshot is None else list(small_files_together(snapshot))
        if snapshot is None or not parts:
            return
        try:
            written = write_parts_again(self._spark, parts, SharedWrite.of_same_rows(snapshot))
        except SPARK_ERRORS as error:
            raise TableWriteError(path=self._path, action="compact", cause=root_cause(error)) from error

        def take(transaction: Transaction) -> None:
            for part, files in zip(parts, written, strict=True):
                transaction.take_rewrite(part.files.column("path").to_pylist(), files)

        self._alter("compact", take)

    def take_schema(self, schema: StructType, *, add_columns: bool) -> None:
        state = self.state()
        if state is None:
            return
        held = {name.lower() for name in state.schema.names}
        wanted = StructType([each for each in schema if add_columns or each.name.lower() in held])
        struct = schema_from_json(json_of_nullable(wanted), table=self._path)
        self._alter("change the schema of", lambda transaction: transaction.add_columns(struct, widen=True))

    def rename_columns(self, names: Mapping[str, str]) -> None:
        state = self.state()
        held = () if state is None else state.schema.names
        if any(old in held and new not in held for old, new in names.items()):
            cause = "only Delta renames columns: it needs a session with Delta's jars (spark: {delta: true})"
            raise TableWriteError(path=self._path, action="rename columns of", cause=cause)

    # ---- work and its commit ----

    def _rewriting(
        self,
        action: str,
        operation: str,
        met_in: Callable[[Snapshot], MetRows],
        rows: _Rows,
        changes_of: Callable[[DataFrame], DataFrame],
    ) -> _Work:
        """Return work that puts other rows in the place of those that are met.

        Files that hold one are written again, or stay without it where the table allows deletion vectors.
        ``changes_of`` says what that changes, for a table that writes down its changes.
        """

        def make() -> _Made:
            snapshot = self._log.snapshot()
            assert snapshot is not None  # noqa: S101 - asked for tables that are there
            met = met_in(snapshot)
            has_feed = self._log.has_change_feed(version=snapshot.version)
            by_vectors = TableProperties(snapshot.properties).is_on("delta.enableDeletionVectors")
            touched = met.deleted() if by_vectors else met.files()
            return _Made(
                rows=rows.coming(touched.rows) if by_vectors else rows.all(touched.rows),
                schema=touched.rows.schema,
                version=snapshot.version,
                removed=touched.removed,
                vectors=touched.vectors,
                changes=changes_of(touched.rows) if has_feed else None,
            )

        return _Work(action=action, make=make, reads_table=True, operation=operation)

    def _published(self, work: _Work, taken: TransactionId) -> Published | AlreadyPublished:
        before = self.state()
        if before is not None and before.has_taken(taken):
            return AlreadyPublished(version=before.version)
        if before is None and work.reads_table:
            raise TableWriteError(path=self._path, action=work.action, cause="there is no table")
        progress_in(before, taken.application).check_order(taken, path=self._path)
        published = self._done(work, lambda fill: committed_once(self._log, taken, work.action, fill))
        assert published is not None  # noqa: S101 - it is not declared to be nothing
        return published

    def _done(
        self,
        work: _Work,
        commit: Callable[[Callable[[Transaction], bool]], Published | AlreadyPublished | None],
    ) -> Published | AlreadyPublished | None:
        """Write files and commit them; again, where the table has become another meanwhile. None for no work."""
        for _ in range(_ATTEMPTS):
            files: Sequence[WrittenFile] = ()
            changes: Sequence[WrittenFile] = ()
            vectors: Sequence[WrittenVector] = ()
            plan: SharedWrite | None = None
            takers: list[Transaction] = []
            try:
                made = work.make()
                vectors = made.vectors
                if work.may_be_nothing and not (made.removed or vectors):
                    return None
                plan = self._planned(work, made)
                if made.rows is not None:
                    files = write_files(self._spread(made.rows), plan)
                if made.changes is not None:
                    changes = write_files(made.changes, plan, as_changes=True)
                published = commit(self._taking(work, made, plan, files, changes, takers))
            except (DefinitionChangedError, DeltaConcurrentModificationException):
                continue
            except SPARK_ERRORS as error:
                raise TableWriteError(path=self._path, action=work.action, cause=root_cause(error)) from error
            except (DeltaLogError, StorageError, OSError) as error:
                raise TableWriteError(path=self._path, action=work.action, cause=str(error)) from error
            finally:
                # Files that a transaction took are its own: it keeps them where its commit may be in the log.
                if plan is not None and not takers:
                    plan.discard([*files, *changes, *vectors])
            if published is not None:
                return published
        cause = f"other writers changed it {_ATTEMPTS} times meanwhile"
        raise TableWriteError(path=self._path, action=work.action, cause=cause)

    def _planned(self, work: _Work, made: _Made) -> SharedWrite:
        with open_transaction(_MANAGER, self._path) as transaction:
            return transaction.plan_shared_write(
                schema_from_json(json_of_nullable(made.schema), table=self._path),
                kind=work.kind,
                new_schema=work.new_schema,
                partition_by=self._layout.partition_by,
                properties=self._layout.properties,
            )

    def _taking(
        self,
        work: _Work,
        made: _Made,
        plan: SharedWrite,
        files: Sequence[WrittenFile],
        changes: Sequence[WrittenFile],
        takers: list[Transaction],
    ) -> Callable[[Transaction], bool]:
        """Return what puts the files into a transaction, which ``takers`` has from then on."""

        def fill(transaction: Transaction) -> bool:
            if made.version not in (None, transaction.read_version):
                return False
            is_new = not transaction.exists
            transaction.take_shared_write(plan, files)
            transaction.take_changes(changes)
            takers.append(transaction)
            if made.version is not None:
                transaction.read_whole_table()
            for path in made.removed:
                transaction.remove(path)
            transaction.take_vectors(made.vectors)
            if is_new and self._layout.cluster_by:
                transaction.enable_features(*CLUSTERING_FEATURES)
                transaction.append_action(clustering(plan.after, self._layout.cluster_by))
            if work.operation is not None:
                transaction.operation = work.operation
            return True

        return fill

    def _committed(self, fill: Callable[[Transaction], bool]) -> Published | None:
        with open_transaction(_MANAGER, self._path) as transaction:
            if not fill(transaction):
                return None
            return Published(version=_MANAGER.commit_transaction(transaction))

    def _alter(self, action: str, change: Callable[[Transaction], None]) -> None:
        try:
            with _MANAGER.transaction(self._path) as transaction:
                change(transaction)
        except (DeltaLogError, StorageError, OSError) as error:
            raise TableWriteError(path=self._path, action=action, cause=str(error)) from error

    def _is_new(self, transaction: TransactionId) -> bool:
        state = self.state()
        return state is None or not state.has_taken(transaction)

    def _check_all_meet(self, frame: DataFrame, condition: str) -> None:
        try:
            outside = frame.where(~meets(condition)).limit(1).count()
        except SPARK_ERRORS as error:
            raise TableWriteError(
                path=self._path, action="replace rows of", cause=root_cause(error)
            ) from error
        if outside:
            cause = f"a new row does not meet {condition}"
            raise TableWriteError(path=self._path, action="replace rows of", cause=cause)

    def _spread(self, rows: DataFrame) -> DataFrame:
        """Return the rows by partition, else each task would write a file into each."""
        snapshot = self._log.snapshot()
        columns = self._layout.partition_by if snapshot is None else snapshot.partition_columns
        return rows.hint("rebalance", *(F.col(quoted(name)) for name in columns)) if columns else rows
