"""The actions of the log, one file a noun of the protocol, and their JSON. No storage here."""

from lakehouse.delta_log.actions.checkpoint import CheckpointMetadata, Sidecar
from lakehouse.delta_log.actions.commit_info import CommitInfo
from lakehouse.delta_log.actions.domain import DomainMetadata
from lakehouse.delta_log.actions.files import AddCDCFile, AddFile, DeletionVectorDescriptor, RemoveFile
from lakehouse.delta_log.actions.json_lines import Action, decode_actions, encode_actions, first_bad_line
from lakehouse.delta_log.actions.metadata import Format, MetadataChange
from lakehouse.delta_log.actions.numbers import Int64
from lakehouse.delta_log.actions.paths import (
    canonical_path,
    encode_path,
    is_absolute,
    is_in_same_store,
    storage_key,
)
from lakehouse.delta_log.actions.protocol import ProtocolChange
from lakehouse.delta_log.actions.transaction_identifier import SetTransaction

__all__ = [
    "Action",
    "AddCDCFile",
    "AddFile",
    "CheckpointMetadata",
    "CommitInfo",
    "DeletionVectorDescriptor",
    "DomainMetadata",
    "Format",
    "Int64",
    "MetadataChange",
    "ProtocolChange",
    "RemoveFile",
    "SetTransaction",
    "Sidecar",
    "canonical_path",
    "decode_actions",
    "encode_actions",
    "encode_path",
    "first_bad_line",
    "is_absolute",
    "is_in_same_store",
    "storage_key",
]
