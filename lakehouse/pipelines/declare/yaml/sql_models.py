"""A folder of SQL files as a definition: each file is a table, its query with YAML in a comment before it.

``LAYER/TABLE.sql`` is a table of that layer, ``views/NAME.sql`` a view. ``pipeline.yaml`` beside them may have the
variables, schemas, flows and extensions that they use.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from lakehouse.pipelines.declare.definition import PipelineDefinition, TableDefinition
from lakehouse.pipelines.declare.flow import Flow
from lakehouse.pipelines.declare.steps import Sql
from lakehouse.pipelines.declare.variables import VARIABLE_ALONE
from lakehouse.pipelines.declare.views import ViewDefinition
from lakehouse.pipelines.declare.yaml.extensions import load_extensions
from lakehouse.pipelines.declare.yaml.reader import DefinitionReader
from lakehouse.pipelines.declare.yaml.shape import model_shape, pipeline_shape
from lakehouse.pipelines.declare.yaml_part import YamlPart
from lakehouse.source_location import SourceLocation
from lakehouse.strict_yaml import ParsedYaml, YamlError, YamlProblem, parse_yaml

__all__ = ["read_sql_models"]

_HEAD = "pipeline.yaml"
_VIEWS = "views"
_COMMENT = re.compile(r"\s*/\*(?P<yaml>.*?)\*/", re.DOTALL)


@dataclass(frozen=True, slots=True, kw_only=True)
class _SqlFile:
    """A file in its two parts."""

    path: Path
    yaml: str
    """On the lines that it has in the file."""
    query: str
    query_line: int

    @classmethod
    def read(cls, path: Path) -> _SqlFile:
        try:
            text = path.read_text(encoding="utf-8")
        except (OSError, ValueError) as error:
            raise _wrong(path, 1, f"can't be read: {error}. Fix: check that it is UTF-8.") from error
        found = _COMMENT.match(text)
        begins = 1 + text.count("\n", 0, len(text) - len(text.lstrip()))
        if found is None and text.lstrip().startswith("/*"):
            raise _wrong(path, begins, "the comment does not end. Fix: end it with '*/'.")
        if found is not None and found["yaml"].strip() and ":" not in found["yaml"]:
            fix = "write what people are to read behind '--'."
            raise _wrong(path, begins, f"the first comment declares the table, and has no key. Fix: {fix}")
        start = 0 if found is None else found.end()
        yaml = "" if found is None else "\n" * text.count("\n", 0, found.start("yaml")) + found["yaml"]
        rest = text[start:]
        line = 1 + text.count("\n", 0, start + len(rest) - len(rest.lstrip()))
        return cls(path=path, yaml=yaml, query=rest.strip().removesuffix(";").rstrip(), query_line=line)


def _wrong(path: Path, line: int, message: str) -> YamlError:
    return YamlError(file=str(path), problems=[YamlProblem(line=line, message=message)])


def read_sql_models(folder: Path) -> PipelineDefinition:
    """Read the definition. Raises YamlError, with file, line and a suggestion for each thing that is wrong."""
    head = folder / _HEAD
    if head.is_file():
        load_extensions(head)
    shape = pipeline_shape(needs_tables=False)
    text = head.read_text(encoding="utf-8") if head.is_file() else f"name: {folder.name}\n"
    reader = DefinitionReader(head, parse_yaml(text, shape, file=str(head), stand_in=VARIABLE_ALONE))
    given = reader.definition()
    for path in sorted(folder.glob("*.sql")):
        if path.name not in text:  # else a table of the head takes its query from it
            where = f"move it to the folder of its layer: {folder / 'gold' / path.name}."
            raise _wrong(path, 1, f"it lies in the folder of no layer, and would be no table. Fix: {where}")
    tables, views = [*given.tables], [*given.views]
    for path in sorted(folder.glob("*/*.sql")):
        file = _SqlFile.read(path)
        model = _Model(file, reader)
        location = SourceLocation(file=str(path), line=1)
        if path.parent.name == _VIEWS:
            views.append(ViewDefinition(name=path.stem, flow=model.flow(), location=location))
        else:
            tables.append(model.table(name=path.stem, layer=path.parent.name, location=location))
    return PipelineDefinition(
        name=given.name, tables=tuple(tables), variables=given.variables, views=tuple(views)
    )


class _Model:
    """One file: what its comment declares, and its query."""

    def __init__(self, file: _SqlFile, reader: DefinitionReader) -> None:
        parsed: ParsedYaml[Any] = parse_yaml(
            file.yaml, model_shape(), file=str(file.path), stand_in=VARIABLE_ALONE
        )
        self._given: Any = parsed.value
        self._file = file
        self._reader = reader
        self._part: YamlPart = reader.part_of(str(file.path), parsed.lines)

    def flow(self) -> Flow:
        """Return the query's rows; where the comment begins a flow, the query reads its ``{input}``."""
        given, query = self._given, self._file.query
        begins = any(getattr(given, word) is not None for word in self._reader.beginnings)
        if not begins and not query:
            self._part.refuse("there is no query. Fix: write one, or begin a flow in the comment.")
        place = SourceLocation(file=str(self._file.path), line=self._file.query_line)
        if not begins:
            return self._reader.flow(
                given, self._part, beginning=self._reader.query(query, place, self._part)
            )
        flow = self._reader.flow(given, self._part)
        return flow.step(Sql(query=query, location=place)) if query else flow

    def table(self, *, name: str, layer: str, location: SourceLocation) -> TableDefinition:
        """Return the table; a query without a word about writing replaces."""
        write = self._given.write
        if write is None and not any(getattr(self._given, w) is not None for w in self._reader.beginnings):
            write = "replace"
        flow = self.flow()
        if write is not None:
            flow = flow.write(self._reader.write_mode(write, self._part.at("write")))
        options = self._reader.options(self._given.options)
        return TableDefinition(name=name, layer=layer, flow=flow, options=options, location=location)
