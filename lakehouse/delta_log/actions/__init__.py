"""The actions of the log, one file a noun of the protocol, and their JSON. No storage here."""

from lakehouse.delta_log.actions.checkpoint import CheckpointMetadata, Sidecar
from lakehouse.delta_log.actions.commit_info import CommitInfo
from lakehouse.delta_log.actions.domain import DomainMetadata
from lakehouse.delta_log.actions.files import AddCDCFile, AddFile, DeletionVectorDescriptor, RemoveFile
from lakehouse.delta_log.actions.json_lines import Action, decode_actions, encode_actions
from lakehouse.delta_log.actions.metadata import Format, MetadataChange
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
    "MetadataChange",
    "ProtocolChange",
    "RemoveFile",
    "SetTransaction",
    "Sidecar",
    "decode_actions",
    "encode_actions",
]
