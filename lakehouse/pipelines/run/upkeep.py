"""Tables that are arranged for their readers at the end of a run, within what that may cost."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from lakehouse.delta_log import Snapshot
from lakehouse.optimization import (
    ArrowRewriter,
    Budget,
    Outcome,
    QueryOptimizer,
    Rewriter,
    Stage,
    Strategy,
    Workload,
    filters_of_readers,
)
from lakehouse.pipelines.declare.table_options import TableOptions

__all__ = ["MaintenanceFailed", "maintained"]


class MaintenanceFailed(Exception):  # noqa: N818 - it is a warning of the run, never raised to its caller
    """A table could not be maintained; it is as the run left it, or as finished work did."""


def maintained(
    path: str, options: TableOptions, *, rewriter: Callable[[], Rewriter] = ArrowRewriter
) -> Sequence[Outcome]:
    """Do with a table's files what pays and what its options allow; nothing where they ask for none.

    ``rewriter`` makes what writes files again. Files that older versions need stay: vacuum is nobody's by-product.
    Raises MaintenanceFailed.
    """
    if options.maintain != "auto":
        return ()
    names = [name for name, each in Strategy.words.items() if each.stage is not Stage.STORAGE]
    most = int(options.maintain_megabytes * 2**20)
    budget = Budget(seconds=options.maintain_seconds, size_bytes=most)
    try:
        workload = Workload(
            cluster_by=tuple(options.cluster_by),
            filters=filters_of_readers(Snapshot.load(path)),
            most_bytes_at_once=most,
        )
        optimizer = QueryOptimizer.made_for(workload, names=names, rewriter=rewriter())
        return optimizer.maintain(path, budget=budget)
    except Exception as error:  # whatever it is, the rows are published
        raise MaintenanceFailed(str(error)) from error
