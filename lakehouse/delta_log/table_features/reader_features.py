"""What a protocol requires of a reader, and what of it is supported (Delta PROTOCOL, "Table Features")."""

from __future__ import annotations

from lakehouse.delta_log.actions import ProtocolChange
from lakehouse.delta_log.errors import CatalogManagedTableError, MalformedLogError, UnsupportedFeatureError

__all__ = ["CATALOG_FEATURES", "READER_FEATURES", "check_readable"]

READER_FEATURES = frozenset(
    {
        "columnMapping",
        "deletionVectors",
        "timestampNtz",
        "typeWidening",
        "typeWidening-preview",
        "v2Checkpoint",
        "vacuumProtocolCheck",
        "variantType",
        "variantType-preview",
    }
)
"""Reader features that this library supports."""

CATALOG_FEATURES = frozenset({"catalogManaged", "catalogOwned-preview", "catalogOwned"})
"""Features that make a catalog the only one who knows the latest commits."""

_MAX_READER_VERSION = 3
_FEATURES_READER_VERSION = 3


def check_readable(protocol: ProtocolChange, *, table: str) -> None:
    """Raise CatalogManagedTableError or UnsupportedFeatureError unless the table can be read here."""
    features = protocol.reader_features or ()
    for feature in (*features, *(protocol.writer_features or ())):
        if feature in CATALOG_FEATURES:
            raise CatalogManagedTableError(table=table, feature=feature)
    if not 0 < protocol.min_reader_version <= _MAX_READER_VERSION:
        needs = [f"reader version {protocol.min_reader_version}"]
        raise UnsupportedFeatureError(
            table=table, needs=needs, action="read", known=f"reader versions 1 to {_MAX_READER_VERSION}"
        )
    _check_features(protocol, table)


def _check_features(protocol: ProtocolChange, table: str) -> None:
    has_features = protocol.reader_features is not None
    if has_features != (protocol.min_reader_version == _FEATURES_READER_VERSION):
        found = "readerFeatures" if has_features else "no readerFeatures"
        reason = f"its protocol has reader version {protocol.min_reader_version} and {found}"
        raise MalformedLogError(source=table, reason=reason)
    unknown = [name for name in protocol.reader_features or () if name not in READER_FEATURES]
    if unknown:
        needs = [f"the feature {name!r}" for name in unknown]
        known = f"the reader features {', '.join(sorted(READER_FEATURES))}"
        raise UnsupportedFeatureError(table=table, needs=needs, action="read", known=known)
