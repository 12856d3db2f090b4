"""Rows that are judged and counted by the action that writes them, so that they are looked at once."""

from __future__ import annotations

from dataclasses import dataclass

from pyspark.sql import DataFrame, Observation

from lakehouse.pipelines.refresh.row_counts import rows
from lakehouse.quality import Judgement, Tally

__all__ = ["CountedRows"]


@dataclass(frozen=True, slots=True, kw_only=True)
class CountedRows:
    """Rows that carry their marks, and are counted when those to write go through them.

    What is set aside is computed a second time, and only where there is any: for rows that are computed again in less
    time than keeping them would take.
    """

    judgement: Judgement
    point: Observation
    entered: Observation
    table: str

    @classmethod
    def of(cls, judgement: Judgement, entered: Observation, *, table: str) -> CountedRows:
        """Return the rows with a point that counts them; ``entered`` is one before their marks."""
        counted, point = judgement.counting_itself()
        return cls(judgement=counted, point=point, entered=entered, table=table)

    def kept(self) -> DataFrame:
        """Return the rows to write."""
        return self.judgement.kept()

    def tally(self, written: int) -> Tally:
        """Return the counts once the rows are written; ``written`` is how many there are in the files.

        Raises ConservationError, and ExpectationFailedError where a fatal rule is broken: the files are nobody's yet.
        """
        counts = self.point.get
        tally = self.judgement.tally_of(counts) if counts.get("warn") == written else None
        if tally is None:
            # The optimizer left the point out, or a stage that was repeated counted twice.
            tally = self.judgement.tally()
        else:
            tally = tally.with_rows_in(rows(self.entered))
        self.judgement.check_fatal(tally, table=self.table)
        tally.check_conservation(table=self.table)
        return tally

    def quarantined(self) -> DataFrame:
        """Return the rows to set aside."""
        return self.judgement.quarantined()
