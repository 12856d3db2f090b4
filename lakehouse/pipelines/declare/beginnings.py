"""The words that begin a flow: one for each kind of source."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, Literal

from pyspark.sql.types import StructType

from lakehouse.ingestion import (
    Auth,
    FileChoice,
    FileFormat,
    Incremental,
    JdbcTable,
    KafkaTopics,
    Limits,
    NoAuth,
    OnePage,
    OnRewritten,
    Pagination,
    Payload,
    RestApi,
    SchemaChanges,
    SchemaMode,
    columns_of,
    file_format,
    payload,
)
from lakehouse.pipelines.declare.flow import Flow
from lakehouse.pipelines.declare.sources import (
    DeltaSource,
    FileSource,
    GivenRow,
    JdbcSource,
    KafkaSource,
    PairsSource,
    ParquetSource,
    RangeSource,
    RateSource,
    RestSource,
    RowsSource,
    SeedSource,
    Source,
    TableSource,
    cells_of,
    table_elsewhere,
)
from lakehouse.pipelines.declare.steps import (
    Sql,
    names_in_query,
)
from lakehouse.pipelines.declare.write_modes import (
    Append,
)
from lakehouse.pipelines.declare.yaml_part import names
from lakehouse.pipelines.errors import NoTableInQueryError, UnknownColumnError
from lakehouse.quality import Schema
from lakehouse.source_location import SourceLocation, caller_location
from lakehouse.tables import sql_type

__all__ = [
    "begin",
    "begin_with_query",
    "from_delta",
    "from_files",
    "from_jdbc",
    "from_kafka",
    "from_parquet",
    "from_range",
    "from_rate",
    "from_rest",
    "from_rows",
    "from_table",
    "read",
    "read_pairs",
    "seed",
    "sql",
    "sql_file",
]


def from_files(
    pattern: str,
    *,
    columns: Schema | Sequence[str] | None = None,
    optional: str | Sequence[str] = (),
    delimiter: str = ",",
    encoding: str = "utf-8",
    names_grow: bool = False,
    at_rest_seconds: float | None = None,
    on_rewritten: OnRewritten = "quarantine",
    format: FileFormat | str | None = None,  # noqa: A002 - the word that Spark's readers use
    options: Mapping[str, Any] | None = None,
    manifest: bool = False,
    path_columns: str | Sequence[str] = (),
    modified_after: str | None = None,
    modified_before: str | None = None,
    max_files: int | None = None,
    max_bytes: int | None = None,
    schema_changes: SchemaMode = "rescue",
    infer_schema: bool = False,
    after_commit: str | None = None,
) -> Flow:
    """Begin with the files that match ``pattern``, each taken exactly once.

    They are CSV, all columns as strings: ``columns`` are the names that each file's header must have, in any
    order; of a schema only the names count. Columns that are ``optional`` too are NULL where a file lacks them.
    ``format`` reads files of another kind: a word such as ``"json_lines"``, whose fields are ``options``, or an
    object. There columns have the types that are given, and are strings where none is. A file is taken once it
    was left alone for ``at_rest_seconds`` (on a disk 0.2, in a store 0). With ``names_grow`` each new file's
    name sorts after those before it, and a listing starts after the last one; a name that does not is found a
    day later at most. A file that was taken and comes with other content is set aside; with
    ``on_rewritten="replace"`` its rows take the place of those that it gave before, in one commit, and with
    ``"ignore"`` it is left alone.

    With ``manifest`` the files that match only name those to take. ``path_columns=["day"]`` takes a column from
    folders named ``day=…``. A batch takes at most ``max_files`` and ``max_bytes``, of files that were changed
    within the bounds (ISO 8601). ``schema_changes`` says what becomes of a column that is not declared, of one
    that is missing, and of a value of another type; ``infer_schema`` makes columns of all that the first batch has.
    ``after_commit`` is ``"delete"``, or a folder
    that files are moved to when their rows are in the table.
    """
    if not isinstance(format, FileFormat):
        format = file_format(  # noqa: A001
            format or "csv",
            {
                "columns": columns,
                "optional": names(optional),
                "delimiter": delimiter if delimiter != "," else None,
                "encoding": encoding if encoding != "utf-8" else None,
                **(options or {}),
            },
        )
    source = FileSource(
        pattern=pattern,
        format=format,
        names_grow=names_grow,
        at_rest_seconds=at_rest_seconds,
        on_rewritten=on_rewritten,
        manifest=manifest,
        choice=FileChoice(
            modified_after=modified_after,
            modified_before=modified_before,
            max_files=max_files,
            max_bytes=max_bytes,
            path_columns=names(path_columns),
        ),
        changes=SchemaChanges(mode=schema_changes, infer=infer_schema),
        after_commit=after_commit,
        location=caller_location(),
    )
    return begin(source)


def seed(file: str, *, columns: Mapping[str, str] | None = None) -> Flow:
    """Begin with a small CSV file of the project, in its folder or in ``seeds``: read whole, again when it changes.

    ``columns`` are names of its header with their types; without them all are strings.
    """
    return begin(SeedSource.of(file, columns, location=caller_location()))


def from_rest(
    url: str,
    *,
    endpoints: str | Sequence[str] = ("",),
    records: str = "",
    schema: Mapping[str, str] | StructType | None = None,
    pagination: Pagination | None = None,
    auth: Auth | None = None,
    incremental: Incremental | None = None,
    parameters: Mapping[str, str] | None = None,
    headers: Mapping[str, str] | None = None,
    limits: Limits | None = None,
) -> Flow:
    """Begin with the records of an API's lists: JSON, in pages that are fetched side by side in Spark's tasks.

    Below ``url`` each of the ``endpoints`` is a list; ``records`` says where in a page its records stand, such as
    ``data.items``. ``schema`` names columns and their types; without it the text of each record is the column
    ``record``. ``auth`` names where a secret stands. With ``incremental`` a batch asks for what is new since the
    last one; without it for everything. What can't be fetched comes into the quarantine with its reason.
    """
    api = RestApi(
        url=url,
        endpoints=names(endpoints),
        records=records,
        parameters=dict(parameters or {}),
        headers=dict(headers or {}),
        pagination=pagination or OnePage(),
        auth=auth or NoAuth(),
        incremental=incremental,
        limits=limits or Limits(),
    )
    columns = _named_types(schema) if schema is not None else ()
    return begin(RestSource(api=api, columns=columns, location=caller_location()))


def from_jdbc(
    url: str,
    table: str = "",
    *,
    columns: Mapping[str, str] | str | StructType,
    query: str = "",
    user: str = "",
    password: str = "",
    driver: str = "",
    partition_on: str = "",
    partitions: int = 8,
    fetch_rows: int = 10_000,
    cursor: str = "",
    overlap_seconds: float = 0.0,
    keys: str | Sequence[str] = (),
) -> Flow:
    """Begin with the rows of a database's table, or of a ``query``: all of them, or those that a ``cursor`` says.

    ``columns`` have Spark's types; a string takes any column as its text. ``user`` and ``password`` name where
    they stand, ``env:NAME``. ``partition_on`` names a whole number by which tasks read side by side, each
    ``fetch_rows`` at a time. With
    ``cursor="updated_at"`` a batch takes the rows above the cursor of the one before; ``overlap_seconds``
    reads so far back again, for rows that were committed late, and of those that agree in ``keys`` and cursor only
    what the table does not have stays.
    """
    if isinstance(columns, StructType):
        columns = dict(_named_types(columns))
    source = JdbcSource(
        jdbc=JdbcTable(
            url=url,
            columns=columns_of(columns),
            table=table,
            query=query,
            user=user,
            password=password,
            driver=driver,
            partition_on=partition_on,
            partitions=partitions,
            fetch_rows=fetch_rows,
            cursor=cursor,
            overlap_seconds=overlap_seconds,
        ),
        location=caller_location(),
    )
    flow = begin(source)
    return flow.deduplicate(*names(keys), cursor) if overlap_seconds and keys else flow


def from_kafka(
    servers: str,
    topic: str | Sequence[str],
    *,
    value: Payload | str = "raw",
    columns: Schema | None = None,
    options: Mapping[str, Any] | None = None,
    key: Literal["text", "raw"] = "text",
    starting: str = "earliest",
    max_offsets: int | None = None,
    on_loss: Literal["fail", "accept"] = "fail",
    security: Literal["plaintext", "ssl", "sasl_plaintext", "sasl_ssl"] = "plaintext",
    mechanism: str = "PLAIN",
    user: str = "",
    password: str = "",
    client: Mapping[str, str] | None = None,
) -> Flow:
    """Begin with the records of a topic, or of several: each batch takes what came since the one before.

    ``value`` says what a record's value is: ``"raw"`` (bytes), ``"text"``, ``"json"``, ``"csv"`` or ``"avro"``, with
    the ``columns`` that it becomes, and its ``options``. Beside them a row has ``_key`` (``key="raw"`` leaves it as
    bytes), ``_headers``, ``_topic``, ``_partition``, ``_offset``, ``_timestamp`` and ``_tombstone``. A record that
    can't be read comes into the quarantine.

    The first batch begins at ``starting``: ``"earliest"``, ``"latest"`` or a time (ISO 8601). A batch takes at most
    ``max_offsets``, and from each partition at least one. Records that the brokers have thrown away before a batch
    took them are an error that names them; ``on_loss="accept"`` goes on and counts them. ``user`` and ``password``
    name where they stand, ``env:NAME``; ``client`` has further settings of Kafka's clients.
    """
    if not isinstance(value, Payload):
        value = payload(value, {"columns": columns, **(options or {})})
    topics = KafkaTopics(
        servers=servers,
        topics=names(topic),
        value=value,
        key=key,
        starting=starting,
        max_offsets=max_offsets,
        on_loss=on_loss,
        security=security,
        mechanism=mechanism,
        user=user,
        password=password,
        client=dict(client or {}),
    )
    return begin(KafkaSource(kafka=topics, location=caller_location()))


def read(table: str, *, incremental: bool = False, changes: bool = False) -> Flow:
    """Begin with another table: whole, or (``incremental=True``) only the rows not processed yet.

    Where rows that were processed change, because the other table is merged into, the table is rebuilt from all
    rows. With ``changes=True`` what changed comes instead: each row that went or came, by ``_change_type`` ``delete``
    or ``insert``, with its ``_commit_version``, and ``_change_order``, by which an update's new row is the later one.
    """
    return begin(
        TableSource(table=table, incremental=incremental, changes=changes, location=caller_location())
    )


def read_pairs(
    left: str,
    right: str,
    *,
    on: str | Sequence[str],
    times: tuple[str, str],
    earlier: str = "0 seconds",
    later: str = "0 seconds",
) -> Flow:
    """Begin with each pair of a row of ``left`` and one of ``right`` that agree in ``on`` and lie close in time, once.

    ``times`` are the columns of the left table's time and the right table's: the right one is at most ``earlier``
    before the left one, and at most ``later`` behind it. Whichever comes first waits in its table for the other.
    A column of the right table whose name the left one has too is called ``<right table>_<column>``.
    """
    return begin(
        PairsSource(
            left=left,
            right=right,
            on=names(on),
            times=tuple(times),
            earlier=earlier,
            later=later,
            location=caller_location(),
        )
    )


def from_delta(table: str, *, incremental: bool = False, changes: bool = False) -> Flow:
    """Begin with a Delta table that this pipeline does not make: whole, or only the rows not processed yet.

    ``table`` is a path or URI, or ``layer.name`` for a table of another pipeline in the same warehouse. With
    ``changes`` rows that changed come too, as ``read`` gives them.
    """
    return begin(
        DeltaSource(table=table, incremental=incremental, changes=changes, location=caller_location())
    )


def from_parquet(path: str, *, columns: Mapping[str, str] | StructType) -> Flow:
    """Begin with all Parquet files of a folder, or of a pattern, as they stand; a change of them is news.

    ``columns`` are the names and types to read; files may have more.
    """
    return begin(ParquetSource(path=path, columns=_named_types(columns), location=caller_location()))


def from_table(
    table: str,
    *,
    format: str = "delta",  # noqa: A002 - the word that Spark's readers use
    columns: Mapping[str, str] | StructType | None = None,
    incremental: bool = False,
) -> Flow:
    """Begin with a table that this pipeline does not make, by its name in a catalog or by its place.

    ``catalog.schema.table`` is a name that Spark's session knows; ``format`` is ``delta``, ``iceberg`` or
    ``parquet``, and ``columns`` are the names and types to read. A Delta table may be a path, a URI, or
    ``layer.name`` in the same warehouse; it needs no columns then. A batch names the version that it reads, where the
    format has versions; ``incremental`` takes only the rows that came since the last one.
    """
    named = _named_types(columns) if columns is not None else ()
    location = caller_location()
    return begin(
        table_elsewhere(table, format=format, columns=named, incremental=incremental, location=location)
    )


def from_rows(rows: Iterable[GivenRow], *, columns: Mapping[str, str] | StructType) -> Flow:
    """Begin with rows that stand here, as sequences in the order of ``columns`` or by name: a missing name is NULL.

    A text stands for a value of any type, as SQL reads it: ``"2024-01-01"`` in a column of dates.
    """
    types, location = _named_types(columns), caller_location()
    names = [name for name, _ in types]
    try:
        cells = cells_of(rows, names)
    except KeyError as unknown:
        column = str(unknown.args[0])
        raise UnknownColumnError(
            column=column, available=names, step="from_rows", location=location
        ) from None
    return begin(RowsSource(columns=types, rows=tuple(cells), location=location))


def from_range(stop: int, *, start: int = 0, step: int = 1, column: str = "id") -> Flow:
    """Begin with the whole numbers from ``start`` to ``stop``, ``stop`` left out."""
    return begin(RangeSource(start=start, stop=stop, step=step, column=column, location=caller_location()))


def from_rate(rows_per_second: int = 1) -> Flow:
    """Begin with numbers that come by the clock, from the first refresh on: ``timestamp`` and ``value``."""
    return begin(RateSource(rows_per_second=rows_per_second, location=caller_location()))


def sql(query: str) -> Flow:
    """Begin with a query of Spark SQL over tables of the pipeline, each named in braces and read whole.

    ``sql("SELECT * FROM {orders} JOIN {customers} USING (customer_id)")``. Raises NoTableInQueryError.
    """
    return begin_with_query(query, location=caller_location())


def sql_file(file: str | Path) -> Flow:
    """Begin with the query that stands in a file. Raises NoTableInQueryError, and OSError where the file is missing."""
    return begin_with_query(
        Path(file).read_text(encoding="utf-8"), location=SourceLocation(file=str(file), line=1)
    )


def begin_with_query(query: str, *, location: SourceLocation) -> Flow:
    """Begin with a query that stands at ``location``; the table that it names first is the source."""
    names = names_in_query(query)
    if not names:
        raise NoTableInQueryError(location=location)
    first = TableSource(table=names[0], location=location)
    return begin(first).step(Sql(query=query, input_name=names[0], location=location))


def begin(source: Source) -> Flow:
    """Begin with a source of any kind, also one of your own."""
    mode = Append(evolve_schema=source.adds_columns) if source.is_appended_by_default else None
    return Flow(source=source, write_mode=mode)


def _named_types(schema: Mapping[str, str] | StructType) -> tuple[tuple[str, str], ...]:
    if isinstance(schema, StructType):
        return tuple((field.name, sql_type(field.dataType)) for field in schema.fields)
    return tuple(schema.items())
