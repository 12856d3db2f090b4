"""Answers a query with DuckDB, over the snapshots of the tables that it names."""

from __future__ import annotations

from typing import Any

import pyarrow as pa
import pyarrow.dataset as ds

from lakehouse.delta_log import Snapshot, storage_key
from lakehouse.optional_imports import require
from lakehouse.queries.errors import QueryError
from lakehouse.queries.names import tables_named

__all__ = ["query"]

_NO_NETWORK = {"autoinstall_known_extensions": False, "autoload_known_extensions": False}


def query(text: str, warehouse: str) -> pa.RecordBatchReader:
    """Return the answer to a query in DuckDB's dialect, as it comes; ``gold.daily_revenue`` is a table.

    Each table is read at its newest version. Plain tables on this machine are read as far as the query needs
    them; of others (deletion vectors, mapped or partition columns, object stores) all rows go into memory.
    Raises QueryError, MissingDependencyError, and what reading the tables raises.
    """
    duckdb = require("duckdb", extra="sql", purpose="SQL without Spark")
    tables = tables_named(text, warehouse)
    connection = duckdb.connect(config=_NO_NETWORK)
    connection.execute("SET TimeZone = 'UTC'")
    for number, ((layer, table), snapshot) in enumerate(tables.items()):
        connection.register(f"rows_{number}", _rows(snapshot))
        connection.execute(f'CREATE SCHEMA IF NOT EXISTS "{layer}"')
        connection.execute(f'CREATE VIEW "{layer}"."{table}" AS SELECT * FROM rows_{number}')  # noqa: S608 - words
    known = tuple(f"{layer}.{table}" for layer, table in tables)
    try:
        kinds = [statement.type for statement in connection.extract_statements(text)]
        if kinds != [duckdb.StatementType.SELECT]:
            raise QueryError(reason="it is not one SELECT", known=known)
        answer: pa.RecordBatchReader = connection.sql(text).to_arrow_reader()
    except duckdb.Error as error:
        raise QueryError(reason=str(error).splitlines()[0].rstrip("."), known=known) from error
    return answer


def _rows(snapshot: Snapshot) -> Any:
    """Return something that DuckDB scans: the files themselves where they hold just the table's rows."""
    paths = snapshot.files()["path"].to_pylist()
    keys = [storage_key(path, table_uri=snapshot.table) for path in paths]
    plain = snapshot.protocol.min_reader_version == 1 and not snapshot.partition_columns
    if not plain or None in keys or "://" in snapshot.table or not keys:
        return snapshot.to_arrow()
    return ds.dataset([f"{snapshot.table}/{key}" for key in keys], schema=snapshot.schema, format="parquet")
