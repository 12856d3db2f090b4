"""What a writer can do to a table: functions from a view to a change, one operation a file.

An operation reads the table and may write new data files. It changes no log and no transaction, and where it
fails it leaves no file.
"""

from lakehouse.delta_log.transaction.operations.adopt import WriteKind, adopt
from lakehouse.delta_log.transaction.operations.alter_table import (
    add_columns,
    enable_features,
    replace_schema,
    set_properties,
)
from lakehouse.delta_log.transaction.operations.append import append
from lakehouse.delta_log.transaction.operations.change_files import take_changes
from lakehouse.delta_log.transaction.operations.create_table import create_table
from lakehouse.delta_log.transaction.operations.delete import delete
from lakehouse.delta_log.transaction.operations.describe_table import describe_table
from lakehouse.delta_log.transaction.operations.overwrite import overwrite
from lakehouse.delta_log.transaction.operations.replace_partitions import replace_partitions
from lakehouse.delta_log.transaction.operations.replace_where import replace_where
from lakehouse.delta_log.transaction.operations.restore import restore
from lakehouse.delta_log.transaction.operations.rewrite import rewrite, take_rewrite
from lakehouse.delta_log.transaction.operations.shared_write import (
    SharedWrite,
    plan_shared_write,
    take_shared_write,
)
from lakehouse.delta_log.transaction.operations.take_back import take_back
from lakehouse.delta_log.transaction.operations.take_vectors import take_vectors

__all__ = [
    "SharedWrite",
    "WriteKind",
    "add_columns",
    "adopt",
    "append",
    "create_table",
    "delete",
    "describe_table",
    "enable_features",
    "overwrite",
    "plan_shared_write",
    "replace_partitions",
    "replace_schema",
    "replace_where",
    "restore",
    "rewrite",
    "set_properties",
    "take_back",
    "take_changes",
    "take_rewrite",
    "take_shared_write",
    "take_vectors",
]
