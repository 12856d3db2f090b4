"""A layer from outside: its results are approved before they are published."""

from __future__ import annotations

from typing import ClassVar

from pyspark.sql import DataFrame

from lakehouse.pipelines import Batch, GoldAggregationPipeline
from lakehouse.tables import AlreadyPublished, IWritableDeltaTable, Published


class PlatinumPipeline(GoldAggregationPipeline):
    """Gold with a signature."""

    approved: ClassVar[list[str]] = []

    def publish(
        self, target: IWritableDeltaTable, rows: DataFrame, batch: Batch
    ) -> Published | AlreadyPublished:
        self.approved.append(self.table.name)
        return super().publish(target, rows, batch)
