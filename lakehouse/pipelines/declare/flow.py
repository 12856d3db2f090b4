"""A flow: a source, the steps from its rows to the table's, the rules, and how the rows are written."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from pyspark.sql import DataFrame
from pyspark.sql.types import StructType

from lakehouse.ingestion import (
    Auth,
    FileChoice,
    FileFormat,
    Incremental,
    JdbcTable,
    Limits,
    NewColumns,
    NoAuth,
    OnePage,
    Pagination,
    RestApi,
    SchemaChanges,
    columns_of,
    file_format,
)
from lakehouse.pipelines.declare.rules import FlowRule, RuleWords
from lakehouse.pipelines.declare.sources import (
    ChangedFiles,
    DeltaSource,
    FileSource,
    GivenRow,
    JdbcSource,
    ParquetSource,
    RangeSource,
    RestSource,
    RowsSource,
    SeedSource,
    Source,
    TableSource,
    cells_of,
)
from lakehouse.pipelines.declare.steps import (
    ColumnWords,
    CustomWords,
    GroupWords,
    JoinWords,
    OtherTable,
    RowWords,
    Sql,
    Step,
    UnionWords,
    names_in_query,
)
from lakehouse.pipelines.declare.steps.failed_casts import apply_steps
from lakehouse.pipelines.declare.write_modes import (
    Append,
    ApplyChanges,
    ApplyChangesFromSnapshots,
    Merge,
    Replace,
    ReplaceWhere,
    WriteMode,
    names_or_none,
)
from lakehouse.pipelines.errors import NoTableInQueryError, UnknownColumnError, UnknownSourceError
from lakehouse.quality import Condition, Expectation, Schema
from lakehouse.source_location import SourceLocation, caller_location
from lakehouse.words import UnknownWordError

__all__ = [
    "Flow",
    "begin",
    "begin_with_query",
    "from_delta",
    "from_files",
    "from_jdbc",
    "from_parquet",
    "from_range",
    "from_rest",
    "from_rows",
    "read",
    "seed",
    "sql",
    "sql_file",
]


@dataclass(frozen=True, slots=True, kw_only=True)
class Flow(ColumnWords, RowWords, JoinWords, UnionWords, GroupWords, CustomWords, RuleWords):
    """A frozen chain: every method returns a new flow, so that several tables can go on from one.

    Begin with ``from_files``, ``from_rest``, ``read`` or ``sql``. Its words are methods; steps, rules and write
    modes from outside add theirs with ``@word``. ``apply`` runs the steps on a frame of your own, without storage.
    """

    source: Source
    steps: tuple[Step, ...] = ()
    rules: tuple[FlowRule, ...] = ()
    write_mode: WriteMode | None = None

    def step(self, step: Step) -> Flow:
        """Add a step of any kind, also one of your own."""
        return dataclasses.replace(self, steps=(*self.steps, step))

    def __getattr__(self, name: str) -> Callable[..., Flow]:
        """Return the method of a word from outside: its arguments are the fields of the step, rule or write mode."""
        if name.startswith("_"):
            raise AttributeError(name)
        if name in Step.words:
            cls = Step.words[name]
            return lambda *given, **named: self.step(_made(cls, given, named, location=caller_location()))
        if name in FlowRule.words:
            kind = FlowRule.words[name]
            return lambda *given, **named: self.rule(_made(kind, given, named, location=caller_location()))
        if name in WriteMode.words:
            mode = WriteMode.words[name]
            return lambda *given, **named: self.write(_made(mode, given, named))
        raise UnknownFlowWordError(name)

    def rule(self, *rules: FlowRule) -> Flow:
        """Add rules of any kind, also of your own."""
        return dataclasses.replace(self, rules=(*self.rules, *rules))

    @property
    def expectations(self) -> tuple[Expectation, ...]:
        """The rules as each row is judged by them."""
        return tuple(each for rule in self.rules for each in rule.expectations())

    # Writing

    def append(self, *, evolve_schema: bool = False) -> Flow:
        """Add the rows to what the table holds."""
        return self.write(Append(evolve_schema=evolve_schema))

    def replace(self) -> Flow:
        """Put the rows in place of what the table holds."""
        return self.write(Replace())

    def merge(self, *keys: str, sequence_by: str | None = None) -> Flow:
        """Update the rows whose keys match, insert the others.

        With ``sequence_by="updated_at"`` the latest row of a key wins, in whatever order rows come.
        """
        return self.write(Merge(keys=keys, sequence_by=sequence_by))

    def replace_where(self, column: str) -> Flow:
        """Compute the parts of the table again that new rows touch, and put them in place of the old, in one commit.

        A part has one value of the column, such as a day; it must depend on the rows of that part alone.
        """
        return self.write(ReplaceWhere(column=column))

    def apply_changes(
        self,
        *,
        keys: Sequence[str],
        sequence_by: str | Sequence[str],
        apply_as_deletes: Condition | None = None,
        apply_as_truncates: Condition | None = None,
        ignore_null_updates: bool = False,
        column_list: Sequence[str] | None = None,
        except_column_list: Sequence[str] | None = None,
        stored_as_scd_type: Literal[1, 2] = 1,
        track_history_column_list: Sequence[str] | None = None,
        track_history_except_column_list: Sequence[str] | None = None,
        evolve_schema: bool = False,
    ) -> Flow:
        """Keep the table as a feed of changes says, in whatever order, and however often, they come.

        ``sequence_by`` puts the changes of a key in order; of several columns the later ones break ties.
        ``stored_as_scd_type=2`` keeps what each key was, with ``__START_AT`` and ``__END_AT``. A change that
        nobody can place (no key, no sequence, or another one of the same sequence that differs) is quarantined.
        """
        return self.write(
            ApplyChanges(
                keys=tuple(keys),
                sequence_by=(sequence_by,) if isinstance(sequence_by, str) else tuple(sequence_by),
                apply_as_deletes=apply_as_deletes,
                apply_as_truncates=apply_as_truncates,
                ignore_null_updates=ignore_null_updates,
                column_list=names_or_none(column_list),
                except_column_list=names_or_none(except_column_list),
                stored_as_scd_type=stored_as_scd_type,
                track_history_column_list=names_or_none(track_history_column_list),
                track_history_except_column_list=names_or_none(track_history_except_column_list),
                evolve_schema=evolve_schema,
            )
        )

    def apply_changes_from_snapshots(
        self,
        *,
        keys: Sequence[str],
        sequence_by: str | None = None,
        column_list: Sequence[str] | None = None,
        except_column_list: Sequence[str] | None = None,
        stored_as_scd_type: Literal[1, 2] = 1,
        track_history_column_list: Sequence[str] | None = None,
        track_history_except_column_list: Sequence[str] | None = None,
        evolve_schema: bool = False,
    ) -> Flow:
        """Keep the table as snapshots say: all rows that there are, time after time; a missing key is deleted.

        Without ``sequence_by`` each batch is a snapshot: each version of a table that is read whole. Of files, it
        names the column that tells them apart, such as ``_source_file``.
        """
        return self.write(
            ApplyChangesFromSnapshots(
                keys=tuple(keys),
                sequence_by=sequence_by,
                column_list=names_or_none(column_list),
                except_column_list=names_or_none(except_column_list),
                stored_as_scd_type=stored_as_scd_type,
                track_history_column_list=names_or_none(track_history_column_list),
                track_history_except_column_list=names_or_none(track_history_except_column_list),
                evolve_schema=evolve_schema,
            )
        )

    def write(self, mode: WriteMode) -> Flow:
        """Write in any mode, also one of your own."""
        source = self.source.with_older_shapes() if mode.misses_columns else self.source
        return dataclasses.replace(self, source=source, write_mode=mode)

    # Alone

    def apply(self, frame: DataFrame, tables: Mapping[str, DataFrame] | None = None) -> DataFrame:
        """Run the steps on ``frame``, without storage; ``tables`` are those that joins read, by name."""
        context = _GivenTables(tables or {}, location=self.source.location)
        return apply_steps(self.steps, frame, context)


class UnknownFlowWordError(UnknownWordError, AttributeError):
    """A flow has no such method, and no step, rule or write mode has such a word."""

    def __init__(self, name: str) -> None:
        known = [
            *(each for each in dir(Flow) if not each.startswith("_")),
            *Step.words,
            *FlowRule.words,
            *WriteMode.words,
        ]
        super().__init__(kind="word of a flow", word=name, known=known)


@dataclass(frozen=True, slots=True)
class _GivenTables:
    """Frames in place of the pipeline's tables."""

    frames: Mapping[str, DataFrame]
    location: SourceLocation = field(kw_only=True)

    def table(self, name: str) -> OtherTable:
        if name not in self.frames:
            raise UnknownSourceError(source=name, table="apply", known=self.frames, location=self.location)
        return OtherTable(frame=self.frames[name])


