"""Which files of the log make a version: a checkpoint, and the commits after it."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

from lakehouse.delta_log.errors import LogGapError, TableNotFoundError, VersionNotFoundError
from lakehouse.delta_log.log_segment.file_names import LogFile, LogFileKind
from lakehouse.delta_log.log_segment.last_checkpoint import read_last_checkpoint
from lakehouse.delta_log.log_segment.listing import VERSIONED_PREFIX, list_log
from lakehouse.storage import AbstractStorageReader, ObjectStat

__all__ = ["LogSegment", "choose_segment", "complete_checkpoints", "find_segment", "replayed_commits"]


@dataclass(frozen=True, slots=True, kw_only=True)
class LogSegment:
    """The files to read, and nothing that isn't needed."""

    version: int
    checkpoint: tuple[LogFile, ...]
    """The files of one checkpoint; empty where the log is read from version 0."""
    commits: tuple[LogFile, ...]
    """Commits and compacted logs after the checkpoint, in order, without a gap."""
    last_commit: LogFile | None
    """The commit that made ``version``; None where only its checkpoint is left."""
    checksum: LogFile | None

    @property
    def checkpoint_version(self) -> int | None:
        return self.checkpoint[0].version if self.checkpoint else None


def find_segment(
    storage: AbstractStorageReader,
    version: int | None = None,
    *,
    without: Collection[str] = (),
) -> LogSegment:
    """Return the segment of a version, the latest by default; ``without``: checkpoint files to leave alone.

    Raises TableNotFoundError, VersionNotFoundError, LogGapError.
    """
    hint = read_last_checkpoint(storage)
    if hint is not None and (version is None or hint.version <= version):
        recent = list_log(storage, from_version=hint.version)
        try:
            return choose_segment(recent, storage.uri(), version=version, without=without)
        except (TableNotFoundError, VersionNotFoundError, LogGapError):
            pass  # The hint was old or wrong: the whole log decides, and gives the better message.
    return choose_segment(list_log(storage), storage.uri(), version=version, without=without)


def replayed_commits(storage: AbstractStorageReader, version: int) -> Sequence[ObjectStat]:
    """Return what opening a version reads file by file: what follows its checkpoint. Raises as ``find_segment``."""
    keys = {file.key for file in find_segment(storage, version).commits}
    return [stat for stat in storage.list(VERSIONED_PREFIX) if stat.key in keys]


def choose_segment(
    files: Sequence[LogFile], table: str, *, version: int | None = None, without: Collection[str] = ()
) -> LogSegment:
    """Return the segment out of listed files. Raises as ``find_segment``."""
    commits = {file.version: file for file in files if file.kind is LogFileKind.COMMIT}
    checkpoints = [
        found for found in complete_checkpoints(files) if not any(file.key in without for file in found)
    ]
    versions = [*commits, *(found[0].version for found in checkpoints)]
    if not versions:
        raise TableNotFoundError(table=table)
    target = max(versions) if version is None else version
    usable = [found for found in checkpoints if found[0].version <= target]
    checkpoint = max(usable, key=_preference, default=())
    if not 0 <= target <= max(versions) or (not checkpoint and 0 not in commits):
        raise _unreachable(table, target, commits, [found[0].version for found in checkpoints])
    start = checkpoint[0].version if checkpoint else None
    compacted = [file for file in files if file.kind is LogFileKind.COMPACTED]
    chain = _chain(commits, compacted, after=-1 if start is None else start, to=target)
    if isinstance(chain, range):
        raise LogGapError(table=table, missing=chain, needed_for=target, start=start)
    return LogSegment(
        version=target,
        checkpoint=tuple(checkpoint),
        commits=tuple(chain),
        last_commit=commits.get(target),
        checksum=next((f for f in files if f.kind is LogFileKind.CHECKSUM and f.version == target), None),
    )


def _unreachable(
    table: str, target: int, commits: Collection[int], checkpoints: Collection[int]
) -> LogGapError | VersionNotFoundError:
    latest = max((*commits, *checkpoints))
    earliest = 0 if 0 in commits else min(checkpoints, default=None)
    if earliest is None:
        return LogGapError(table=table, missing=range(min(commits)), needed_for=target, start=None)
    return VersionNotFoundError(table=table, version=target, earliest=earliest, latest=latest)


def complete_checkpoints(files: Iterable[LogFile]) -> list[list[LogFile]]:
    """Return each checkpoint that has all of its parts (Delta PROTOCOL: "must ignore … missing parts")."""
    groups: dict[tuple[int, LogFileKind, int, str], list[LogFile]] = {}
    for file in files:
        if file.kind.is_checkpoint:
            own = file.key if file.kind is LogFileKind.V2_CHECKPOINT else ""
            groups.setdefault((file.version, file.kind, file.parts, own), []).append(file)
    return [
        sorted(group, key=lambda file: file.part)
        for group in groups.values()
        if {file.part for file in group} == set(range(1, group[0].parts + 1))
    ]


def _preference(checkpoint: Sequence[LogFile]) -> tuple[int, int, str]:
    # Of one version: V2 (its sidecars can be read apart), classic, multi-part.
    order = [LogFileKind.MULTI_PART_CHECKPOINT, LogFileKind.CLASSIC_CHECKPOINT, LogFileKind.V2_CHECKPOINT]
    return checkpoint[0].version, order.index(checkpoint[0].kind), checkpoint[0].key


def _chain(
    commits: Mapping[int, LogFile], compacted: Iterable[LogFile], *, after: int, to: int
) -> list[LogFile] | range:
    """Cover ``after + 1`` to ``to`` with commits and the longest compacted logs; or return the first hole."""
    longest: dict[int, LogFile] = {}
    for log in sorted(compacted, key=lambda log: log.end_version):
        if log.end_version <= to:
            longest[log.version] = log
    chain: list[LogFile] = []
    number = after + 1
    while number <= to:
        file: LogFile | None = longest.get(number) or commits.get(number)
        if file is None:
            return range(number, min((known for known in commits if known > number), default=to + 1))
        chain.append(file)
        number = file.end_version + 1
    return chain
