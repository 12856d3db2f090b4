"""How rows of one schema come into a table of another, as its contract says: decided from the two schemas alone."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from pyspark.sql import DataFrame
from pyspark.sql.types import ArrayType, DataType, MapType, StructField, StructType

from lakehouse.delta_log import is_widening
from lakehouse.quality.casts import CAST_ERRORS, exact_value
from lakehouse.quality.contract.terms import Answer, Contract
from lakehouse.quality.contract.wider_types import common_type
from lakehouse.quality.errors import SchemaMismatchError
from lakehouse.quality.expectation import Expectation
from lakehouse.quality.schema_validator import Difference, ExtraColumn, SchemaValidator, TypeDiffers
from lakehouse.source_location import SourceLocation
from lakehouse.tables import quoted

__all__ = ["RESCUED_DATA", "ColumnFit", "Fit", "fitted"]

RESCUED_DATA = "_rescued_data"
"""The column for values that no other column takes: JSON by column."""

_MARK = "__lakehouse_contract_{}"


@dataclass(frozen=True, slots=True, kw_only=True)
class ColumnFit:
    """A column of the rows that is not written as it comes."""

    column: str
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
        """Return what rows must keep that may be taken out, each called after its column."""
        return [
            Expectation(
                name=f"contract({each.column})",
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
        lost = [
            f"CASE WHEN {each.lost} THEN {quoted(each.column)} END AS {quoted(each.column)}"
            for each in self.columns
            if each.answer == "rescue"
        ]
        own = f"nullif(to_json(struct({', '.join(lost)})), '{{}}')" if lost else "CAST(NULL AS STRING)"
        if RESCUED_DATA not in there:
            return own
        before = f"nullif({RESCUED_DATA}, '{{}}')"
        together = f"concat(substring({before}, 1, length({before}) - 1), ',', substring({own}, 2))"
        return f"coalesce({together}, {before}, {own})"


def fitted(contract: Contract, expected: StructType, found: StructType) -> Fit:
    """Return how rows of the schema ``found`` come into a table of the schema ``expected``.

    Where columns evolve, rows may lack a column, which is NULL then. What the contract does not speak of is taken
    as it comes.
    """
    if contract.rescues:  # rows get this column here, whether the table has it yet or not
        expected, found = _without(expected, RESCUED_DATA), _without(found, RESCUED_DATA)
    missing_allowed = contract.columns in (None, "evolve")
    validator = SchemaValidator(expected=expected, missing_allowed=missing_allowed, check_nullability=False)
    answers = _Answers(contract, expected, found)
    for difference in validator.differences(found):
        answers.take(difference)
    return Fit(
        columns=tuple(answers.columns.values()),
        refused=tuple(answers.refused),
        evolved=tuple(answers.evolved),
        widens=answers.widens,
        rescues=contract.rescues,
    )


class _Answers:
    """What the contract says to one difference after the other."""

    def __init__(self, contract: Contract, expected: StructType, found: StructType) -> None:
        self.columns: dict[str, ColumnFit] = {}
        self.refused: list[Difference] = []
        self.evolved: list[str] = []
        self.widens = False
        self._contract = contract
        self._expected = {each.name.lower(): each for each in expected.fields}
        self._found = {each.name.lower(): each for each in found.fields}

    def take(self, difference: Difference) -> None:
        match difference:
            case ExtraColumn():
                self._extra(difference)
            case TypeDiffers():
                self._type(difference)
            case _ if self._contract.columns is not None:
                self.refused.append(difference)

    def _extra(self, difference: ExtraColumn) -> None:
        answer = self._contract.columns
        if answer is None:
            return
        if answer == "evolve":
            self.evolved.append(f"adds {difference.path!r} ({difference.type})")
        elif answer == "freeze" or (field := self._found.get(difference.path.lower())) is None:
            self.refused.append(difference)  # a field of a struct can't be left out by itself
        else:
            self.columns[field.name] = ColumnFit(
                column=field.name,
                value=None,
                lost=f"{quoted(field.name)} IS NOT NULL",
                answer=answer,
                reason=f"the table takes no column {field.name!r}",
            )

    def _type(self, difference: TypeDiffers) -> None:
        answer = self._contract.data_type
        if answer is None:
            return
        root = (
            difference.path if difference.path.lower() in self._found else difference.path.partition(".")[0]
        )
        found, expected = self._found.get(root.lower()), self._expected.get(root.lower())
        if answer == "freeze" or found is None or expected is None:
            self.refused.append(difference)
        elif answer == "evolve" and found.name.lower() != difference.path.lower():
            self._widened_field(difference)
        elif answer == "evolve":
            self._widened(difference, found, expected)
        elif not _can_be_cast(found.dataType, expected.dataType):
            self.refused.append(difference)
        else:
            name = quoted(found.name)
            value = exact_value(name, found.dataType, expected.dataType)
            self.columns[found.name] = ColumnFit(
                column=found.name,
                value=value,
                lost=f"({name} IS NOT NULL AND ({value}) IS NULL)",
                answer=answer,
                reason=f"{found.name!r} can't be {expected.dataType.simpleString()}",
            )

    def _widened_field(self, difference: TypeDiffers) -> None:
        """Take a wider type of a field in a column; a narrower one is not cast by itself."""
        if not is_widening(difference.expected, difference.found):
            self.refused.append(difference)
            return
        self.widens = True
        self.evolved.append(f"widens {difference.path!r} from {difference.expected} to {difference.found}")

    def _widened(self, difference: TypeDiffers, found: StructField, expected: StructField) -> None:
        wide = common_type(expected.dataType, found.dataType)
        if wide is None:
            self.refused.append(difference)
            return
        text = wide.simpleString()
        if wide != expected.dataType:
            self.widens = True
            self.evolved.append(f"widens {expected.name!r} from {expected.dataType.simpleString()} to {text}")
        if wide != found.dataType:
            self.columns[found.name] = ColumnFit(
                column=found.name,
                value=f"CAST({quoted(found.name)} AS {text})",
                lost="false",
                answer="evolve",
                reason="",
            )


def _written(name: str, fit: ColumnFit | None) -> str:
    return quoted(name) if fit is None else f"{fit.value} AS {quoted(name)}"


def _without(schema: StructType, name: str) -> StructType:
    return StructType([each for each in schema.fields if each.name != name])


def _can_be_cast(found: DataType, expected: DataType) -> bool:
    """Say whether values of one type can be tried in the other, part by part."""
    match found, expected:
        case StructType(), StructType():
            parts = zip(found.fields, expected.fields, strict=False)
            return len(found) == len(expected) and all(
                one.name.lower() == other.name.lower() and _can_be_cast(one.dataType, other.dataType)
                for one, other in parts
            )
        case ArrayType(), ArrayType():
            return _can_be_cast(found.elementType, expected.elementType)
        case MapType(), MapType():
            return _can_be_cast(found.keyType, expected.keyType) and _can_be_cast(
                found.valueType, expected.valueType
            )
    nested = (StructType, ArrayType, MapType)
    return not isinstance(found, nested) and not isinstance(expected, nested)
