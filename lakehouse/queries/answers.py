"""Answers a query with DuckDB, over the snapshots of the tables that it names."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pyarrow as pa
import pyarrow.dataset as ds

from lakehouse.delta_log import Snapshot, storage_key
from lakehouse.optional_imports import require
from lakehouse.queries.errors import MissingTableError, QueryError
from lakehouse.queries.names import names_in, tables_named
from lakehouse.storage import parse_uri

__all__ = ["query"]

_NO_NETWORK = {"autoinstall_known_extensions": False, "autoload_known_extensions": False}
_PARQUET = ds.ParquetFileFormat(coerce_int96_timestamp_unit="us")
_OF_A_VALUE = re.compile(r"(Conversion|Out of Range|Invalid Input) Error")
_COLUMNS = "Candidate bindings: "
_NO_TABLE = re.compile(r'Catalog Error: Table with name "?(?P<name>\w+(?:\.\w+)?)"? does not exist')


def query(text: str, warehouse: str) -> pa.RecordBatchReader:
    """Return the answer to a query in DuckDB's dialect, as it comes; ``gold.daily_revenue`` is a table.

    Each table is read at its newest version. Plain tables on this machine are read as far as the query needs
    them; of others (deletion vectors, mapped or partition columns, nested types, stores) all rows go into memory.
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
    except duckdb.CatalogException as error:
        missing = _missing_table(str(error), text)
        if missing is None:
            raise _refused(error, known) from error
        raise MissingTableError(table=missing, warehouse=warehouse, known=known) from error
    except duckdb.Error as error:
        raise _refused(error, known) from error
    return pa.RecordBatchReader.from_batches(answer.schema, _batches(answer, known))


def _batches(answer: pa.RecordBatchReader, known: tuple[str, ...]) -> Iterator[pa.RecordBatch]:
    """Yield what DuckDB computes while it is read: only then does it meet a value that it can't use."""
    try:
        yield from answer
    except (OSError, pa.ArrowException) as error:  # DuckDB's own errors come through Arrow as these
        raise _refused(error, known) from error


def _refused(error: Exception, known: tuple[str, ...]) -> QueryError:
    """Return what DuckDB says in its first line; the second may have the way out."""
    first, second, *_ = (*map(str.strip, str(error).splitlines()), "")
    reason = first.rstrip(".!")
    if "reading the stream" in reason:  # of a table's files
        return QueryError(reason=reason, known=known, fix="see what it lacks: lakehouse table verify PATH.")
    if _OF_A_VALUE.match(reason):
        fix = "correct this part of the query; try_cast gives NULL where a value is of no such type."
        return QueryError(reason=reason, known=known, fix=fix)
    if second.startswith(_COLUMNS):
        columns = second.removeprefix(_COLUMNS)
        return QueryError(reason=reason, known=known, fix=f"use a column that is there, such as {columns}.")
    if second.startswith(("Did you mean", "Either ")):
        return QueryError(reason=reason, known=known, fix=f"{second.rstrip('.')}.")
    return QueryError(reason=reason, known=known)


def _missing_table(reason: str, query: str) -> str | None:
    """Return the table of the query that DuckDB does not find, as layer.table; None where it misses something else."""
    found = _NO_TABLE.match(reason)
    if found is None:
        return None
    name = found["name"]
    layers = (f"{layer}.{table}" for layer, table in names_in(query) if table == name.lower())
    return name if "." in name else next(layers, None)


def _rows(snapshot: Snapshot) -> Any:
    """Return something that DuckDB scans: the files themselves where they hold just the table's rows."""
    place = parse_uri(snapshot.table)
    keys = [storage_key(path, table_uri=snapshot.table) for path in snapshot.files()["path"].to_pylist()]
    if place.scheme != "file" or not keys or None in keys or not _is_plain(snapshot):
        return snapshot.to_arrow()
    files = [f"{place.path}/{key}" for key in keys]
    try:
        return ds.dataset(files, schema=snapshot.schema, format=_PARQUET)
    except FileNotFoundError:
        return snapshot.to_arrow()  # which says what is missing, and for which version


def _is_plain(snapshot: Snapshot) -> bool:
    """Say whether the files have the table's columns by their names; a list or struct may have grown since."""
    is_flat = not any(pa.types.is_nested(each.type) for each in snapshot.schema)
    return snapshot.protocol.min_reader_version == 1 and not snapshot.partition_columns and is_flat
