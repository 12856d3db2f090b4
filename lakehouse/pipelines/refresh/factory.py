"""Which class refreshes the tables of which layer (Factory: a new layer is registered, not edited in)."""

from __future__ import annotations

from typing import ClassVar

from lakehouse.pipelines.declare.definition import TableDefinition
from lakehouse.pipelines.errors import UnknownLayerError
from lakehouse.pipelines.refresh.bronze import BronzeIngestionPipeline
from lakehouse.pipelines.refresh.context import RefreshContext
from lakehouse.pipelines.refresh.gold import GoldAggregationPipeline
from lakehouse.pipelines.refresh.silver import SilverCleansePipeline
from lakehouse.pipelines.refresh.table_pipeline import TablePipeline

__all__ = ["PipelineFactory"]


class PipelineFactory:
    """Makes the object that refreshes a table, by the table's layer."""

    _layers: ClassVar[dict[str, type[TablePipeline]]] = {
        "bronze": BronzeIngestionPipeline,
        "silver": SilverCleansePipeline,
        "gold": GoldAggregationPipeline,
    }

    def __init__(self, context: RefreshContext) -> None:
        self._context = context

    @classmethod
    def register(cls, layer: str, pipeline: type[TablePipeline]) -> None:
        """Let ``pipeline`` refresh the tables of ``layer``, a new one or one that there is."""
        cls._layers = {**cls._layers, layer: pipeline}

    @classmethod
    def layers(cls) -> dict[str, type[TablePipeline]]:
        """Return the registered layers."""
        return dict(cls._layers)

    @classmethod
    def shares_steps(cls, table: TableDefinition) -> bool:
        """Say whether the table's layer has any first steps applied once that tables have in common."""
        return table.layer in cls._layers and cls._layers[table.layer].shares_steps

    def create(self, layer: str, table: TableDefinition) -> TablePipeline:
        """Return the pipeline of ``table``. Raises UnknownLayerError."""
        if layer not in self._layers:
            raise UnknownLayerError(
                layer=layer, table=table.name, known=self._layers, location=table.location
            )
        return self._layers[layer](table, self._context)
