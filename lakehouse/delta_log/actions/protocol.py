"""What a program must understand to touch the table."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from lakehouse.delta_log.actions.numbers import Int32

__all__ = ["ProtocolChange"]


class ProtocolChange(
    msgspec.Struct,
    frozen=True,
    kw_only=True,
    omit_defaults=True,
    rename={
        "min_reader_version": "minReaderVersion",
        "min_writer_version": "minWriterVersion",
        "reader_features": "readerFeatures",
        "writer_features": "writerFeatures",
    },
):
    """The versions and table features asked of readers and writers (Delta PROTOCOL, "Protocol Evolution")."""

    min_reader_version: Int32
    min_writer_version: Int32
    reader_features: Sequence[str] | None = None
    """There exactly with reader version 3."""
    writer_features: Sequence[str] | None = None
    """There exactly with writer version 7; names every reader feature too."""
