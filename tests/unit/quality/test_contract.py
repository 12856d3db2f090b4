"""What a contract answers to a column or type that a table does not expect, decided from two schemas."""

from __future__ import annotations

import itertools

import pytest
from pyspark.sql.types import (
    BooleanType,
    ByteType,
    DataType,
    DateType,
    DecimalType,
    DoubleType,
    FloatType,
    IntegerType,
    LongType,
    MapType,
    ShortType,
    StringType,
    StructField,
    StructType,
    TimestampNTZType,
    TimestampType,
)

from lakehouse.quality import ANSWERS, Contract, ExtraColumn, MissingColumn, TypeDiffers, common_type, fitted

TYPES: dict[str, DataType] = {
    "tinyint": ByteType(),
    "smallint": ShortType(),
    "int": IntegerType(),
    "bigint": LongType(),
    "float": FloatType(),
    "double": DoubleType(),
    "decimal(10,0)": DecimalType(10, 0),
    "decimal(10,2)": DecimalType(10, 2),
    "decimal(12,2)": DecimalType(12, 2),
    "decimal(22,2)": DecimalType(22, 2),
    "date": DateType(),
    "timestamp_ntz": TimestampNTZType(),
    "timestamp": TimestampType(),
    "string": StringType(),
    "boolean": BooleanType(),
}


def schema(**columns: str | StructType) -> StructType:
    return StructType(
        [StructField(name, TYPES[kind] if isinstance(kind, str) else kind) for name, kind in columns.items()]
    )


HELD = schema(id="int", price="decimal(10,2)", address=schema(zip="int"))

# What Delta's protocol lists under "Type Widening", for these types.
DELTA_WIDENS = {
    ("tinyint", "smallint"),
    ("tinyint", "int"),
    ("tinyint", "bigint"),
    ("smallint", "int"),
    ("smallint", "bigint"),
    ("int", "bigint"),
    ("float", "double"),
    ("tinyint", "double"),
    ("smallint", "double"),
    ("int", "double"),
    ("tinyint", "decimal(10,0)"),
    ("smallint", "decimal(10,0)"),
    ("int", "decimal(10,0)"),
    ("tinyint", "decimal(12,2)"),
    ("smallint", "decimal(12,2)"),
    ("int", "decimal(12,2)"),
    ("tinyint", "decimal(22,2)"),
    ("smallint", "decimal(22,2)"),
    ("int", "decimal(22,2)"),
    ("bigint", "decimal(22,2)"),
    ("decimal(10,2)", "decimal(12,2)"),
    ("decimal(10,2)", "decimal(22,2)"),
    ("decimal(10,0)", "decimal(12,2)"),
    ("decimal(10,0)", "decimal(22,2)"),
    ("decimal(12,2)", "decimal(22,2)"),
    ("date", "timestamp_ntz"),
}


def may_become(narrow: str, wide: str) -> bool:
    return narrow == wide or (narrow, wide) in DELTA_WIDENS


def test_one_type_holds_the_other_exactly_where_delta_widens_it() -> None:
    for one, other in itertools.product(TYPES, TYPES):
        found = common_type(TYPES[one], TYPES[other])
        assert (found == TYPES[other]) == may_become(one, other), (one, other, found)


def test_two_types_meet_in_one_that_both_become_or_nowhere() -> None:
    def text(one: str, other: str) -> str | None:
        found = common_type(TYPES[one], TYPES[other])
        return None if found is None else found.simpleString()

    assert text("int", "float") == "double"
    assert text("decimal(12,2)", "bigint") == "decimal(22,2)"
    assert text("bigint", "double") is None, "a double doesn't hold each bigint"
    assert text("int", "string") is text("timestamp", "timestamp_ntz") is text("boolean", "int") is None
    for one, other in itertools.product(TYPES, TYPES):
        assert common_type(TYPES[one], TYPES[other]) == common_type(TYPES[other], TYPES[one])


@pytest.mark.parametrize("answer", ANSWERS)
def test_a_new_column_is_answered_by_the_word_for_columns(answer: str) -> None:
    found = StructType([*HELD.fields, StructField("new column", StringType())])

    fit = fitted(Contract.of({"columns": answer, "data_type": "freeze"}), HELD, found)

    assert bool(fit.refused) == (answer == "freeze")
    assert fit.evolved == (("adds 'new column' (string)",) if answer == "evolve" else ())
    left_out = [(each.column, each.value) for each in fit.columns]
    assert left_out == ([] if answer in ("evolve", "freeze") else [("new column", None)])
    assert [each.takes_rows_out for each in fit.columns] == [answer in ("discard_row", "quarantine")] * len(
        left_out
    )
    assert fit.rescues == (answer == "rescue")


