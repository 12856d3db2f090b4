"""Every difference between two schemas is reported, in one go."""

from __future__ import annotations

import pytest
from pyspark.sql.types import (
    ArrayType,
    DecimalType,
    IntegerType,
    LongType,
    MapType,
    StringType,
    StructField,
    StructType,
)

from lakehouse.quality import (
    ExtraColumn,
    MissingColumn,
    NullabilityDiffers,
    SchemaMismatchError,
    SchemaValidator,
    TypeDiffers,
)

SALES = StructType(
    [
        StructField("Quantity", IntegerType()),
        StructField("UnitPrice", DecimalType(10, 2)),
        StructField("Country", StringType(), nullable=False),
    ]
)


def test_the_same_columns_in_another_order_are_no_difference() -> None:
    assert SchemaValidator(expected=SALES).differences(StructType(list(reversed(SALES.fields)))) == ()


def test_all_differences_come_at_once() -> None:
    found = StructType(
        [
            StructField("Quantiti", IntegerType()),
            StructField("UnitPrice", DecimalType(10, 3)),
            StructField("Country", StringType()),
        ]
    )
    assert SchemaValidator(expected=SALES).differences(found) == (
        MissingColumn(path="Quantity", did_you_mean="Quantiti"),
        TypeDiffers(path="UnitPrice", expected="decimal(10,2)", found="decimal(10,3)"),
        NullabilityDiffers(path="Country"),
        ExtraColumn(path="Quantiti", type="int"),
    )


def test_a_nested_difference_is_named_by_its_path() -> None:
    def nested(leaf) -> StructType:
        line = StructType([StructField("price", leaf)])
        return StructType(
            [
                StructField("lines", ArrayType(line)),
                StructField("by_day", MapType(StringType(), line)),
            ]
        )

    validator = SchemaValidator(expected=nested(IntegerType()))
    assert validator.differences(nested(LongType())) == (
        TypeDiffers(path="lines.element.price", expected="int", found="bigint"),
        TypeDiffers(path="by_day.value.price", expected="int", found="bigint"),
    )


def test_elements_that_may_be_null_are_a_difference() -> None:
    def schema(*, nullable: bool) -> StructType:
        return StructType([StructField("tags", ArrayType(StringType(), nullable))])

    validator = SchemaValidator(expected=schema(nullable=False))
    assert validator.differences(schema(nullable=True)) == (NullabilityDiffers(path="tags.element"),)
    assert SchemaValidator(expected=schema(nullable=True)).differences(schema(nullable=False)) == ()


def test_extra_columns_and_nullability_can_be_allowed() -> None:
    found = StructType(
        [*SALES.fields[:2], StructField("Country", StringType()), StructField("x", LongType())]
    )
    assert (
        SchemaValidator(expected=SALES, extra_allowed=True, check_nullability=False).differences(found) == ()
    )


def test_case_counts_only_where_it_is_asked_for() -> None:
    lower = StructType([StructField(field.name.lower(), field.dataType, field.nullable) for field in SALES])
    assert SchemaValidator(expected=SALES).differences(lower) == ()
    assert len(SchemaValidator(expected=SALES, case_sensitive=True).differences(lower)) == 6


def test_the_error_lists_every_difference_and_ends_in_a_way_out() -> None:
    with pytest.raises(
        SchemaMismatchError, match=r"the frame.*'Quantity' is missing.*'x' .*not expected.*Fix:"
    ):
        SchemaValidator(expected=SALES).check(
            StructType([*SALES.fields[1:], StructField("x", LongType())]), subject="the frame"
        )


def test_a_schema_that_differs_without_a_way_out_of_its_own_is_rebuilt() -> None:
    refused = SchemaMismatchError(subject="the frame", differences=["'x' is missing"])
    assert str(refused).endswith("Fix: rebuild the table by the definition: --full-refresh TABLE.")


def test_missing_columns_can_be_allowed_where_they_may_be_null() -> None:
    expected = StructType().add("id", "integer", False).add("v", "string")
    validator = SchemaValidator(expected=expected, missing_allowed=True)
    assert validator.differences(StructType().add("id", "integer", False)) == ()
    assert [each.path for each in validator.differences(StructType().add("v", "string"))] == ["id"]
