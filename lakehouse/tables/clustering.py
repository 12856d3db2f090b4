"""By which columns a table is clustered: what its log says, and how another choice is noted there."""

from __future__ import annotations

import json
from collections.abc import Sequence

from lakehouse.delta_log import DomainMetadata, MetadataChange, Snapshot, schema_from_json

__all__ = ["CLUSTERING_FEATURES", "can_be_clustered", "clustered_by", "clustering"]

CLUSTERING_FEATURES = ("clustering", "domainMetadata")
_DOMAIN = "delta.clustering"
"""Delta PROTOCOL, "Clustered Table": physical names, each as the path to a field."""


def clustered_by(snapshot: Snapshot) -> tuple[str, ...]:
    """Return the names of the columns; none where the table is not clustered. A field inside of one has dots."""
    found = snapshot.domains.get(_DOMAIN)
    if found is None:
        return ()
    names = {physical: name for name, physical in _physical_names(snapshot.metadata).items()}
    paths = json.loads(found.configuration).get("clusteringColumns", ())
    return tuple(".".join((names.get(first, first), *rest)) for first, *rest in paths)


def can_be_clustered(snapshot: Snapshot, columns: Sequence[str]) -> bool:
    """Say whether the table has the columns, and no partitions: Delta has one or the other."""
    return not snapshot.partition_columns and _physical_names(snapshot.metadata).keys() >= set(columns)


def clustering(metadata: MetadataChange, columns: Sequence[str]) -> DomainMetadata:
    """Return the action by which the table is clustered by these of its columns from then on."""
    physical = _physical_names(metadata)
    paths = [[physical[name]] for name in columns]
    said = {"clusteringColumns": paths, "domainName": _DOMAIN}
    return DomainMetadata(
        domain=_DOMAIN, configuration=json.dumps(said, separators=(",", ":")), removed=False
    )


def _physical_names(metadata: MetadataChange) -> dict[str, str]:
    """Return by each column's name the one that it has in data files."""
    schema = schema_from_json(metadata.schema_string, table=metadata.id)
    return {each.name: each.physical_name for each in schema}
