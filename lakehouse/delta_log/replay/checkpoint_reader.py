"""Read a checkpoint of any kind: classic, multi-part, V2 in Parquet or JSON, with or without sidecars."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import msgspec

from lakehouse.delta_log.actions import (
    Action,
    CheckpointMetadata,
    DomainMetadata,
    MetadataChange,
    ProtocolChange,
    SetTransaction,
    Sidecar,
    decode_actions,
    is_absolute,
    storage_key,
)
from lakehouse.delta_log.errors import MalformedLogError
from lakehouse.delta_log.log_segment import SIDECAR_FOLDER, LogFile
from lakehouse.delta_log.replay.checkpoint_files import CheckpointFiles
from lakehouse.delta_log.replay.checkpoint_parquet import CheckpointParquet
from lakehouse.storage import AbstractStorageReader, NotFoundError

__all__ = ["Checkpoint", "read_checkpoint"]

_SMALL_ACTIONS: dict[str, type[msgspec.Struct]] = {
    "protocol": ProtocolChange,
    "metaData": MetadataChange,
    "txn": SetTransaction,
    "domainMetadata": DomainMetadata,
    "sidecar": Sidecar,
    "checkpointMetadata": CheckpointMetadata,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Checkpoint:
    """The state of a table at the version of a checkpoint."""

    protocol: ProtocolChange | None
    metadata: MetadataChange | None
    transactions: dict[str, SetTransaction]
    domains: dict[str, DomainMetadata]
    files: CheckpointFiles


def read_checkpoint(storage: AbstractStorageReader, parts: Sequence[LogFile]) -> Checkpoint:
    """Read all but the file actions, which are read when asked for. Raises MalformedLogError."""
    actions: list[Action] = []
    keys: list[str] = []
    for part in parts:
        if part.key.endswith(".json"):
            actions += decode_actions(storage.read(part.key), source=storage.uri(part.key))
        else:
            keys.append(part.key)
            found = CheckpointParquet(storage, part.key).actions(list(_SMALL_ACTIONS))
            actions += [_converted(name, fields, storage.uri(part.key)) for name, fields in found]
    sidecars = [_sidecar_key(action, storage) for action in actions if isinstance(action, Sidecar)]
    # With sidecars, the checkpoint itself has no file actions (Delta PROTOCOL, "V2 Spec").
    files = CheckpointFiles(storage, sidecars or keys, actions)
    return _checkpoint(actions, files)


def _checkpoint(actions: Iterable[Action], files: CheckpointFiles) -> Checkpoint:
    latest: dict[type, Any] = {type(action): action for action in actions}
    return Checkpoint(
        protocol=latest.get(ProtocolChange),
        metadata=latest.get(MetadataChange),
        transactions={a.application_id: a for a in actions if isinstance(a, SetTransaction)},
        domains={a.domain: a for a in actions if isinstance(a, DomainMetadata) and not a.removed},
        files=files,
    )


def _converted(name: str, fields: dict[str, Any], source: str) -> Any:
    try:
        return msgspec.convert(fields, _SMALL_ACTIONS[name])
    except msgspec.ValidationError as error:
        raise MalformedLogError(source=source, reason=f"its {name} action is invalid: {error}") from error


def _sidecar_key(sidecar: Sidecar, storage: AbstractStorageReader) -> str:
    if not is_absolute(sidecar.path):
        key = storage_key(sidecar.path, table_uri=storage.uri())
        return f"{SIDECAR_FOLDER}{key}" if key and "/" not in key else sidecar.path
    key = storage_key(sidecar.path, table_uri=storage.uri())
    if key is None:
        raise NotFoundError(store=repr(storage), key=sidecar.path)
    return key
