"""What one commit changes in the table's state: its lines, read as fast as Python can."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any, TypeAlias

import msgspec

from lakehouse.delta_log.actions import (
    Action,
    AddFile,
    CommitInfo,
    DomainMetadata,
    MetadataChange,
    ProtocolChange,
    RemoveFile,
    SetTransaction,
    canonical_path,
    first_bad_line,
)
from lakehouse.delta_log.errors import MalformedLogError
from lakehouse.delta_log.replay.file_table import AddLine, RemoveLine, add_line

__all__ = ["CommitContent", "FileKey", "commit_mark", "content_of_actions", "file_key", "read_content"]

FileKey: TypeAlias = str | tuple[str, str]
"""A logical file: its canonical path, with the id of its deletion vector where it has one."""


def file_key(path: str, deletion_vector_id: str | None) -> FileKey:
    """Return what identifies a logical file (Delta PROTOCOL, "Action Reconciliation")."""
    plain = canonical_path(path)
    return plain if deletion_vector_id is None else (plain, deletion_vector_id)


@dataclass(frozen=True, slots=True, kw_only=True)
class CommitContent:
    """The last word of a commit on each thing that it touches."""

    files: Mapping[FileKey, AddLine | RemoveLine]
    protocol: ProtocolChange | None = None
    metadata: MetadataChange | None = None
    transactions: Mapping[str, SetTransaction]
    domains: Mapping[str, DomainMetadata]
    commit_info: msgspec.Raw | None = None
    """JSON text; decoded for the one version whose provenance is asked for."""
    mark: bytes | None = None
    """Tells this commit from any other of the same version; None where it was not read from a file."""


class _Line(msgspec.Struct, gc=False):
    add: AddLine | None = None
    remove: RemoveLine | None = None
    metaData: MetadataChange | None = None  # noqa: N815 - the log's name
    protocol: ProtocolChange | None = None
    txn: SetTransaction | None = None
    domainMetadata: DomainMetadata | None = None  # noqa: N815 - the log's name
    commitInfo: msgspec.Raw = msgspec.Raw(b"null")  # noqa: N815 - the log's name


_decoder = msgspec.json.Decoder(_Line)


def read_content(body: bytes, *, source: str) -> CommitContent:
    """Read a commit or compacted log. Raises MalformedLogError, with the line."""
    try:
        lines = _decoder.decode_lines(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        line = first_bad_line(body, _decoder)
        raise MalformedLogError(source=source, line=line, reason=str(error)) from error
    content = _fold(lines)
    return replace(content, mark=_mark(content.commit_info, body))


def commit_mark(body: bytes, *, source: str) -> bytes | None:
    """Return the ``mark`` of a commit. Raises MalformedLogError."""
    return read_content(body, source=source).mark


def _mark(commit_info: msgspec.Raw | None, body: bytes) -> bytes:
    # A writer's own id and time are in commitInfo; who writes none is known by all that it wrote.
    return bytes(commit_info) if commit_info is not None else hashlib.blake2b(body, digest_size=16).digest()


def content_of_actions(actions: Iterable[Action]) -> CommitContent:
    """Return what reading a commit of these actions would give."""
    lines = []
    for action in actions:
        match action:
            case AddFile():
                lines.append(_Line(add=add_line(action)))  # type: ignore[arg-type]
            case RemoveFile():
                lines.append(_Line(remove=add_line(action)))  # type: ignore[arg-type]
            case MetadataChange():
                lines.append(_Line(metaData=action))
            case ProtocolChange():
                lines.append(_Line(protocol=action))
            case SetTransaction():
                lines.append(_Line(txn=action))
            case DomainMetadata():
                lines.append(_Line(domainMetadata=action))
            case CommitInfo():
                text = msgspec.Raw(msgspec.json.encode(action.to_json()))
                lines.append(_Line(commitInfo=text))
    return _fold(lines)


def _fold(lines: Iterable[_Line]) -> CommitContent:
    files: dict[FileKey, AddLine | RemoveLine] = {}
    latest: dict[str, Any] = {}
    transactions: dict[str, SetTransaction] = {}
    domains: dict[str, DomainMetadata] = {}
    for line in lines:
        file = line.add or line.remove
        if file is not None:
            vector = file.deletionVector
            files[file_key(file.path, None if vector is None else vector.unique_id)] = file
        elif line.commitInfo != _NULL:
            latest["commit_info"] = line.commitInfo
        elif line.txn is not None:
            transactions[line.txn.application_id] = line.txn
        elif line.metaData is not None:
            latest["metadata"] = line.metaData
        elif line.protocol is not None:
            latest["protocol"] = line.protocol
        elif line.domainMetadata is not None:
            domains[line.domainMetadata.domain] = line.domainMetadata
    return CommitContent(files=files, transactions=transactions, domains=domains, **latest)


_NULL = msgspec.Raw(b"null")
