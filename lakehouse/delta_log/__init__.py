"""Read and write the Delta transaction log. No Spark and no JVM: all of it runs in a plain Python process."""

from lakehouse.delta_log.actions import (
    Action,
    AddCDCFile,
    AddFile,
    CheckpointMetadata,
    CommitInfo,
    DeletionVectorDescriptor,
    DomainMetadata,
    MetadataChange,
    ProtocolChange,
    RemoveFile,
    SetTransaction,
    Sidecar,
)
from lakehouse.delta_log.snapshot.snapshot import Snapshot
from lakehouse.delta_log.transaction.transaction import Transaction
from lakehouse.delta_log.transaction.transaction_manager import TransactionManager

__all__ = [
    "Action",
    "AddCDCFile",
    "AddFile",
    "CheckpointMetadata",
    "CommitInfo",
    "DeletionVectorDescriptor",
    "DomainMetadata",
    "MetadataChange",
    "ProtocolChange",
    "RemoveFile",
    "SetTransaction",
    "Sidecar",
    "Snapshot",
    "Transaction",
    "TransactionManager",
]
