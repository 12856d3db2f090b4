"""What others in a table's warehouse still need of it, told from what they wrote down there.

Tables that read it go on from the version that they read last, in a run or as a stream, and finish a batch that was
decided and not published; shallow clones name its files as theirs.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import msgspec
import pyarrow.compute as pc

from lakehouse.delta_log import DeltaLogError, Snapshot, TableNotFoundError, VersionNotFoundError
from lakehouse.errors import StorageError
from lakehouse.storage import AbstractStorageReader, AbstractStorageService, NotFoundError, storage_for

__all__ = ["NO_NEEDS", "ReadersNeeds", "needs_of_readers"]

_SYSTEM = "system"
_BATCHES = f"{_SYSTEM}/batches/"
_WHOLE_PATH = "^(/|[A-Za-z][A-Za-z0-9+.-]*:)"
_AFTER_ALL = "\U0010ffff"
"""Sorts after every name."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadersNeeds:
    """What must stay of a table beside its newest version."""

    versions: Mapping[str, int]
    """By ``layer/name`` of a reader, the oldest version that it may read next."""
    clones: Sequence[Snapshot] = ()
    """Tables that name files by whole paths, which may be this one's."""

    @property
    def keep_from_version(self) -> int | None:
        """The oldest version that a reader needs; None where nobody needs an older one than the newest."""
        return min(self.versions.values(), default=None)

    @property
    def words(self) -> str:
        """A few words for a person; empty where nothing is needed."""
        first = self.keep_from_version
        readers = [name for name, version in self.versions.items() if version == first]
        kept = [f"all since version {first} stays for {', '.join(readers)}"] if readers else []
        cloned = [each.table.rstrip("/").rpartition("/")[2] for each in self.clones]
        return "; ".join([*kept, *([f"files that {', '.join(cloned)} names stay"] if cloned else [])])


NO_NEEDS = ReadersNeeds(versions={})


class _Batch(msgspec.Struct, frozen=True, kw_only=True):
    """Of what a pipeline writes down of a batch, what tells the versions that it reads."""

    number: int
    starts_over: bool = False
    follows: int | msgspec.UnsetType | None = msgspec.UNSET
    inputs: dict[str, Any] = {}
    pinned: dict[str, int] = {}

    @property
    def predecessor(self) -> int | None:
        """The batch that the table had taken last when this one was decided; None where there was none."""
        if self.follows is not msgspec.UNSET:
            return self.follows
        return None if self.starts_over or self.number == 0 else self.number - 1


def needs_of_readers(snapshot: Snapshot) -> ReadersNeeds:
    """Return what tables of the same warehouse need of this one.

    They are looked for in the warehouse that the table's folder is in, two folders up: a table elsewhere has none.
    """
    root, *place = snapshot.table.rstrip("/").rsplit("/", 2)
    if len(place) < 2 or not root:
        return NO_NEEDS
    try:
        warehouse = storage_for(root)
        if next(iter(warehouse.list(f"{_SYSTEM}/")), None) is None:
            return NO_NEEDS
        found = dict(_versions(warehouse, snapshot, place="/".join(place)))
        clones = tuple(_clones(warehouse, snapshot, place="/".join(place)))
    except NotFoundError:
        return NO_NEEDS
    return ReadersNeeds(versions=found, clones=clones)


def _versions(
    warehouse: AbstractStorageService, snapshot: Snapshot, *, place: str
) -> Iterator[tuple[str, int]]:
    path = snapshot.table.removeprefix("file://").removeprefix("file:").rstrip("/")
    names = (place.rpartition("/")[2], place.replace("/", "."), path, snapshot.table)
    for reader, newest_key in _newest_batches(warehouse):
        newest = _read(warehouse, newest_key)
        if newest is None:
            continue
        batches = [newest]
        before = newest.predecessor
        if before is not None:
            if next(iter(warehouse.list(f"{reader}/_delta_log/")), None) is None:
                continue  # its table is gone: it begins again with the newest version
            earlier = _read(warehouse, f"{newest_key.rpartition('/')[0]}/{before:020}.json")
            batches += [] if earlier is None else [earlier]
        wanted = [version for batch in batches for version in _read_of(batch.inputs, snapshot.metadata.id)]
        wanted += [version for name, version in newest.pinned.items() if name in names]
        wanted = [version for version in wanted if _is_there(snapshot, version)]
        if wanted and min(wanted) < snapshot.version:
            yield reader, min(wanted)


def _newest_batches(warehouse: AbstractStorageReader) -> Iterator[tuple[str, str]]:
    """Yield each table that has batches, as ``layer/name``, and the key of its newest one."""
    newest: dict[str, str] = {}
    for stat in warehouse.list(_BATCHES):  # by key, so that a table's last one counts
        reader, _, name = stat.key.removeprefix(_BATCHES).rpartition("/")
        if name.endswith(".json"):
            newest[reader] = stat.key
    yield from newest.items()


def _read(warehouse: AbstractStorageReader, key: str) -> _Batch | None:
    try:
        return msgspec.json.decode(warehouse.read(key), type=_Batch)
    except (NotFoundError, msgspec.DecodeError):
        return None


def _read_of(inputs: Any, table_id: str) -> Iterator[int]:
    """Yield the oldest versions of a table that inputs name, wherever they do."""
    if not isinstance(inputs, Mapping):
        return
    through, after = inputs.get("through"), inputs.get("after")
    if inputs.get("table_id") == table_id and isinstance(through, int):
        yield after if isinstance(after, int) and 0 <= after < through else through
    for part in inputs.values():
        yield from _read_of(part, table_id)


def _is_there(snapshot: Snapshot, version: int) -> bool:
    """Say whether a version can be read: what the log has lost already needs no file."""
    try:
        Snapshot.load(snapshot.table, version, storage=snapshot.storage)
    except (VersionNotFoundError, TableNotFoundError):
        return False
    return True


def _clones(warehouse: AbstractStorageService, snapshot: Snapshot, *, place: str) -> Iterator[Snapshot]:
    root = snapshot.table.rstrip("/").removesuffix(place)
    for other in _places(warehouse):
        if other == place or other.startswith(f"{_SYSTEM}/"):
            continue
        try:
            found = Snapshot.load(f"{root}{other}")
        except (DeltaLogError, StorageError):
            continue  # no table, or one that can't be read from here
        if pc.any(pc.match_substring_regex(found.files().column("path"), _WHOLE_PATH)).as_py():
            yield found


def _places(warehouse: AbstractStorageReader) -> Iterator[str]:
    """Yield the folders two levels down, each by one look into the listing."""
    after = ""
    while (stat := next(iter(warehouse.list("", start_after=after)), None)) is not None:
        layer, _, rest = stat.key.partition("/")
        name, slash, _ = rest.partition("/")
        if slash:
            yield f"{layer}/{name}"
        after = f"{layer}/{name}/{_AFTER_ALL}" if slash else stat.key
