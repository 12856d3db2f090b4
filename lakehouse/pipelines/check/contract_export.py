"""A table's declaration as a data contract of the Open Data Contract Standard 3.1."""

from __future__ import annotations

import copy
import uuid
from collections.abc import Mapping, Sequence
from typing import Any

import yaml
from pyspark.sql.types import StructField, StructType

from lakehouse.pipelines.declare.definition import TableDefinition
from lakehouse.quality import OdcsDocument, logical_type

__all__ = ["contract_text", "exported_contract"]

_VERSION = "v3.1.0"
_LISTS = ("quality", "relationships")


def exported_contract(table: TableDefinition, schema: StructType, *, pipeline: str) -> Mapping[str, Any]:
    """Return the contract of a table of this schema, as a document.

    For a table that is held to a file it is the file's document, with what the definition adds to it: columns,
    rules and relationships that the file lacks. What the file says stays as it is, also what is not understood.
    """
    if table.agreed is not None:
        document = copy.deepcopy(dict(table.agreed.document.given))
        place = next(
            number
            for number, each in enumerate(table.agreed.document.tables)
            if each.given == table.agreed.table.given
        )
        given = document["schema"][place]
    else:
        given = {"name": table.folder, "physicalType": "table"}
        document = {
            "apiVersion": _VERSION,
            "kind": "DataContract",
            "id": str(uuid.uuid5(uuid.NAMESPACE_URL, f"lakehouse/{pipeline}/{table.layer}/{table.folder}")),
            "version": "1.0.0",
            "status": "active",
            "name": table.folder,
            **_described(table.options.comment),
            "schema": [given],
        }
        if answers := _answers(table):
            given["customProperties"] = answers
    # A contract need not name every column: one that has some says which ones it promises.
    if not given.setdefault("properties", []):
        given["properties"] += [_property(table, each) for each in schema.fields]
    _add_rules(document, given, table, schema)
    return document


def contract_text(document: Mapping[str, Any], *, like: OdcsDocument | None = None) -> str:
    """Return a contract as YAML, its keys in the order that they have; as the text of one that it is ``like``."""
    if like is not None and document == like.given:
        return like.text
    return str(yaml.safe_dump(_plain(document), sort_keys=False, allow_unicode=True, width=110))


def _property(table: TableDefinition, field: StructField) -> dict[str, Any]:
    logical = logical_type(field.dataType)
    return {
        "name": field.name,
        **({} if logical is None else {"logicalType": logical}),
        "physicalType": field.dataType.simpleString(),
        **_described_text(table.options.columns.get(field.name)),
    }


def _add_rules(
    document: dict[str, Any], given: dict[str, Any], table: TableDefinition, schema: StructType
) -> None:
    by_name = {str(each.get("physicalName") or each["name"]): each for each in given["properties"]}
    for rule in table.flow.rules:
        said = rule.in_contract()
        place = given
        if said.column is not None and said.column in schema.names:
            if said.column not in by_name:
                by_name[said.column] = _property(table, schema[said.column])
                given["properties"].append(by_name[said.column])
            place = by_name[said.column]
        for key, value in said.property.items():
            place[key] = {**place.get(key, {}), **value} if isinstance(value, dict) else value
        related = dict(said.relationship)
        if "from" in related:
            related["from"] = [f"{table.folder}.{column}" for column in related["from"]]
        for key, added in zip(_LISTS, (said.quality, related), strict=True):
            if added:
                _append(place, key, dict(added))
        if said.service_level:
            element = f"{table.folder}.{said.service_level['element']}"
            _append(document, "slaProperties", {**said.service_level, "element": element})


def _append(given: dict[str, Any], key: str, added: Mapping[str, Any]) -> None:
    if added not in given.get(key, []):
        given[key] = [*given.get(key, []), added]


def _answers(table: TableDefinition) -> Sequence[Mapping[str, str]]:
    terms = table.terms
    answers = {"tables": terms.tables, "columns": terms.columns, "data_type": terms.data_type}
    return [
        {"property": f"lakehouse.{word}", "value": answer}
        for word, answer in answers.items()
        if answer is not None
    ]


def _described(text: str | None) -> dict[str, Any]:
    return {} if text is None else {"description": {"purpose": text}}


def _described_text(text: str | None) -> dict[str, Any]:
    return {} if text is None else {"description": text}


def _plain(given: Any) -> Any:
    """Return the same in lists and dicts, as YAML writes them."""
    if isinstance(given, Mapping):
        return {key: _plain(value) for key, value in given.items()}
    if isinstance(given, list | tuple):
        return [_plain(value) for value in given]
    return given
