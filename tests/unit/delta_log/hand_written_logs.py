"""Logs of tables as plain JSON, written without the code under test."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

SCHEMA = json.dumps(
    {"type": "struct", "fields": [{"name": "x", "type": "long", "nullable": True, "metadata": {}}]}
)
PROTOCOL = {"protocol": {"minReaderVersion": 1, "minWriterVersion": 2}}


def metadata(**changed: Any) -> dict[str, Any]:
    fields = {
        "id": "5fba94ed-9794-4965-ba6e-6ee3c0d22af9",
        "format": {"provider": "parquet", "options": {}},
        "schemaString": SCHEMA,
        "partitionColumns": [],
        "configuration": {},
    }
    return {"metaData": {**fields, **changed}}


def add(path: str, **changed: Any) -> dict[str, Any]:
    fields = {"path": path, "partitionValues": {}, "size": 10, "modificationTime": 5, "dataChange": True}
    return {"add": {**fields, **changed}}


def remove(path: str, **changed: Any) -> dict[str, Any]:
    return {"remove": {"path": path, "deletionTimestamp": 6, "dataChange": True, **changed}}


def vector(identity: str) -> dict[str, Any]:
    """Return a deletion vector's descriptor; nothing reads its body."""
    return {"storageType": "u", "pathOrInlineDv": identity, "offset": 1, "sizeInBytes": 36, "cardinality": 2}


def write_commit(table: Path, version: int, lines: list[dict[str, Any]]) -> Path:
    log = table / "_delta_log"
    log.mkdir(parents=True, exist_ok=True)
    path = log / f"{version:020d}.json"
    path.write_text("".join(json.dumps(line) + "\n" for line in lines))
    return path


def write_log(table: Path, *commits: list[dict[str, Any]]) -> Path:
    """Write versions 0, 1, …; version 0 gets protocol and metadata if it has none."""
    for version, lines in enumerate(commits):
        has_protocol = any("protocol" in line for line in lines)
        write_commit(table, version, lines if version or has_protocol else [PROTOCOL, metadata(), *lines])
    return table
