"""A table's contract and new names are checked where they are declared, before any data."""

from __future__ import annotations

from typing import Any

import pytest
from pyspark.sql.types import DataType, DateType, IntegerType, LongType, StringType, StructField, StructType

from lakehouse.pipelines import DeclarativePipelineBuilder, Flow, TableDefinition, read
from lakehouse.pipelines.check.declarations import declaration_problems
from lakehouse.quality import Contract

READ = read("raw", incremental=True)


def table(flow: Flow, **options: Any) -> TableDefinition:
    builder = DeclarativePipelineBuilder("shop").bronze("raw", read("r", incremental=True).append())
    return builder.silver("t", flow, **options).build().resolved().tables[1]


def problems(flow: Flow, **options: Any) -> list[str]:
    builder = DeclarativePipelineBuilder("shop").bronze("raw", read("r", incremental=True).append())
    return [str(each) for each in declaration_problems(builder.silver("t", flow, **options).build())]


def test_the_write_modes_own_words_are_contracts_too() -> None:
    frozen = Contract(columns="freeze", data_type="freeze")
    assert table(READ.append()).contract == table(READ.merge("id")).contract == frozen
    assert table(READ.append(evolve_schema=True)).contract == Contract(columns="evolve", data_type="evolve")
    assert table(read("raw").replace()).contract == Contract()
    partly = table(READ.append(), contract={"columns": "rescue"})
    assert partly.contract == Contract(columns="rescue", data_type="freeze")


def test_a_contract_that_lets_columns_evolve_lets_the_mode_write_them() -> None:
    (by_contract, by_mode) = (
        table(READ.append(), contract={"columns": "evolve"}),
        table(READ.append(evolve_schema=True)),
    )
    assert by_contract.flow == by_mode.flow
    assert by_contract.contract == Contract(columns="evolve", data_type="freeze"), "append() froze the types"


@pytest.mark.parametrize(
    ("contract", "wrong", "fix"),
    [
        ("freezed", "the contract columns='freezed'", "'freeze'"),
        ({"column": "freeze"}, "the contract 'column'", "'columns'"),
        ({"tables": "rescue"}, "the contract tables='rescue'", "evolve, freeze, discard_row"),
    ],
)
def test_a_wrong_word_is_refused_with_the_one_that_is_meant(contract: Any, wrong: str, fix: str) -> None:
    found = [each for each in problems(READ.append(), contract=contract) if wrong in each]
    assert found
    assert fix in found[0]
    assert "test_contract_options.py:" in found[0]


def test_a_table_that_keeps_changes_is_neither_widened_nor_renamed() -> None:
    changes = READ.apply_changes(keys=["id"], sequence_by="at")
    (found,) = problems(changes, contract={"data_type": "evolve"})
    assert "--full-refresh t" in found
    (found,) = problems(changes, renamed={"a": "b"})
    assert "renamed with apply_changes(id)" in found
    assert not problems(changes, contract={"columns": "evolve"})


def test_a_renamed_column_is_the_one_that_the_table_has_under_its_old_name() -> None:
    held = StructType([StructField("qty", IntegerType()), StructField("note", StringType())])
    rows = StructType([StructField("quantity", IntegerType()), StructField("note", StringType())])
    without, renamed = table(READ.append()), table(READ.append(), renamed={"qty": "quantity"})

    assert [str(each) for each in without.fit(rows, held).refused] == [
        "'qty' is missing",
        "'quantity' (int) is not expected",
    ]
    error = str(without.fit(rows, held).mismatch("t"))
    assert "renamed={'old': 'new'}" in error
    assert "--full-refresh TABLE" in error
    assert renamed.fit(rows, held).leaves_rows_alone
    assert not renamed.fit(rows, held).refused
    assert not renamed.fit(rows, rows).refused, "once it has the new name"
    both = StructType([*held.fields, *rows.fields[:1]])
    assert not renamed.fit(both, both).refused, "a table that has both names keeps both"


HELD = StructType([StructField("qty", IntegerType()), StructField("note", StringType())])
EVOLVE: dict[str, Any] = {"contract": {"columns": "evolve"}}
CHANGES: dict[str, tuple[dict[str, DataType], str, dict[str, Any] | None, str]] = {
    "adds a column": (
        {"qty": IntegerType(), "note": StringType(), "day": DateType()},
        *("'day' (date) is not expected", EVOLVE, "for a new column, contract={'columns': 'evolve'}"),
    ),
    "drops a column": (
        {"qty": IntegerType()},
        *("'note' is missing", EVOLVE, "for a column that no longer comes, contract={'columns': 'evolve'}"),
    ),
    "renames a column": (
        {"units": IntegerType(), "note": StringType()},
        *(
            "'qty' is missing",
            {"renamed": {"qty": "units"}},
            "for one with a new name, renamed={'old': 'new'}",
        ),
    ),
    "widens a type": (
        {"qty": LongType(), "note": StringType()},
        "'qty' is bigint, expected int",
        {"contract": {"data_type": "evolve"}},
        "contract={'data_type': 'evolve'} where the table's can be widened",
    ),
    "has another type": (
        {"qty": IntegerType(), "note": DateType()},
        *("'note' is date, expected string", None, "--full-refresh TABLE"),
    ),
}
"""By change, the columns that come, what is said of them, what lets them pass, and how the error names that."""


@pytest.mark.parametrize("change", CHANGES)
def test_each_change_of_a_schema_is_refused_with_what_lets_it_pass(change: str) -> None:
    columns, said, way, named = CHANGES[change]
    rows = StructType([StructField(name, data_type) for name, data_type in columns.items()])
    error = str(table(READ.append()).fit(rows, HELD).mismatch("t"))
    assert said in error
    assert named in error
    if way is None:
        widening = table(READ.append(), contract={"data_type": "evolve"}).fit(rows, HELD)
        assert named in str(widening.mismatch("t"))
        assert not table(READ.append()).fit(rows, None).refused, "a rebuild has no table before it"
    else:
        assert not table(READ.append(), **way).fit(rows, HELD).refused
