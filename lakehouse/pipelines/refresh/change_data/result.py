"""What was decided, as the rows to write, to keep beside the table and to set aside, and as counts that add up."""

from __future__ import annotations

import dataclasses
import functools
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F
from pyspark.sql.types import StructType

from lakehouse.pipelines.declare.change_data import (
    DELETED,
    FIRST,
    GIVEN,
    KEY,
    NEWLY_IN_CONFLICT,
    ORIGIN,
    OUTCOME,
    ROW,
    ChangeRules,
    Origin,
    Outcome,
)
from lakehouse.pipelines.refresh.change_data.gathered import Gathered
from lakehouse.pipelines.refresh.judged_rows import JudgedRows
from lakehouse.pipelines.refresh.row_counts import RowCounter
from lakehouse.quality import ConservationError, Tally
from lakehouse.tables import in_fields_of

__all__ = ["ChangeResult", "KeepBeside"]

KeepBeside = Callable[[DataFrame, DataFrame | None], DataFrame]
"""Takes the changes to keep beside the table and the marker to note there; gives the rows to publish there."""

_CONFLICT_RULE = "change(conflict)"
"""The rule under which changes are counted and set aside that contradict each other."""
_LATE_RULE = "change(late)"
"""The rule under which rows of a snapshot are set aside that came after it, or a later one, was taken."""
_TAKEN_BEFORE = "this snapshot, or a later one, was taken with an earlier batch"
_CONTRADICTED = "another change of this key and sequence says something else"
_EARLIER = "; this one came with an earlier batch"
_DELETES = ", and deletes"


class ChangeResult:
    """Of one batch; ``decided`` is computed once."""

    def __init__(self, table: str, rules: ChangeRules, gathered: Gathered, decided: DataFrame) -> None:
        self._table = table
        self._rules = rules
        self._gathered = gathered
        self._decided = decided

    def of(self, rows: JudgedRows, counter: RowCounter, *, keep_beside: KeepBeside | None) -> JudgedRows:
        """Return the judged rows with what became of them. Raises ConservationError where one is lost.

        ``keep_beside`` is None where nothing is kept for later batches.
        """
        counts = _Counts.of(
            self._decided, self._gathered.kept_beside, late_is_refused=self._rules.from_snapshots
        )
        assert rows.tally is not None  # noqa: S101 - the mode's own rules judge every row
        tally = counts.tally_after(rows.tally, clearing_rows=self._gathered.clearing_rows, table=self._table)
        came = rows.tally.written
        counter.decided("duplicate changes", came, counts.duplicates)
        counter.decided("late changes", came - counts.duplicates, counts.late)
        return dataclasses.replace(
            rows,
            kept=self._to_write(),
            kept_is_decided=True,
            beside=None if keep_beside is None else self._beside(counts, keep_beside),
            quarantined=self._quarantined(rows.quarantined, counts),
            rejected_count=rows.rejected_count + counts.withdrawn,
            tally=tally,
            persisted=(*rows.persisted, *self._gathered.persisted, self._decided),
        )

    def _to_write(self) -> DataFrame:
        if self._gathered.held is None:
            return self._rules.shown(self._decided)
        return self._rules.to_write(self._decided, self._gathered.held)

    def _beside(self, counts: _Counts, keep: KeepBeside) -> DataFrame | None:
        marker = self._gathered.marker
        if not counts.kept and marker is None:
            return None
        return keep(self._decided.where(self._gathered.kept_beside), marker)

    def _quarantined(self, others: DataFrame | None, counts: _Counts) -> DataFrame | None:
        if not counts.conflicts + counts.withdrawn + counts.refused:
            return others
        came = self._decided.where(F.col(OUTCOME) == Outcome.CONFLICT.value)
        found = [came.select(f"{GIVEN}.*", _errors(F.lit(_CONTRADICTED)))]
        if counts.refused:
            late = self._decided.where(F.col(OUTCOME) == Outcome.LATE.value)
            found.append(late.select(f"{GIVEN}.*", _errors(F.lit(_TAKEN_BEFORE), rule=_LATE_RULE)))
        if counts.withdrawn:
            deletes = F.when(F.col(DELETED), F.lit(_DELETES)).otherwise(F.lit(""))
            message = F.concat(F.lit(_CONTRADICTED), F.lit(_EARLIER), deletes)
            withdrawn = self._decided.where(_is_withdrawn())
            found.append(withdrawn.select(*self._as_given(), _errors(message)))
        if others is not None:
            found.insert(0, others)
        return functools.reduce(lambda one, other: one.unionByName(other, allowMissingColumns=True), found)

    def _as_given(self) -> Sequence[Column]:
        """Return a change of an earlier batch in the columns of the feed, as far as they are known."""
        given = self._decided.schema[GIVEN].dataType
        assert isinstance(given, StructType)  # noqa: S101 - it is made so
        row_type, columns = self._gathered.row_type, []
        for each in given:
            if each.name in self._rules.keys:
                value = F.col(KEY).getField(each.name)
            elif each.name in self._rules.sequence_by:
                value = self._rules.part_of_sequence(each.name)
            elif each.name in row_type.names:
                known = row_type[each.name].dataType
                value = in_fields_of(F.col(ROW).getField(each.name), known, each.dataType)
            else:
                value = F.lit(None).cast(each.dataType)
            columns.append(value.alias(each.name))
        return columns


