"""``N.crc``: a summary of a version's state, to detect a log that was changed or damaged.

Delta PROTOCOL, "Version Checksum File": written after the commit, never over another; a reader does without.
"""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from lakehouse.delta_log.actions import DomainMetadata, MetadataChange, ProtocolChange, SetTransaction
from lakehouse.delta_log.errors import ChecksumMismatchError
from lakehouse.delta_log.log_segment import checksum_key
from lakehouse.delta_log.replay.file_set import Totals
from lakehouse.delta_log.replay.log_state import LogState
from lakehouse.storage import AbstractStorageReader, NotFoundError

__all__ = ["VersionChecksum", "check_state", "check_totals", "checksum_of", "read_checksum"]


class VersionChecksum(
    msgspec.Struct,
    frozen=True,
    kw_only=True,
    omit_defaults=True,
    rename={
        "transaction_id": "txnId",
        "table_size_bytes": "tableSizeBytes",
        "file_count": "numFiles",
        "metadata_count": "numMetadata",
        "protocol_count": "numProtocol",
        "in_commit_timestamp_ms": "inCommitTimestampOpt",
        "transactions": "setTransactions",
        "domains": "domainMetadata",
    },
):
    """The content of a checksum file, in the protocol's order of fields."""

    transaction_id: str | None = None
    table_size_bytes: int
    file_count: int
    metadata_count: int
    protocol_count: int
    in_commit_timestamp_ms: int | None = None
    transactions: Sequence[SetTransaction] | None = None
    domains: Sequence[DomainMetadata] | None = None
    metadata: MetadataChange
    protocol: ProtocolChange

    def encoded(self) -> bytes:
        """Return the body of the file."""
        return msgspec.json.encode(self)


def checksum_of(
    state: LogState, *, transaction_id: str | None = None, in_commit_timestamp_ms: int | None = None
) -> VersionChecksum:
    """Return the checksum of a complete state; cheap where the totals of its files are known already."""
    assert state.metadata is not None and state.protocol is not None  # noqa: S101, PT018 - "complete"
    totals = state.files.totals()
    return VersionChecksum(
        transaction_id=transaction_id,
        table_size_bytes=totals.size_bytes,
        file_count=totals.file_count,
        metadata_count=1,
        protocol_count=1,
        in_commit_timestamp_ms=in_commit_timestamp_ms,
        transactions=list(state.transactions.values()),
        domains=list(state.domains.values()),
        metadata=state.metadata,
        protocol=state.protocol,
    )


_decoder = msgspec.json.Decoder(VersionChecksum)


def read_checksum(storage: AbstractStorageReader, version: int) -> VersionChecksum | None:
    """Return the checksum of a version; None when the file is missing or damaged."""
    try:
        return _decoder.decode(storage.read(checksum_key(version)))
    except (NotFoundError, msgspec.DecodeError, UnicodeError, RecursionError):
        return None


def check_state(checksum: VersionChecksum, state: LogState, *, table: str) -> None:
    """Raise ChecksumMismatchError unless protocol, metadata, transactions and domains are as recorded."""
    pairs: list[tuple[str, object, object]] = [
        ("protocol", _comparable(checksum.protocol), _comparable(state.protocol)),
        ("metadata", checksum.metadata, state.metadata),
    ]
    if checksum.transactions is not None:
        # Writer and reader may each have forgotten expired ones; those that both know must agree.
        known = {action.application_id: action.version for action in checksum.transactions}
        known = {name: version for name, version in known.items() if name in state.transactions}
        found = {name: state.transactions[name].version for name in known}
        pairs.append(("transactions", known, found))
    if checksum.domains is not None:
        recorded_domains = {action.domain: action.configuration for action in checksum.domains}
        found_domains = {name: action.configuration for name, action in state.domains.items()}
        pairs.append(("domains", recorded_domains, found_domains))
    for field, expected, actual in pairs:
        if expected != actual:
            raise ChecksumMismatchError(
                table=table, version=state.version, field=field, expected=expected, actual=actual
            )


def check_totals(checksum: VersionChecksum, totals: Totals, *, table: str, version: int) -> None:
    """Raise ChecksumMismatchError unless the number of files and their size are as recorded."""
    pairs = [
        ("files", checksum.file_count, totals.file_count),
        ("bytes", checksum.table_size_bytes, totals.size_bytes),
    ]
    for field, expected, actual in pairs:
        if expected != actual:
            raise ChecksumMismatchError(
                table=table, version=version, field=field, expected=expected, actual=actual
            )


def _comparable(protocol: ProtocolChange | None) -> object:
    if protocol is None:
        return None
    return (
        protocol.min_reader_version,
        protocol.min_writer_version,
        frozenset(protocol.reader_features or ()),
        frozenset(protocol.writer_features or ()),
    )
