"""Which protocol a table needs for its schema and properties: never less than it has."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from lakehouse.delta_log.actions import ProtocolChange
from lakehouse.delta_log.schema import ArrayType, DataType, MapType, PrimitiveType, StructType
from lakehouse.delta_log.table_features.reader_features import READER_FEATURES
from lakehouse.delta_log.table_features.writer_features import features_of

__all__ = ["INITIAL_PROTOCOL", "needed_features", "upgraded"]

INITIAL_PROTOCOL = ProtocolChange(min_reader_version=1, min_writer_version=2)
"""What every engine reads and writes."""

_BY_PROPERTY = (
    ("delta.enableDeletionVectors", {"true"}, ("deletionVectors",)),
    ("delta.columnMapping.mode", {"name", "id"}, ("columnMapping",)),
    ("delta.enableInCommitTimestamps", {"true"}, ("inCommitTimestamp",)),
    ("delta.enableRowTracking", {"true"}, ("rowTracking", "domainMetadata")),
    ("delta.enableChangeDataFeed", {"true"}, ("changeDataFeed",)),
    ("delta.enableTypeWidening", {"true"}, ("typeWidening",)),
    ("delta.checkpointPolicy", {"v2"}, ("v2Checkpoint",)),
)
_BY_TYPE = {"timestamp_ntz": "timestampNtz", "variant": "variantType"}
_FEATURE_PROPERTY = "delta.feature."


def needed_features(schema: StructType, properties: Mapping[str, str | None]) -> frozenset[str]:
    """Return the features that a table of this schema and these properties must list."""
    found = {_BY_TYPE[name] for name in _primitives(schema) if name in _BY_TYPE}
    for name, values, features in _BY_PROPERTY:
        if (properties.get(name) or "").lower() in values:
            found.update(features)
    for name in properties:
        if name.startswith(_FEATURE_PROPERTY):
            found.add(name.removeprefix(_FEATURE_PROPERTY))
    return frozenset(found)


def upgraded(protocol: ProtocolChange, features: Iterable[str]) -> ProtocolChange:
    """Return the protocol with these features too; itself if it has them all."""
    before = features_of(protocol)
    if before >= frozenset(features):
        return protocol
    after = before | frozenset(features)
    readers = sorted(after & READER_FEATURES)
    keeps_reader_list = protocol.min_reader_version >= 3
    return ProtocolChange(
        min_reader_version=3 if readers or keeps_reader_list else protocol.min_reader_version,
        min_writer_version=7,
        reader_features=readers if readers or keeps_reader_list else None,
        writer_features=sorted(after),
    )


def _primitives(data_type: DataType) -> Iterator[str]:
    match data_type:
        case PrimitiveType(name):
            yield name
        case ArrayType():
            yield from _primitives(data_type.element_type)
        case MapType():
            yield from _primitives(data_type.key_type)
            yield from _primitives(data_type.value_type)
        case StructType(fields):
            for part in fields:
                yield from _primitives(part.data_type)
