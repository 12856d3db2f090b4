"""The SQL that a database is asked, and declarations that it can't be asked by."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import pytest

from lakehouse.ingestion import JdbcTable
from lakehouse.pipelines import from_jdbc, read_yaml_definition

ORDERS = JdbcTable(
    url="jdbc:postgresql://db/shop",
    columns=(("id", "bigint"), ('na"me', "string"), ("price", "decimal(10,2)"), ("updated_at", "timestamp")),
    table="sales.orders",
    cursor="updated_at",
    overlap_seconds=60,
)


def test_columns_are_asked_by_name_and_only_exact_decimals_are_cast() -> None:
    sql = ORDERS.rows_query(after=None, through=None)
    assert sql.startswith(
        'SELECT "id", CAST("na""me" AS VARCHAR) AS "na""me", CAST(CASE WHEN CASE WHEN ABS("price")'
    )
    assert '< 100000000 THEN CASE WHEN CAST("price" AS DECIMAL(10,2)) = "price"' in sql
    assert 'THEN CAST("price" AS VARCHAR) END AS "_rescue_price", "updated_at" FROM "sales"."orders"' in sql
    assert "WHERE" not in sql.rpartition("FROM")[2]


def test_bounds_are_literals_of_the_cursors_type() -> None:
    sql = ORDERS.rows_query(after="2024-01-01 00:00:00+00", through="it's")
    literal = "CAST('{}' AS TIMESTAMP WITH TIME ZONE)"
    assert sql.endswith(
        f' WHERE "updated_at" > {literal.format("2024-01-01 00:00:00+00")}'
        f' AND "updated_at" <= {literal.format("it" + chr(39) * 2 + "s")}'
    )
    assert "- INTERVAL '60.000000' SECOND" in ORDERS.bounds_query(after="2024-01-01 00:00:00+00")
    assert "CAST(NULL AS VARCHAR(64)) AS lower_end" in ORDERS.bounds_query(after=None)


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        ({"url": "postgresql://db"}, "is not the URL of a database"),
        ({"url": "jdbc:postgresql://db/shop?user=u&password=p"}, "has credentials in it"),
        ({"url": "jdbc:postgresql://u:p@db/shop"}, "has credentials in it"),
        ({"query": "SELECT 1"}, "a table or a query is expected"),
        ({"columns": ()}, "no columns are declared"),
        ({"cursor": "changed"}, "the cursor 'changed' is none of the columns"),
        ({"cursor": "id"}, "an overlap is given without a cursor that is a timestamp"),
        ({"partition_on": "price"}, "is no whole number"),
        ({"columns": (("id", "serial"),)}, "the type of the column 'id' is wrong"),
        ({"password": "hunter2"}, "a secret is given by its value"),
    ],
)
def test_a_declaration_that_can_not_be_asked_is_a_problem(change: dict[str, object], problem: str) -> None:
    found = " ".join(map(str, dataclasses.replace(ORDERS, **change).problems()))  # type: ignore[arg-type]
    assert problem in found
    assert "hunter2" not in found
    assert "u:p" not in found
    assert list(ORDERS.problems()) == []


def test_yaml_and_python_declare_the_same_table(tmp_path: Path) -> None:
    path = tmp_path / "p.yaml"
    path.write_text(
        "name: p\ntables:\n  - name: orders\n    layer: bronze\n    write: append\n    flow:\n      from_jdbc:\n"
        "        url: jdbc:postgresql://db/shop\n        table: sales.orders\n"
        "        columns: {id: bigint, updated_at: timestamp}\n        user: env:U\n        password: env:P\n"
        "        cursor: updated_at\n        partition_on: id\n"
    )
    (table,) = read_yaml_definition(path).tables
    in_python = from_jdbc(
        "jdbc:postgresql://db/shop",
        "sales.orders",
        columns={"id": "bigint", "updated_at": "timestamp"},
        user="env:U",
        password="env:P",
        cursor="updated_at",
        partition_on="id",
    )
    assert table.flow.source == in_python.source
