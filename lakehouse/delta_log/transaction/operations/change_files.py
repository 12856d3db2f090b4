"""Files that say which rows a version changed, beside those that are the table (Delta PROTOCOL, "Add CDC File")."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Sequence

import msgspec

from lakehouse.delta_log.actions import AddCDCFile, MetadataChange
from lakehouse.delta_log.data_files import WrittenFile
from lakehouse.delta_log.transaction.change import Change

__all__ = ["CHANGES_FOLDER", "take_changes", "with_change_type"]

CHANGES_FOLDER = "_change_data/"
_CHANGE_TYPE = "_change_type"
_PHYSICAL_NAME = "delta.columnMapping.physicalName"


def with_change_type(metadata: MetadataChange) -> MetadataChange:
    """Return the metadata of a table whose rows say, beside all columns, what became of them."""
    schema = json.loads(metadata.schema_string)
    column = {
        "name": _CHANGE_TYPE,
        "type": "string",
        "nullable": False,
        "metadata": {_PHYSICAL_NAME: _CHANGE_TYPE},
    }
    schema["fields"].append(column)
    return msgspec.structs.replace(metadata, schema_string=json.dumps(schema))


def take_changes(files: Sequence[WrittenFile]) -> Change:
    """Take files of changed rows, which show a reader of changes all that the commit does to rows."""
    actions = [
        AddCDCFile(
            path=file.add.path, partition_values=file.add.partition_values, size_bytes=file.add.size_bytes
        )
        for file in files
    ]
    return Change(actions=actions, written=[dataclasses.replace(file, rows=0) for file in files])
