"""How a table takes its rows, one mode a file: what it does with new rows, and what becomes of old ones."""

from lakehouse.pipelines.declare.write_modes.append import Append
from lakehouse.pipelines.declare.write_modes.apply_changes import ApplyChanges
from lakehouse.pipelines.declare.write_modes.apply_changes_from_snapshots import ApplyChangesFromSnapshots
from lakehouse.pipelines.declare.write_modes.changed_rows import names_or_none
from lakehouse.pipelines.declare.write_modes.interface import WriteMode
from lakehouse.pipelines.declare.write_modes.merge import Merge
from lakehouse.pipelines.declare.write_modes.replace import Replace
from lakehouse.pipelines.declare.write_modes.replace_where import ReplaceWhere

__all__ = [
    "Append",
    "ApplyChanges",
    "ApplyChangesFromSnapshots",
    "Merge",
    "Replace",
    "ReplaceWhere",
    "WriteMode",
    "names_or_none",
]
