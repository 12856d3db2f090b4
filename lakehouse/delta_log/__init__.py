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
]
