"""How rows of one schema come into a table of another, as its contract says."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from pyspark.sql import DataFrame

from lakehouse.quality.casts import CAST_ERRORS
from lakehouse.quality.contract.terms import Answer, Contract
from lakehouse.quality.errors import SchemaMismatchError
from lakehouse.quality.expectation import Expectation
from lakehouse.quality.schema_validator import Difference
from lakehouse.source_location import SourceLocation
from lakehouse.tables import quoted

__all__ = ["RESCUED_DATA", "ColumnFit", "Fit"]

RESCUED_DATA = "_rescued_data"
"""The column for values that no other column takes: JSON by column."""

_MARK = "__lakehouse_contract_{}"


@dataclass(frozen=True, slots=True, kw_only=True)
class ColumnFit:
    """A column of the rows that is not written as it comes."""

    column: str
    name: str
    """What its rule is called after: the column, or with ``.*`` the fields in it that the table lacks."""
    value: str | None
    """SQL of what is written in its place; None where the column is left out."""
    lost: str
    """SQL, true or false for each row: whether it has a value that is not written."""
    answer: Answer
    reason: str
    """What is wrong with a value that is lost."""

    @property
    def found(self) -> str:
        """SQL of a text: the value that is not written, at most 100 characters of it; NULL for other rows."""
        return f"CASE WHEN {self.lost} THEN substring(CAST({quoted(self.column)} AS STRING), 1, 100) END"

    @property
    def takes_rows_out(self) -> bool:
        """Whether a row with such a value is not written."""
        return self.answer in Contract.actions


@dataclass(frozen=True, slots=True, kw_only=True)
class Fit:
    """What is done with rows before they are written, column by column; what is not named stays as it is."""

    columns: tuple[ColumnFit, ...] = ()
    refused: tuple[Difference, ...] = ()
    """What the contract does not take."""
    evolved: tuple[str, ...] = ()
    """What the table is given, for a person: ``adds 'voucher' (string)``."""
    widens: bool = False
    """Whether the table's own columns are to be widened first."""
    rescues: bool = False

    @property
    def refused_paths(self) -> frozenset[str]:
        """The columns, and fields in them, that are refused."""
        return frozenset(each.path for each in self.refused)

    @property
    def leaves_rows_alone(self) -> bool:
        """Whether rows are written as they come, and are judged by nothing here."""
        return not self.columns and not self.rescues

    def check(self, *, subject: str) -> None:
        """Raise SchemaMismatchError with all that is refused."""
        if self.refused:
            raise self.mismatch(subject)

    def mismatch(self, subject: str) -> SchemaMismatchError:
        """Return the error that names all that is refused, and the ways out."""
        return SchemaMismatchError(
            subject=subject,
            differences=[str(each) for each in self.refused],
            ways_out=[each.way_out for each in self.refused],
        )

    def applied(self, frame: DataFrame) -> DataFrame:
        """Return the rows in their new columns, with those of ``marks``, which only ``expectations`` look at."""
        if self.leaves_rows_alone:
            return frame
        changed = {each.column: each for each in self.columns}
        written = [name for name in frame.columns if name not in changed or changed[name].value is not None]
        written = [name for name in written if not (self.rescues and name == RESCUED_DATA)]
        columns = [_written(name, changed.get(name)) for name in written if name != CAST_ERRORS]
        if self.rescues:
            columns.append(f"{self._rescued(frame.columns)} AS {RESCUED_DATA}")
        columns += [f"{each.found} AS {mark}" for mark, each in self._judged()]
        kept = [CAST_ERRORS] if CAST_ERRORS in frame.columns else []
        return frame.selectExpr(*columns, *kept)

    @property
    def marks(self) -> tuple[str, ...]:
        """The columns that tell which rows break the contract, and by what."""
        return tuple(mark for mark, _ in self._judged())

    def expectations(self, *, location: SourceLocation) -> Sequence[Expectation]:
        """Return what rows must keep that may be taken out."""
        return [
            Expectation(
                name=f"contract({each.name})",
                condition=f"{mark} IS NULL",
                action=Contract.actions[each.answer],
                why_broken=each.reason,
                shown=mark,
                location=location,
            )
            for mark, each in self._judged()
        ]

    def _judged(self) -> Iterator[tuple[str, ColumnFit]]:
        there = [each for each in self.columns if each.takes_rows_out]
        yield from ((_MARK.format(number), each) for number, each in enumerate(there))

    def _rescued(self, there: Sequence[str]) -> str:
        """Return SQL of the JSON of all values that are rescued, beside those that the rows bring so already."""
        rescued: dict[str, list[str]] = {}
        for each in self.columns:
            if each.answer == "rescue":
                rescued.setdefault(each.column, []).append(each.lost)
        lost = [
            f"CASE WHEN {' OR '.join(when)} THEN {quoted(name)} END AS {quoted(name)}"
            for name, when in rescued.items()
        ]
        own = f"nullif(to_json(struct({', '.join(lost)})), '{{}}')" if lost else "CAST(NULL AS STRING)"
        if RESCUED_DATA not in there:
            return own
        before = f"nullif({RESCUED_DATA}, '{{}}')"
        together = f"concat(substring({before}, 1, length({before}) - 1), ',', substring({own}, 2))"
        return f"coalesce({together}, {before}, {own})"


def _written(name: str, fit: ColumnFit | None) -> str:
    return quoted(name) if fit is None else f"{fit.value} AS {quoted(name)}"
