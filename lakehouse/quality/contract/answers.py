"""What a contract answers to each difference between rows and their table, decided from the two schemas alone."""

from __future__ import annotations

from pyspark.sql.types import ArrayType, DataType, MapType, StructField, StructType

from lakehouse.delta_log import is_widening
from lakehouse.quality.casts import exact_value
from lakehouse.quality.contract.fit import RESCUED_DATA, ColumnFit, Fit
from lakehouse.quality.contract.inner_fields import has_value_in_others, with_known_fields, without_others
from lakehouse.quality.contract.terms import Answer, Contract
from lakehouse.quality.contract.wider_types import common_type
from lakehouse.quality.schema_validator import Difference, ExtraColumn, SchemaValidator, TypeDiffers
from lakehouse.tables import quoted

__all__ = ["fitted"]


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
    differences = validator.differences(found)
    for difference in differences:  # what is left out of a column is not cast with it
        answers.leave_out_of_columns(difference)
    for difference in differences:
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
        self._left_out: set[str] = set()
        self._contract = contract
        self._expected = {each.name.lower(): each for each in expected.fields}
        self._found = {each.name.lower(): each for each in found.fields}

    def leave_out_of_columns(self, difference: Difference) -> None:
        """Leave a field within a column out where the contract says so, wherever it is not part of a map's key."""
        found, expected = self._root(difference)
        answer = self._contract.columns
        if not isinstance(difference, ExtraColumn) or answer in (None, "evolve", "freeze"):
            return
        if found is None or expected is None or _stays(difference, found, expected):
            return
        self._left_out.add(difference.path)
        self.columns[f"{found.name}.*"] = ColumnFit(
            column=found.name,
            name=f"{found.name}.*",
            value=without_others(quoted(found.name), found.dataType, expected.dataType),
            lost=has_value_in_others(quoted(found.name), found.dataType, expected.dataType),
            answer=answer,
            reason=f"the table takes no other fields in {found.name!r}",
        )

    def take(self, difference: Difference) -> None:
        if difference.path in self._left_out:
            return
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
            self.refused.append(difference)
        else:
            self.columns[field.name] = ColumnFit(
                column=field.name,
                value=None,
                name=field.name,
                lost=f"{quoted(field.name)} IS NOT NULL",
                answer=answer,
                reason=f"the table takes no column {field.name!r}",
            )

    def _root(self, difference: Difference) -> tuple[StructField | None, StructField | None]:
        """Return the column that a difference is in, as it is found and as it is expected."""
        path = difference.path.lower()
        name = path if path in self._found else path.partition(".")[0]
        return self._found.get(name), self._expected.get(name)

    def _type(self, difference: TypeDiffers) -> None:
        answer = self._contract.data_type
        if answer is None:
            return
        found, expected = self._root(difference)
        if answer == "freeze" or found is None or expected is None:
            self.refused.append(difference)
        elif answer == "evolve" and found.name.lower() != difference.path.lower():
            self._widened_field(difference)
        elif answer == "evolve":
            self._widened(difference, found, expected)
        else:
            self._cast(difference, found, expected, answer)

    def _cast(
        self, difference: TypeDiffers, found: StructField, expected: StructField, answer: Answer
    ) -> None:
        given, type_given = quoted(found.name), found.dataType
        if (shorter := self.columns.get(f"{found.name}.*")) is not None and shorter.value is not None:
            given, type_given = shorter.value, with_known_fields(found.dataType, expected.dataType)
        if not _can_be_cast(type_given, expected.dataType):
            self.refused.append(difference)
            return
        value = exact_value(given, type_given, expected.dataType)
        self.columns[found.name] = ColumnFit(
            column=found.name,
            name=found.name,
            value=value,
            lost=f"({quoted(found.name)} IS NOT NULL AND ({value}) IS NULL)",
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
                name=found.name,
                value=f"CAST({quoted(found.name)} AS {text})",
                lost="false",
                answer="evolve",
                reason="",
            )


def _stays(difference: ExtraColumn, found: StructField, expected: StructField) -> bool:
    """Say whether a field is still there when the column is written without the fields that the table lacks."""
    known = StructField(found.name, with_known_fields(found.dataType, expected.dataType))
    validator = SchemaValidator(
        expected=StructType([expected]), missing_allowed=True, check_nullability=False
    )
    return difference in validator.differences(StructType([known]))


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