@dataclass(frozen=True, slots=True, kw_only=True)
class _Counts:
    """How many changes became what."""

    applied: int
    late: int
    refused: int
    """Late ones that are set aside: what a snapshot says can't be told apart from others once these were taken."""
    duplicates: int
    conflicts: int
    withdrawn: int
    """Changes of earlier batches that are in conflict now."""
    kept: int
    """Changes to be kept beside the table."""

    @classmethod
    def of(cls, decided: DataFrame, kept: Column, *, late_is_refused: bool) -> _Counts:
        """Count in one pass."""
        outcomes = {
            "applied": Outcome.APPLIED,
            "refused" if late_is_refused else "late": Outcome.LATE,
            "duplicates": Outcome.DUPLICATE,
            "conflicts": Outcome.CONFLICT,
        }
        row = decided.agg(
            *(F.count_if(F.col(OUTCOME) == each.value).alias(name) for name, each in outcomes.items()),
            F.count_if(_is_withdrawn()).alias("withdrawn"),
            F.count_if(kept).alias("kept"),
        ).first()
        assert row is not None  # noqa: S101 - an aggregate without groups has one row
        return cls(**{"late": 0, "refused": 0, **row.asDict()})

    def tally_after(self, judged: Tally, *, clearing_rows: int, table: str) -> Tally:
        """Return the counts of the rules with those of the decision. Raises ConservationError."""
        written, dropped = self.applied + clearing_rows, self.late + self.duplicates
        aside = self.conflicts + self.refused
        if judged.written != written + dropped + aside:
            raise ConservationError(
                table=table,
                rows_in=judged.written,
                written=written,
                dropped=dropped,
                quarantined=aside,
            )
        refused = {_LATE_RULE: self.refused} if self.refused else {}
        return dataclasses.replace(
            judged,
            written=written,
            dropped=judged.dropped + dropped,
            quarantined=judged.quarantined + aside,
            broken={**judged.broken, _CONFLICT_RULE: self.conflicts, **refused},
        )


def _errors(message: Column, *, rule: str = _CONFLICT_RULE) -> Column:
    error = F.struct(F.lit(rule).alias("rule"), message.alias("message"))
    return F.array(error).cast("array<struct<rule:string,message:string>>").alias("_errors")


def _is_withdrawn() -> Column:
    return F.col(NEWLY_IN_CONFLICT) & F.col(FIRST) & (F.col(ORIGIN) < F.lit(int(Origin.FEED)))