def from_files(
    pattern: str,
    *,
    columns: Schema | tuple[str, ...] | list[str] | None = None,
    optional: Sequence[str] = (),
    delimiter: str = ",",
    encoding: str = "utf-8",
    names_grow: bool = False,
    at_rest_seconds: float | None = None,
    changed: ChangedFiles = "reject",
    format: FileFormat | str | None = None,  # noqa: A002 - the word that Spark's readers use
    options: Mapping[str, Any] | None = None,
    manifest: bool = False,
    path_columns: Sequence[str] = (),
    modified_after: str | None = None,
    modified_before: str | None = None,
    max_files: int | None = None,
    max_bytes: int | None = None,
    new_columns: NewColumns = "rescue",
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
    ``changed="replace"`` its rows take the place of those that it gave before, in one commit.

    With ``manifest`` the files that match only name those to take. ``path_columns=["day"]`` takes a column from
    folders named ``day=…``. A batch takes at most ``max_files`` and ``max_bytes``, of files that were changed
    within the bounds (ISO 8601). ``new_columns`` says what becomes of columns that are not declared, and
    ``infer_schema`` makes columns of those in the first batch. ``after_commit`` is ``"delete"``, or a folder
    that files are moved to when their rows are in the table.
    """
    if not isinstance(format, FileFormat):
        format = file_format(  # noqa: A001
            format or "csv",
            {
                "columns": columns,
                "optional": tuple(optional),
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
        changed=changed,
        manifest=manifest,
        choice=FileChoice(
            modified_after=modified_after,
            modified_before=modified_before,
            max_files=max_files,
            max_bytes=max_bytes,
            path_columns=tuple(path_columns),
        ),
        changes=SchemaChanges(new_columns=new_columns, infer=infer_schema),
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
    endpoints: Sequence[str] = ("",),
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
        endpoints=tuple(endpoints),
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
    cursor: str = "",
    overlap_seconds: float = 0.0,
    keys: Sequence[str] = (),
) -> Flow:
    """Begin with the rows of a database's table, or of a ``query``: all of them, or those that a ``cursor`` says.

    ``columns`` have Spark's types; a string takes any column as its text. ``user`` and ``password`` name where
    they stand, ``env:NAME``. ``partition_on`` names a whole number by which tasks read side by side. With
    ``cursor="updated_at"`` a batch takes the rows above the cursor of the one before; ``overlap_seconds``
    reads so far back again, for rows that were committed late, and of those that agree in ``keys`` and cursor only
    what the table does not have stays.
    """
    if isinstance(columns, StructType):
        columns = {field.name: field.dataType.simpleString() for field in columns.fields}
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
            cursor=cursor,
            overlap_seconds=overlap_seconds,
        ),
        location=caller_location(),
    )
    flow = begin(source)
    return flow.deduplicate(*keys, cursor) if overlap_seconds and keys else flow


def read(table: str, *, incremental: bool = False, changes: bool = False) -> Flow:
    """Begin with another table: whole, or (``incremental=True``) only the rows not processed yet.

    Where rows that were processed change, because the other table is merged into, the table is rebuilt from all
    rows. With ``changes=True`` what changed comes instead: each row that went or came, by ``_change_type`` ``delete``
    or ``insert``, with its ``_commit_version``, and ``_change_order``, by which an update's new row is the later one.
    """
    return begin(
        TableSource(table=table, incremental=incremental, changes=changes, location=caller_location())
    )


def from_delta(table: str, *, incremental: bool = False) -> Flow:
    """Begin with a Delta table that this pipeline does not make: whole, or only the rows not processed yet.

    ``table`` is a path or URI, or ``layer.name`` for a table of another pipeline in the same warehouse.
    """
    return begin(DeltaSource(table=table, incremental=incremental, location=caller_location()))


def from_parquet(path: str, *, columns: Mapping[str, str] | StructType) -> Flow:
    """Begin with all Parquet files of a folder, or of a pattern, as they stand; a change of them is news.

    ``columns`` are the names and types to read; files may have more.
    """
    return begin(ParquetSource(path=path, columns=_named_types(columns), location=caller_location()))


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
        return tuple((field.name, field.dataType.simpleString()) for field in schema.fields)
    return tuple(schema.items())


def _made(cls: type, given: Sequence[Any], named: Mapping[str, Any], **more: Any) -> Any:
    """Call a class of keyword-only fields with arguments in the order of its fields, its own before inherited ones."""
    fields = sorted(dataclasses.fields(cls), key=lambda each: each.name not in cls.__annotations__)
    names = [each.name for each in fields if each.name not in more]
    if len(given) > len(names):
        raise TypeError(f"{cls.__name__} takes {len(names)} arguments, got {len(given)}")
    return cls(**dict(zip(names, given, strict=False)), **named, **more)
