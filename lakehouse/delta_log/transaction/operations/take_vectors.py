"""Take rows out of data files that stay as they are: deletion vectors say which."""

from __future__ import annotations

from collections.abc import Sequence

from lakehouse.delta_log.data_files import WrittenFile
from lakehouse.delta_log.deletion_vectors import WrittenVector
from lakehouse.delta_log.errors import UnenforceableRuleError
from lakehouse.delta_log.table_features import TableProperties
from lakehouse.delta_log.transaction.change import Change
from lakehouse.delta_log.transaction.view import TableView

__all__ = ["take_vectors"]

_PROPERTY = "delta.enableDeletionVectors"


def take_vectors(view: TableView, vectors: Sequence[WrittenVector]) -> Change:
    """Give live files their new deletion vectors. Raises FileNotLiveError, UnenforceableRuleError."""
    if vectors and not TableProperties(view.metadata.configuration).is_on(_PROPERTY):
        rule = f"{_PROPERTY} is not 'true', so that its readers may not know deletion vectors"
        raise UnenforceableRuleError(table=view.table, rule=rule)
    change = Change()
    for each in vectors:
        add = view.live_files.with_vector(each.path, each.descriptor)
        written = WrittenFile(key=each.key, add=add, rows=0)
        tombstones = view.live_files.tombstones([each.path])
        change = change.then(Change(actions=(*tombstones, add), written=[written]))
    return change
