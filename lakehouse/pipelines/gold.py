"""Gold: results, made whole from whole tables, and put in place of the old ones in one commit."""

from __future__ import annotations

from lakehouse.pipelines.batches import Batch
from lakehouse.pipelines.table_pipeline import TablePipeline, Verdict

__all__ = ["GoldAggregationPipeline"]


class GoldAggregationPipeline(TablePipeline):
    """Replaces: with the old result go the rows that were set aside from it."""

    def set_aside(self, verdict: Verdict, batch: Batch) -> None:
        quarantine = self.quarantine()
        if self.write_mode.keeps_rows:
            super().set_aside(verdict, batch)
        elif verdict.quarantined is not None:
            quarantine.replace(self.marked(verdict.quarantined, batch), transaction=batch.transaction)
        elif (state := quarantine.state()) is not None:
            nothing = quarantine.read(version=state.version).limit(0)
            quarantine.replace(nothing, transaction=batch.transaction)

    def has_news(self, batch: Batch, last: Batch) -> bool:
        """A result is made anew also when its definition is another; rows that were appended stay as they are."""
        return super().has_news(batch, last) or batch.fingerprint != last.fingerprint
