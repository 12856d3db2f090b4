"""Which parts of a table's columns get another type, and how SQL names them."""

from __future__ import annotations

from pyspark.sql.types import (
    ArrayType,
    DataType,
    IntegerType,
    LongType,
    MapType,
    ShortType,
    StringType,
    StructField,
    StructType,
)

from lakehouse.tables.changed_types import changed_types, new_parts


def table(**columns: DataType) -> StructType:
    return StructType([StructField(name, each) for name, each in columns.items()])


def nested(number: DataType) -> StructType:
    line = StructType([StructField("unit price", number), StructField("note", StringType())])
    return table(plain=number, lines=ArrayType(line), by_day=MapType(StringType(), number))


def test_each_part_that_changes_is_named_as_sql_names_it() -> None:
    found = list(changed_types(nested(IntegerType()), nested(LongType())))
    assert [each.path for each in found] == ["`plain`", "`lines`.element.`unit price`", "`by_day`.value"]
    assert all((each.held, each.wanted) == (IntegerType(), LongType()) for each in found)
    assert all(each.widens for each in found)
    assert not any(each.widens for each in changed_types(nested(LongType()), nested(ShortType())))


def test_parts_that_may_be_null_have_no_other_type() -> None:
    strict = table(
        tags=ArrayType(StringType(), containsNull=False),
        names=MapType(StringType(), StringType(), valueContainsNull=False),
    )
    loose = table(tags=ArrayType(StringType()), names=MapType(StringType(), StringType()))
    assert not list(changed_types(loose, strict))


def test_columns_of_one_schema_alone_are_left_out_and_case_tells_no_names_apart() -> None:
    held, wanted = table(ID=IntegerType(), old=LongType()), table(id=LongType(), new=StringType())
    assert [each.path for each in changed_types(held, wanted)] == ["`ID`"]


def test_new_parts_are_named_as_sql_names_them_and_come_whole() -> None:
    held = table(ID=IntegerType(), lines=ArrayType(table(a=LongType())), m=MapType(StringType(), table()))
    deep = table(x=table(y=LongType()))
    wanted = table(
        id=IntegerType(),
        lines=ArrayType(table(A=LongType(), b=StringType())),
        m=MapType(StringType(), table(v=LongType())),
        new=deep,
    )
    found = [(each.path, each.type) for each in new_parts(held, wanted)]
    assert found == [
        ("`lines`.element.`b`", StringType()),
        ("`m`.value.`v`", LongType()),
        ("`new`", deep),
    ]
