"""What tables, and what they read, are called in events of OpenLineage."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from lakehouse.pipelines.declare.sources.dataset_name import DatasetName
from lakehouse.pipelines.open_events.subject import RunSubject

__all__ = ["Datasets"]


@dataclass(frozen=True)
class Datasets:
    """The datasets of a pipeline. ``namespace`` is that of jobs, and of what lies in no store that we know."""

    subject: RunSubject
    namespace: str

    def of(self, table: str) -> dict[str, Any]:
        """Return the dataset of a declared table."""
        declared = self.subject.graph.tables[table]
        return self._dataset(DatasetName.at(self.subject.warehouse.path_of(declared.layer, declared.folder)))

    def inputs(self, table: str) -> list[dict[str, Any]]:
        """Return what a table reads: tables of the pipeline, tables from outside, and what its source reads."""
        declared = self.subject.graph.tables[table]
        found = [self.of(each) for each in sorted(self.subject.graph.inputs[table])]
        found += [self._outside(each.table) for each in declared.inputs() if each.outside]
        source = declared.flow.source.dataset
        return found if source is None else [self._dataset(source), *found]

    def named(self, name: str) -> dict[str, Any]:
        """Return the dataset that lineage names: a declared table, a table from outside, or a source by its label."""
        plain = name.strip("'")
        if plain in self.subject.graph.tables:
            return self.of(plain)
        return self._others.get(name) or {"namespace": self.namespace, "name": plain}

    @cached_property
    def _others(self) -> Mapping[str, dict[str, Any]]:
        return dict(self._beside())

    def _beside(self) -> Iterator[tuple[str, dict[str, Any]]]:
        for declared in self.subject.graph.tables.values():
            source = declared.flow.source
            if source.dataset is not None:
                yield source.label, self._dataset(source.dataset)
            for each in declared.inputs():
                if each.outside:
                    yield from dict.fromkeys(
                        (each.table, repr(each.table)), self._outside(each.table)
                    ).items()

    def _outside(self, table: str) -> dict[str, Any]:
        return self._dataset(DatasetName.at(self.subject.warehouse.path_of_outside(table)))

    def _dataset(self, named: DatasetName) -> dict[str, Any]:
        return {"namespace": named.namespace or self.namespace, "name": named.name}
