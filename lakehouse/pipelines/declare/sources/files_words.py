"""``from_files`` as it is written: a file's keys into the fields of a source, and back."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from lakehouse.ingestion import (
    EVERY_FILE,
    RESCUED,
    FileChoice,
    FileFormat,
    InvalidFormatError,
    OnRewritten,
    SchemaChanges,
    SchemaMode,
    file_format,
)
from lakehouse.pipelines.declare.language import Language, names_and_types
from lakehouse.pipelines.declare.yaml_part import YamlPart, names
from lakehouse.words import stated_fields

__all__ = ["DeclaredFiles", "fields_of", "words_of"]

_COMMON_FORMAT = "csv"
_OPTIONS_BY_NAME = ("columns", "optional", "delimiter", "encoding")
"""Fields of formats that stand beside the pattern."""
_Option = str | int | bool | list[str] | Mapping[str, list[int]]


@dataclass(frozen=True, slots=True, kw_only=True)
class DeclaredFiles:
    """What a file says of ``from_files``, key by key."""

    pattern: str
    columns: str | list[str] | Mapping[str, str] | None = None
    """Names, names with types, or the name of one of the file's schemas."""
    optional: str | list[str] | None = None
    delimiter: str | None = None
    encoding: str | None = None
    names_grow: bool = False
    at_rest_seconds: float | None = None
    on_rewritten: OnRewritten = "quarantine"
    format: str = _COMMON_FORMAT
    options: Mapping[str, _Option] = dataclasses.field(default_factory=dict)
    """Further fields of the format."""
    manifest: bool = False
    path_columns: str | list[str] | None = None
    modified_after: str | None = None
    modified_before: str | None = None
    max_files: int | None = None
    max_bytes: int | None = None
    schema_changes: SchemaMode = "rescue"
    infer_schema: bool = False
    after_commit: str | None = None


def fields_of(given: DeclaredFiles, part: YamlPart) -> dict[str, Any]:
    """Return the fields of the source. Raises what ``part`` raises for what can't be one."""
    return {
        "pattern": given.pattern,
        "format": _format(given, part),
        "names_grow": given.names_grow,
        "at_rest_seconds": given.at_rest_seconds,
        "on_rewritten": given.on_rewritten,
        "manifest": given.manifest,
        "choice": FileChoice(
            modified_after=given.modified_after,
            modified_before=given.modified_before,
            max_files=given.max_files,
            max_bytes=given.max_bytes,
            path_columns=names(given.path_columns or ()),
        ),
        "changes": SchemaChanges(mode=given.schema_changes, infer=given.infer_schema),
        "after_commit": given.after_commit,
    }


def words_of(stated: Mapping[str, Any], read_as: FileFormat, language: Language) -> dict[str, Any]:
    """Return the keys for fields that are not left out, the pattern aside."""
    kept = {name: value for name, value in stated.items() if name != "format"}
    changes = stated_fields(kept.pop("changes", RESCUED))
    for field, key in (("mode", "schema_changes"), ("infer", "infer_schema")):
        if field in changes:
            changes[key] = changes.pop(field)
    choice = stated_fields(kept.pop("choice", EVERY_FILE))
    given = {**kept, **_words_of_format(read_as, language), **choice, **changes}
    return {name: language.value(value) for name, value in given.items()}


def _words_of_format(read_as: FileFormat, language: Language) -> dict[str, Any]:
    word, options = language.word(FileFormat.words, read_as), dict(read_as.options())
    if read_as.has_types and "columns" in options:
        options["columns"] = names_and_types(options["columns"])
    named = {name: options.pop(name) for name in _OPTIONS_BY_NAME if name in options}
    if word != _COMMON_FORMAT:
        named["format"] = word
    return {**named, **({"options": options} if options else {})}


def _format(given: DeclaredFiles, part: YamlPart) -> FileFormat:
    options: dict[str, Any] = dict(given.options)
    if given.columns is not None:
        options["columns"] = (
            part.at("columns").schema(given.columns) if isinstance(given.columns, str) else given.columns
        )
    options["optional"] = names(given.optional or ())
    for name in ("delimiter", "encoding"):
        if getattr(given, name) is not None:
            options[name] = getattr(given, name)
    try:
        return file_format(given.format, options)
    except InvalidFormatError as error:
        place = "format" if given.format not in FileFormat.words else "options"
        part.at(place).refuse(str(error))
