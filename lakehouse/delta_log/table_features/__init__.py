"""What a table asks of its readers and writers: its protocol's features and its properties, as pure functions."""

from lakehouse.delta_log.table_features.in_commit_timestamps import in_commit_timestamp, with_enablement
from lakehouse.delta_log.table_features.properties import TableProperties
from lakehouse.delta_log.table_features.property_rules import check_properties
from lakehouse.delta_log.table_features.protocol_upgrade import INITIAL_PROTOCOL, needed_features, upgraded
from lakehouse.delta_log.table_features.reader_features import check_readable
from lakehouse.delta_log.table_features.row_tracking import ROW_TRACKING_DOMAIN, with_row_ids
from lakehouse.delta_log.table_features.writer_features import (
    MAY_APPEAR_MEANWHILE,
    check_writable,
    features_of,
)

__all__ = [
    "INITIAL_PROTOCOL",
    "MAY_APPEAR_MEANWHILE",
    "ROW_TRACKING_DOMAIN",
    "TableProperties",
    "check_properties",
    "check_readable",
    "check_writable",
    "features_of",
    "in_commit_timestamp",
    "needed_features",
    "upgraded",
    "with_enablement",
    "with_row_ids",
]
