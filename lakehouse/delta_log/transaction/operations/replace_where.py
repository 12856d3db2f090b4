"""Replace the rows that meet a predicate."""

from __future__ import annotations

import pyarrow as pa

from lakehouse.delta_log.data_files import conformed
from lakehouse.delta_log.errors import WrongReplacementError
from lakehouse.delta_log.scan import Predicate, bound_to
from lakehouse.delta_log.transaction.change import Change, Operation, json_text
from lakehouse.delta_log.transaction.operations.data_writing import deleted_on_failure, write_rows
from lakehouse.delta_log.transaction.operations.delete import delete
from lakehouse.delta_log.transaction.view import TableView

__all__ = ["replace_where"]


def replace_where(view: TableView, predicate: Predicate, rows: pa.Table) -> Change:
    """Replace the rows that meet the predicate. Raises WrongReplacementError if a new row does not meet it.

    Raises NoSuchColumnError, InvalidPredicateError.
    """
    view.require_table("replace rows")
    content = conformed(rows, view.layout, table=view.table)
    bound = bound_to(predicate, view.layout.schema, table=view.table)
    outside = content.num_rows - content.filter(bound.to_arrow()).num_rows
    if outside:
        raise WrongReplacementError(table=view.table, predicate=str(predicate), rows=outside)
    with deleted_on_failure(view.storage) as keys:
        change = delete(view, predicate)
        keys.extend(file.key for file in change.written)
        change = change.then(write_rows(view, rows))
    operation = Operation.of("WRITE", mode="Overwrite", predicate=json_text(str(predicate)))
    return change.called(operation)
