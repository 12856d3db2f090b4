"""Actions that only checkpoints hold."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from lakehouse.delta_log.actions.numbers import Int64

__all__ = ["CheckpointMetadata", "Sidecar"]


class Sidecar(
    msgspec.Struct,
    frozen=True,
    kw_only=True,
    omit_defaults=True,
    rename={"size_bytes": "sizeInBytes", "modified_ms": "modificationTime"},
):
    """A file of a V2 checkpoint that holds its file actions (Delta PROTOCOL, "Sidecar File Information")."""

    path: str
    """The name of a file in ``_delta_log/_sidecars``, or an absolute path."""
    size_bytes: Int64
    modified_ms: Int64
    tags: Mapping[str, str | None] | None = None


class CheckpointMetadata(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What a V2 checkpoint says about itself (Delta PROTOCOL, "Checkpoint Metadata")."""

    version: Int64
    tags: Mapping[str, str | None] | None = None
