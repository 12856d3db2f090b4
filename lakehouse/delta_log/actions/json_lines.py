"""Commit files as bytes: one JSON object a line, each with one action under the action's name."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, TypeAlias

import msgspec

from lakehouse.delta_log.actions.checkpoint import CheckpointMetadata, Sidecar
from lakehouse.delta_log.actions.commit_info import CommitInfo
from lakehouse.delta_log.actions.domain import DomainMetadata
from lakehouse.delta_log.actions.files import AddCDCFile, AddFile, RemoveFile
from lakehouse.delta_log.actions.metadata import MetadataChange
from lakehouse.delta_log.actions.protocol import ProtocolChange
from lakehouse.delta_log.actions.transaction_identifier import SetTransaction
from lakehouse.delta_log.errors import MalformedLogError

__all__ = ["Action", "decode_actions", "encode_actions", "first_bad_line"]

Action: TypeAlias = (
    AddFile
    | RemoveFile
    | MetadataChange
    | ProtocolChange
    | SetTransaction
    | CommitInfo
    | AddCDCFile
    | DomainMetadata
    | Sidecar
    | CheckpointMetadata
)

_NAMES: dict[type, str] = {
    AddFile: "add",
    RemoveFile: "remove",
    MetadataChange: "metaData",
    ProtocolChange: "protocol",
    SetTransaction: "txn",
    CommitInfo: "commitInfo",
    AddCDCFile: "cdc",
    DomainMetadata: "domainMetadata",
    Sidecar: "sidecar",
    CheckpointMetadata: "checkpointMetadata",
}


class _Line(msgspec.Struct, gc=False):
    # Unknown actions and unknown fields are skipped: "readers must ignore" (Delta PROTOCOL, "Actions").
    add: AddFile | None = None
    remove: RemoveFile | None = None
    metaData: MetadataChange | None = None  # noqa: N815 - the log's name
    protocol: ProtocolChange | None = None
    txn: SetTransaction | None = None
    commitInfo: dict[str, Any] | None = None  # noqa: N815 - the log's name
    cdc: AddCDCFile | None = None
    domainMetadata: DomainMetadata | None = None  # noqa: N815 - the log's name
    sidecar: Sidecar | None = None
    checkpointMetadata: CheckpointMetadata | None = None  # noqa: N815 - the log's name


_decoder = msgspec.json.Decoder(_Line)
_encoder = msgspec.json.Encoder()


def decode_actions(body: bytes, *, source: str) -> list[Action]:
    """Return the actions of a commit, compacted log or JSON checkpoint in their order.

    ``source`` names the file in errors. Raises MalformedLogError, with the line.
    """
    try:
        lines = _decoder.decode_lines(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        line_number = first_bad_line(body, _decoder)
        raise MalformedLogError(source=source, line=line_number, reason=str(error)) from error
    return [action for line in lines for action in _actions_of(line)]


def encode_actions(actions: Iterable[Action]) -> bytes:
    """Return the lines of a commit, each ended by a newline."""
    return _encoder.encode_lines([{_NAMES[type(action)]: _encodable(action)} for action in actions])


def _encodable(action: Action) -> Any:
    return action.to_json() if isinstance(action, CommitInfo) else action


def _actions_of(line: _Line) -> list[Action]:
    values = ((name, getattr(line, name)) for name in _NAMES.values())
    return [
        CommitInfo.from_json(value) if name == "commitInfo" else value
        for name, value in values
        if value is not None
    ]


def first_bad_line(body: bytes, decoder: msgspec.json.Decoder[Any]) -> int | None:
    """Return the number of the first line, from 1, that the decoder refuses."""
    for number, line in enumerate(body.split(b"\n"), start=1):
        try:
            decoder.decode_lines(line)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            return number
    return None
