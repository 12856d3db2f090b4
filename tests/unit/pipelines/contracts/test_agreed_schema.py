"""Which columns a contract asks for, and of which types, beside what the table has and what comes."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any

from pyspark.sql.types import (
    DecimalType,
    IntegerType,
    LongType,
    StringType,
    StructField,
    StructType,
    TimestampNTZType,
    TimestampType,
)

from lakehouse.pipelines import DeclarativePipelineBuilder, TableDefinition, read
from lakehouse.pipelines.check.analyses import key_of
from lakehouse.quality import exact_type, parse_odcs

FILE = Path(__file__).parent / "orders.odcs.yaml"
AGREED: dict[str, Any] = {
    "order_id": LongType(),
    "customer": StringType(),
    "amount": DecimalType(10, 2),
    "status": StringType(),
    "ordered_at": TimestampType(),
}


def schema(**changes: Any) -> StructType:
    columns = {**AGREED, **changes}
    return StructType([StructField(name, kind) for name, kind in columns.items() if kind is not None])


def table(*, mode: str = "append", **contract: str) -> TableDefinition:
    flow: Any = read("raw", incremental=mode == "append")
    builder = DeclarativePipelineBuilder("shop").silver("raw", read("r").replace())
    builder.silver("orders", getattr(flow, mode)(), contract={"file": str(FILE), **contract})
    return builder.build().resolved().tables[1]


def refused(found: StructType, held: StructType | None = None, **contract: str) -> list[str]:
    return [str(each) for each in table(**contract).fit(found, held).refused]


def test_rows_of_the_contracts_own_schema_come_in() -> None:
    assert not refused(schema())
    assert not refused(schema(), schema())
    assert refused(schema(status=None)) == ["'status' is missing"]
    assert refused(schema(status=None), schema()) == ["'status' is missing"]
    assert refused(schema(status=None), schema(), columns="evolve") == ["'status' is missing"]


def test_a_physical_type_of_spark_binds_and_a_logical_one_takes_all_types_of_its_kind() -> None:
    assert refused(schema(order_id=IntegerType())) == ["'order_id' is int, expected bigint"]
    assert not refused(schema(ordered_at=TimestampNTZType())), "a timestamp all the same"
    assert refused(schema(ordered_at=StringType())) == ["'ordered_at' is string, expected timestamp"]
    held = schema(ordered_at=TimestampNTZType())
    assert refused(schema(), held) == ["'ordered_at' is timestamp, expected timestamp_ntz"], (
        "as the table has it"
    )
    assert refused(schema(order_id=IntegerType()), mode="replace") == ["'order_id' is int, expected bigint"]


def test_fields_of_a_physical_type_keep_their_names() -> None:
    given = {"name": "place", "logicalType": "object", "physicalType": "STRUCT<City:string>"}
    (column,) = (
        parse_odcs(
            f"kind: DataContract\napiVersion: v3.1.0\nschema: [{{name: t, properties: [{given}]}}]",
            file="t.odcs.yaml",
        )
        .tables[0]
        .properties
    )
    assert exact_type(column) == "STRUCT<City:string>"


def test_columns_beside_the_contract_are_answered_by_it() -> None:
    found = schema(note=StringType())
    fit = table().fit(found, schema())
    assert [(each.column, each.answer) for each in fit.columns] == [("note", "discard_value")]
    fit = table(columns="rescue").fit(found, None)
    assert [(each.column, each.answer) for each in fit.columns] == [("note", "rescue")]
    assert refused(found, schema(note=StringType())) == [], "the table has it already"


def test_a_table_that_can_not_hold_what_the_contract_says_has_to_evolve() -> None:
    held = schema(order_id=IntegerType(), status=None)
    assert refused(schema(), held) == [
        "'order_id' is bigint, expected int",
        "'status' (string) is not expected",
    ]
    evolving = table(columns="evolve", data_type="evolve").fit(schema(), held)
    assert not evolving.refused
    assert evolving.widens, "the table's column is to be changed before rows come into it"
    assert evolving.evolved == ("widens 'order_id' from int to bigint", "adds 'status' (string)")


def test_a_changed_file_is_checked_again_under_the_same_name(tmp_path: Path) -> None:
    file, keys = tmp_path / "orders.odcs.yaml", set()
    for physical in ("decimal(10,2)", "decimal(12,2)"):
        file.write_text(FILE.read_text().replace("decimal(10,2)", physical))
        builder = DeclarativePipelineBuilder("shop").silver("raw", read("r").replace())
        builder.silver("orders", read("raw").replace(), contract=str(file))
        orders = builder.build().resolved().tables[1]
        orders = dataclasses.replace(orders, flow=dataclasses.replace(orders.flow, rules=()))
        keys.add(key_of(orders, inputs={"raw": schema()}, existing=None, settings={}))
    assert None not in keys
    assert len(keys) == 2
