"""The features that a protocol stands for, and which of them this library's writers support."""

from __future__ import annotations

from lakehouse.delta_log.actions import ProtocolChange
from lakehouse.delta_log.errors import UnsupportedFeatureError
from lakehouse.delta_log.table_features.reader_features import check_readable

__all__ = ["MAY_APPEAR_MEANWHILE", "WRITABLE", "check_writable", "features_of"]

_MAX_WRITER_VERSION = 7

# Delta PROTOCOL, "Valid Feature Names in Table Features": what each legacy version brought.
_LEGACY_WRITER_FEATURES = (
    (2, ("appendOnly", "invariants")),
    (3, ("checkConstraints",)),
    (4, ("changeDataFeed", "generatedColumns")),
    (5, ("columnMapping",)),
    (6, ("identityColumns",)),
)

WRITABLE = frozenset(
    {
        "allowColumnDefaults",
        "appendOnly",
        "changeDataFeed",
        "checkConstraints",
        "checkpointProtection",
        "clustering",
        "columnMapping",
        "deletionVectors",
        "domainMetadata",
        "generatedColumns",
        "identityColumns",
        "inCommitTimestamp",
        "invariants",
        "rowTracking",
        "timestampNtz",
        "typeWidening",
        "typeWidening-preview",
        "v2Checkpoint",
        "vacuumProtocolCheck",
        "variantType",
        "variantType-preview",
    }
)
"""Supported, or refused row by row where a transaction would need more (to evaluate SQL, for example)."""

MAY_APPEAR_MEANWHILE = frozenset(
    {
        "appendOnly",
        "catalogManaged",
        "changeDataFeed",
        "columnMapping",
        "deletionVectors",
        "domainMetadata",
        "icebergCompatV1",
        "icebergCompatV2",
        "icebergCompatV3",
        "inCommitTimestamp",
        "rowTracking",
        "timestampNtz",
        "typeWidening",
        "typeWidening-preview",
        "v2Checkpoint",
        "vacuumProtocolCheck",
    }
)
"""A transaction survives a commit that adds these (``failConcurrentTransactionsAtUpgrade`` is false)."""


def features_of(protocol: ProtocolChange) -> frozenset[str]:
    """Return the names of all features, of a legacy version too."""
    if protocol.min_writer_version >= 7:
        return frozenset(protocol.writer_features or ()) | frozenset(protocol.reader_features or ())
    return frozenset(
        feature
        for version, features in _LEGACY_WRITER_FEATURES
        if version <= protocol.min_writer_version
        for feature in features
    )


def check_writable(protocol: ProtocolChange, *, table: str) -> None:
    """Raise UnsupportedFeatureError unless this library supports everything that the protocol requires of a writer."""
    check_readable(protocol, table=table)
    needs = [f"the feature {name!r}" for name in sorted(features_of(protocol) - WRITABLE)]
    if not 1 <= protocol.min_writer_version <= _MAX_WRITER_VERSION:
        needs = [f"writer version {protocol.min_writer_version}", *needs]
    if needs:
        known = f"the writer versions 1 to 7 and the features {', '.join(sorted(WRITABLE))}"
        raise UnsupportedFeatureError(table=table, needs=needs, action="written", known=known)
