"""Why a table can not take a batch."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from lakehouse.errors import DataError, DefinitionError, did_you_mean
from lakehouse.source_location import SourceLocation

__all__ = [
    "AmbiguousTableError",
    "ChangedFilesError",
    "ChangedPartitionsError",
    "ChangedRulesError",
    "ChangedSourceError",
    "ForeignTableError",
    "LostBatchError",
    "LostInputsError",
    "NewTableError",
    "NoPendingBatchError",
    "NotLandableError",
    "NotSetAsideError",
    "RepeatedKeysError",
    "ReplacedInputError",
    "UnknownTableError",
    "UnreadableTableError",
]


class ReplacedInputError(DataError):
    """A table that is read incrementally is no longer the table that was read before."""

    def __init__(self, *, table: str, source: str, path: str, reason: str = "") -> None:
        self.table = table
        self.source = source
        how = f": {reason}" if reason else ""
        super().__init__(
            f"{table!r} read rows of {source!r} before, and the table at {path!r} has been replaced since{how}.",
            fix=f"rebuild {table!r} from all rows, and what reads it: run with --full-refresh '{table}+'.",
        )


class UnreadableTableError(DataError):
    """A table of a catalog is not there, or the session can't read it."""

    def __init__(self, *, source: str, format: str, table: str, cause: str) -> None:  # noqa: A002
        self.source = source
        super().__init__(
            f"{table!r} reads the {format} table {source!r}, which can't be read: {cause}.",
            fix="check its name, and that the session has its catalog and the jars of its format (spark.conf).",
        )


class NewTableError(DataError):
    """A table is not there, and its contract makes no new one."""

    def __init__(self, *, table: str, path: str, location: SourceLocation) -> None:
        self.table = table
        super().__init__(
            f"{location}: {table!r} is not at {path!r}, and its contract freezes tables: it makes no new one.",
            fix="check the warehouse's path, or let the table be made once: contract={'tables': 'evolve'}.",
        )


class RepeatedKeysError(DataError):
    """A batch has rows of one key that differ, for a table that is merged, and nothing says which one counts."""

    def __init__(self, *, table: str, keys: Sequence[str], examples: Sequence[str]) -> None:
        self.table = table
        self.keys = tuple(keys)
        super().__init__(
            f"the batch for {table!r} has rows of the same {', '.join(keys)} that differ: {'; '.join(examples)}.",
            fix="say which row counts: .merge(keys, sequence_by='updated_at'), or .deduplicate(keys) before.",
        )


class ChangedFilesError(DataError):
    """A file changed between the look at it and the moment when its rows were to be written."""

    def __init__(self, *, table: str, path: str) -> None:
        self.table = table
        super().__init__(
            f"{path!r} changed before its rows were written to {table!r}.",
            fix="run again, when nobody writes it.",
        )


class ChangedPartitionsError(DefinitionError):
    """A table is to have other partitions than it has: Delta fixes them when the table is written whole."""

    def __init__(
        self, *, table: str, held: Sequence[str], declared: Sequence[str], location: SourceLocation
    ) -> None:
        self.table = table
        there = f"is partitioned by {', '.join(held)}" if held else "has no partitions"
        super().__init__(
            f"{location}: {table!r} {there}, and partition_by is {', '.join(declared)} now.",
            fix=f"rebuild it so: lakehouse run NAME --full-refresh {table}; or take the change back.",
        )


class ForeignTableError(DataError):
    """The table belongs to another pipeline of the same warehouse."""

    def __init__(self, *, table: str, owner: str, path: str) -> None:
        self.table = table
        self.owner = owner
        super().__init__(
            f"{table!r} at {path!r} is a table of another pipeline: its batches are those of {owner!r}.",
            fix="give the table another name, or the pipeline another warehouse.",
        )


class ChangedRulesError(DataError):
    """A table's changes were kept by rules that are declared otherwise now, and make another table of them."""

    def __init__(self, *, table: str, rule: str, before: str, now: str) -> None:
        self.table = table
        self.rule = rule
        super().__init__(
            f"the changes of {table!r} were applied with {rule}={before}, and now {rule}={now} is declared: what is "
            "kept of them doesn't tell what the table would be.",
            fix=f"put {rule} back, or delete the folder of {table!r} to rebuild it from all changes.",
        )


class ChangedSourceError(DefinitionError):
    """A table is to read from another kind of source than before: what it has taken can't be known."""

    def __init__(self, *, table: str, before: str, now: str, location: SourceLocation) -> None:
        self.table = table
        super().__init__(
            f"{location}: {table!r} was filled from a {before} and now reads from a {now}: "
            "rows could come twice or be left out.",
            fix=f"give the table a new name, or rebuild it from the new source: run with --full-refresh {table}.",
        )


class LostBatchError(DataError):
    """The table took a batch whose file is gone, so that nobody knows what it has read."""

    def __init__(self, *, table: str, number: int, key: str) -> None:
        self.table = table
        self.number = number
        super().__init__(
            f"{table!r} took batch {number}, and the file that says what was in it, {key!r}, is gone.",
            fix=f"put the batches' folder back from a backup, or rebuild the table: run with --full-refresh {table}.",
        )


class LostInputsError(DataError):
    """A table is to be rebuilt, and inputs that it took are gone: their rows would be lost."""

    def __init__(self, *, table: str, lost: Sequence[str]) -> None:
        self.table = table
        self.lost = tuple(lost)
        more = f" and {len(lost) - 1} more" if len(lost) > 1 else ""
        super().__init__(
            f"{table!r} can't be rebuilt with all its rows: {lost[0]!r}{more}, which it took, can't be read again.",
            fix="put them back, or let their rows go: --full-refresh … --accept-loss.",
        )


class NotSetAsideError(DefinitionError):
    """A file is to be released, and the table has not set it aside."""

    def __init__(self, *, table: str, file: str, fix: str) -> None:
        self.table = table
        self.file = file
        what = f"the file {file!r}" if file else "any file"
        super().__init__(f"{table!r} has not set {what} aside.", fix=fix)


class AmbiguousTableError(DefinitionError):
    """Several layers of a warehouse have a table of this name."""

    def __init__(self, *, table: str, layers: Sequence[str]) -> None:
        self.table = table
        self.layers = tuple(layers)
        super().__init__(
            f"the layers {' and '.join(layers)} both have a table {table!r}.",
            fix=f"say which: {' or '.join(f'{layer}.{table}' for layer in layers)}.",
        )


class UnknownTableError(DefinitionError):
    """A warehouse has no batches of a table of this name."""

    def __init__(self, *, table: str, known: Collection[str], warehouse: str) -> None:
        self.table = table
        super().__init__(
            f"the warehouse {warehouse!r} has no batches of a table {table!r}.",
            fix=did_you_mean(table, known)
            if known
            else "run its pipeline, or say which --warehouse it is in.",
        )


class NoPendingBatchError(DefinitionError):
    """A batch is to be dropped, and no batch waits to be finished."""

    def __init__(self, *, table: str) -> None:
        self.table = table
        super().__init__(
            f"no batch of {table!r} waits to be finished, so that there is nothing to drop.",
            fix=f"look at its batches: lakehouse batches show {table}.",
        )


class NotLandableError(DefinitionError):
    """A table is to be landed that only Spark can refresh."""

    def __init__(self, *, table: str, problem: str, location: SourceLocation) -> None:
        self.table = table
        super().__init__(
            f"{location}: {table!r} can't be landed without Spark: {problem}.",
            fix="refresh it by a run; or land the files as they are, and do the rest in a Silver table.",
        )