@pytest.mark.parametrize("answer", ANSWERS)
def test_another_type_is_answered_by_the_word_for_data_types(answer: str) -> None:
    found = schema(id="string", price="decimal(10,2)", address=schema(zip="int"))

    fit = fitted(Contract.of({"columns": "freeze", "data_type": answer}), HELD, found)

    refused = [TypeDiffers(path="id", expected="int", found="string")]
    assert list(fit.refused) == (refused if answer in ("evolve", "freeze") else []), "no int is wide enough"
    assert [each.column for each in fit.columns] == ([] if fit.refused else ["id"])


def test_a_wider_type_widens_the_table_and_a_narrower_one_is_widened_itself() -> None:
    found = schema(id="bigint", price="int", address=schema(zip="int"))

    fit = fitted(Contract.of("evolve"), HELD, found)

    assert fit.evolved == (
        "widens 'id' from int to bigint",
        "widens 'price' from decimal(10,2) to decimal(12,2)",
    )
    assert [(each.column, each.value) for each in fit.columns] == [
        ("price", "CAST(`price` AS decimal(12,2))")
    ]


def test_a_missing_column_is_null_only_where_columns_evolve() -> None:
    found = schema(id="int", price="decimal(10,2)")
    for answer in ANSWERS:
        fit = fitted(Contract.of({"columns": answer}), HELD, found)
        missing = [MissingColumn(path="address", did_you_mean=None)]
        assert list(fit.refused) == ([] if answer == "evolve" else missing)


def test_a_field_within_a_column_is_answered_as_a_column_is() -> None:
    found = schema(id="int", price="decimal(10,2)", address=schema(city="string", ZIP="int"))
    extra = [ExtraColumn(path="address.city", type="string")]
    for answer in ANSWERS:
        fit = fitted(Contract.of({"columns": answer}), HELD, found)
        assert list(fit.refused) == (extra if answer == "freeze" else [])
        left_out = [(each.column, each.name, each.lost) for each in fit.columns]
        lost = ("address", "address.*", "(`address`.`city` IS NOT NULL)")
        assert left_out == ([] if answer in ("evolve", "freeze") else [lost])
        assert all("named_struct('zip', `address`.`ZIP`)" in str(each.value) for each in fit.columns)


def test_a_column_is_cast_without_the_fields_that_are_left_out_of_it() -> None:
    found = schema(id="int", price="decimal(10,2)", address=schema(zip="string", city="string"))
    fit = fitted(Contract.of({"columns": "quarantine", "data_type": "rescue"}), HELD, found)
    assert [(each.name, each.answer) for each in fit.columns] == [
        ("address.*", "quarantine"),
        ("address", "rescue"),
    ]
    assert not fit.refused
    assert "city" not in str(fit.columns[-1].value), "what is written is the last one's value"
    text = schema(id="int", price="decimal(10,2)", address="string")
    assert fitted(Contract.of({"data_type": "rescue"}), HELD, text).refused, "a text is no struct"


def test_a_field_of_a_maps_key_is_never_left_out() -> None:
    held = StructType([StructField("m", MapType(schema(a="int"), schema(b="int")))])
    found = StructType([StructField("m", MapType(schema(a="int", x="int"), schema(b="int", y="int")))])
    fit = fitted(Contract.of({"columns": "discard_value"}), held, found)
    assert list(fit.refused) == [ExtraColumn(path="m.key.x", type="int")]


def test_what_a_contract_does_not_speak_of_is_taken_as_it_comes() -> None:
    found = schema(id="string", other="date")
    assert fitted(Contract(), HELD, found).leaves_rows_alone
    partial = fitted(Contract.of({"columns": "freeze"}), HELD, found)
    assert [type(each) for each in partial.refused] == [MissingColumn, MissingColumn, ExtraColumn]


def test_answers_that_are_not_given_are_those_of_the_write_mode() -> None:
    mode = Contract(columns="freeze", data_type="freeze")
    assert Contract.of({"columns": "rescue"}).over(mode) == Contract(columns="rescue", data_type="freeze")
    assert Contract().over(mode) == mode


def test_a_word_that_is_no_answer_is_refused_with_the_one_that_is_meant() -> None:
    ((wrong, fix),) = Contract.of({"columns": "discard_rows"}).wrong()
    assert (wrong, "discard_row" in fix) == ("the contract columns='discard_rows'", True)
    ((wrong, fix),) = Contract.of({"tables": "rescue"}).wrong()
    assert wrong == "the contract tables='rescue'"
    assert "evolve, freeze, discard_row" in fix
