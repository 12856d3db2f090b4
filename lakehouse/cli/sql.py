"""``lakehouse sql QUERY``: tables of the warehouse by SQL, without Spark unless somebody asks for its dialect."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from importlib import import_module
from pathlib import Path
from typing import IO, Any

import click
import pyarrow as pa
import pyarrow.csv as pc
import pyarrow.parquet as pq

from lakehouse.cli.exit_codes import ExitCode
from lakehouse.cli.output import Output, json_text
from lakehouse.cli.table.cells import cell, json_value
from lakehouse.cli.written_files import opened_to_write
from lakehouse.queries import query
from lakehouse.settings import default_environment, load_settings
from lakehouse.storage import register_settings

__all__ = ["command"]

_SPARK = "lakehouse.cli.sql_by_spark"
"""Loaded only when it is asked for: without it an answer takes a second."""


@click.command("sql")
@click.argument("text", metavar="QUERY")
@click.option(
    "--env", default=default_environment, show_default="local", help="Read conf/environments/ENV.yaml."
)
@click.option("--warehouse", metavar="FOLDER", help="Where the tables are; by default the environment's.")
@click.option("--spark", "by_spark", is_flag=True, help="Answer in Spark's dialect, by a Spark session.")
@click.option(
    "--format",
    "form",
    type=click.Choice(["table", "csv", "json", "parquet"]),
    help="table, or what FILE's name ends in; json is one object a line.",
)
@click.option("--output", "file", type=click.Path(path_type=Path, dir_okay=False), help="Write to FILE.")
def command(
    text: str, env: str, warehouse: str | None, by_spark: bool, form: str | None, file: Path | None
) -> int:
    """Answer QUERY over tables of the warehouse, each written as layer.table. DuckDB's dialect, without Spark.

    \b
    lakehouse sql "SELECT * FROM gold.daily_revenue ORDER BY day DESC LIMIT 5"
    """
    form = form or ("table" if file is None else file.suffix.removeprefix("."))
    if form not in _WRITERS or (file is not None and form == "table"):
        raise click.UsageError(f"{file} can't be written as {form!r}. Fix: --format csv, json or parquet.")
    settings = load_settings(env)
    register_settings(settings.storage)
    settings = settings.with_warehouse(str(warehouse or settings.warehouse))
    if by_spark:
        answer: pa.RecordBatchReader = import_module(_SPARK).answer_of(text, settings)
    else:
        answer = query(text, settings.warehouse)
    with click.open_file("-", "wb") if file is None else opened_to_write(file) as out:
        _WRITERS[form](answer, out)
    return ExitCode.FINE


def _rows(answer: pa.RecordBatchReader) -> Iterator[tuple[Any, ...]]:
    for batch in answer:
        yield from zip(*(column.to_pylist(maps_as_pydicts="lossy") for column in batch.columns), strict=True)


def _table(answer: pa.RecordBatchReader, out: IO[bytes]) -> None:
    numbers = [each.name for each in answer.schema if _is_number(each.type)]
    lines = [[cell(value) for value in row] for row in _rows(answer)]
    Output().table(answer.schema.names, lines, numbers=numbers)


def _is_number(data_type: pa.DataType) -> bool:
    return bool(
        pa.types.is_integer(data_type) or pa.types.is_floating(data_type) or pa.types.is_decimal(data_type)
    )


def _csv(answer: pa.RecordBatchReader, out: IO[bytes]) -> None:
    with pc.CSVWriter(out, answer.schema) as writer:
        for batch in answer:
            writer.write_batch(batch)


def _json(answer: pa.RecordBatchReader, out: IO[bytes]) -> None:
    for row in _rows(answer):
        out.write(json_text(json_value(dict(zip(answer.schema.names, row, strict=True)))).encode() + b"\n")


def _parquet(answer: pa.RecordBatchReader, out: IO[bytes]) -> None:
    with pq.ParquetWriter(out, answer.schema) as writer:
        for batch in answer:
            writer.write_batch(batch)


_WRITERS: dict[str, Callable[[pa.RecordBatchReader, IO[bytes]], None]] = {
    "table": _table,
    "csv": _csv,
    "json": _json,
    "parquet": _parquet,
}
