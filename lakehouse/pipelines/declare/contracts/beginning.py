"""A definition to begin with: a Bronze table of files, and the table that a data contract is of."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import yaml

from lakehouse.quality import OdcsDocument, OdcsTable, UnreadableContractError, default_type, exact_type

__all__ = ["beginning_of"]


def beginning_of(document: OdcsDocument, *, file: str) -> str:
    """Return a definition in YAML, whose tables are held to ``file``. Raises UnreadableContractError without any.

    Files with a header come from the folder of each table in ``landing``; a table with a primary key is merged.
    """
    if not document.tables:
        raise UnreadableContractError(
            file=document.file,
            line=1,
            reason="its schema has no object",
            fix="add schema: [{name: …, properties: [{name: …}]}].",
        )
    tables: list[Mapping[str, Any]] = []
    for each in document.tables:
        tables += _tables(each, file, is_alone=len(document.tables) == 1)
    definition = {
        "name": str(document.given.get("name") or document.tables[0].names[-1]),
        "variables": {"landing": "landing"},
        "schemas": {each.names[0]: _columns(each) for each in document.tables},
        "tables": tables,
    }
    return str(yaml.safe_dump(definition, sort_keys=False, allow_unicode=True, width=110))


def _tables(given: OdcsTable, file: str, *, is_alone: bool) -> list[Mapping[str, Any]]:
    name = given.names[0]
    source = {"pattern": f"${{landing}}/{name}/*.csv", "columns": name}
    contract: Any = file if is_alone else {"file": file, "schema": given.names[-1]}
    keys = list(given.primary_key)
    return [
        {"name": f"{name}_raw", "layer": "bronze", "flow": {"from_files": source}},
        {
            "name": name,
            "layer": "silver",
            "flow": {
                "read": {"table": f"{name}_raw", "incremental": True},
                "steps": [{"cast": {"schema": name}}],
            },
            "write": {"merge": keys} if keys else "append",
            "options": {"contract": contract},
        },
    ]


def _columns(given: OdcsTable) -> Mapping[str, str]:
    return {each.name: exact_type(each) or default_type(each) or "string" for each in given.properties}
