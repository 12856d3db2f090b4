"""A table of a database as it is declared, and the SQL that asks for its rows. No Spark here."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

import pyarrow as pa

from lakehouse.ingestion.errors import InvalidApiError
from lakehouse.ingestion.formats.records import Columns, UnknownTypeText, arrow_type
from lakehouse.ingestion.rest.access.secret import Secret

__all__ = ["RESCUE_PREFIX", "JdbcTable"]

RESCUE_PREFIX = "_rescue_"
_CREDENTIALS = re.compile(r"(?i)(user|password|passwd|pwd|token)=|//[^/@]*@")
_DRIVERS = {
    "postgresql": "org.postgresql.Driver",
    "mysql": "com.mysql.cj.jdbc.Driver",
    "mariadb": "org.mariadb.jdbc.Driver",
    "sqlserver": "com.microsoft.sqlserver.jdbc.SQLServerDriver",
    "oracle": "oracle.jdbc.OracleDriver",
}
_NUMBERS = ("tinyint", "smallint", "int", "bigint")


@dataclass(frozen=True, slots=True, kw_only=True)
class JdbcTable:
    """A table or a query, in ANSI SQL with quoted names.

    ``columns`` have Spark's types. A string takes any column, as the database writes it as text; a decimal takes a
    number that it holds exactly. A column of another type is expected to be of just this one.
    """

    url: str
    """``jdbc:postgresql://host:5432/shop``; without credentials."""
    columns: Columns
    table: str = ""
    """With its schema: ``sales.orders``."""
    query: str = ""
    """Instead of a table."""
    user: str = ""
    """Where it stands: ``env:NAME`` or ``file:/path``; empty: the database asks for none."""
    password: str = ""
    driver: str = ""
    """The driver's class; empty: told from the URL."""
    partition_on: str = ""
    """A column of whole numbers, by which tasks read side by side."""
    partitions: int = 8
    fetch_rows: int = 10_000
    """How many rows a task asks for at a time."""
    cursor: str = ""
    """A column that only grows when a row comes or changes, such as ``updated_at``; empty: all rows, each time."""
    overlap_seconds: float = 0.0
    """How far before the last cursor rows are read again: for those that were committed late."""

    def problems(self) -> Sequence[InvalidApiError]:
        """Return what is wrong with the declaration."""
        found: list[tuple[str, str]] = []
        types = dict(self.columns)
        if not self.url.startswith("jdbc:"):
            found.append((f"{self.url!r} is not the URL of a database", "write jdbc:postgresql://host/name."))
        elif _CREDENTIALS.search(self.url):
            found.append(
                ("the URL of the database has credentials in it", "name where they stand: user='env:NAME'.")
            )
        if bool(self.table) == bool(self.query):
            found.append(("a table or a query is expected, and one of them only", "give table= or query=."))
        if not self.columns:
            found.append(("no columns are declared", "give columns={'id': 'bigint', …}."))
        for name, text in self.columns:
            try:
                arrow_type(text)
            except UnknownTypeText as error:
                found.append((f"the type of the column {name!r} is wrong: {error}", "write it as SQL does."))
        for what, name in (("cursor", self.cursor), ("column of partitions", self.partition_on)):
            if name and name not in types:
                found.append((f"the {what} {name!r} is none of the columns", "declare it."))
        if self.partition_on and types.get(self.partition_on) not in _NUMBERS:
            found.append(
                (f"the column of partitions {self.partition_on!r} is no whole number", "take another one.")
            )
        if self.overlap_seconds and (
            not self.cursor or not types.get(self.cursor, "").startswith("timestamp")
        ):
            found.append(("an overlap is given without a cursor that is a timestamp", "leave it out."))
        problems = [InvalidApiError(problem=problem, fix=fix) for problem, fix in found]
        secrets = [Secret(each).problem() for each in (self.user, self.password) if each]
        return [*problems, *(each for each in secrets if each is not None)]

    @property
    def driver_class(self) -> str:
        """The driver's class as it is given, or as the URL tells it; empty where neither does."""
        return self.driver or _DRIVERS.get(self.url.split(":")[1] if ":" in self.url else "", "")

    @property
    def label(self) -> str:
        """The table as messages name it."""
        return self.table or "a query"

    @property
    def _from(self) -> str:
        if self.query:
            return f"({self.query}) AS _given"
        return ".".join(_quoted(part) for part in self.table.split("."))

    def rows_query(self, *, after: str | None, through: str | None) -> str:
        """Return the SQL of the rows whose cursor is above ``after`` and at most ``through``; None: no bound.

        Cursors are texts as ``bounds_query`` gives them.
        """
        parts = [part for name, text in self.columns for part in _selected(name, text)]
        where = [
            f"{_quoted(self.cursor)} {sign} {self._literal(bound)}"
            for sign, bound in ((">", after), ("<=", through))
            if bound is not None
        ]
        condition = f" WHERE {' AND '.join(where)}" if where else ""
        return f"SELECT {', '.join(parts)} FROM {self._from}{condition}"  # noqa: S608 - names are quoted

    def bounds_query(self, *, after: str | None) -> str:
        """Return the SQL of one row of texts: the highest cursor, the lower end of the overlap, rows without cursor."""
        cursor = _quoted(self.cursor)
        lower = "NULL"
        if after is not None:
            lower = self._literal(after)
            if self.overlap_seconds:
                lower = f"{lower} - INTERVAL '{self.overlap_seconds:f}' SECOND"
        return (
            f"SELECT CAST(MAX({cursor}) AS VARCHAR(64)) AS highest, CAST({lower} AS VARCHAR(64)) AS lower_end,"  # noqa: S608
            f" SUM(CASE WHEN {cursor} IS NULL THEN 1 ELSE 0 END) AS without FROM {self._from}"
        )

    def range_query(self, rows: str) -> str:
        """Return the SQL of the least and the greatest number that rows are partitioned by."""
        column = _quoted(self.partition_on)
        return f"SELECT MIN({column}) AS least, MAX({column}) AS greatest FROM ({rows}) AS _rows"  # noqa: S608

    def _literal(self, value: str) -> str:
        sql = {"timestamp": "TIMESTAMP WITH TIME ZONE", "timestamp_ntz": "TIMESTAMP", "date": "DATE"}
        held = dict(self.columns)[self.cursor].strip().lower()
        return f"CAST('{value.replace(chr(39), chr(39) * 2)}' AS {sql.get(held, held)})"


def _selected(name: str, text: str) -> list[str]:
    held, column = arrow_type(text), _quoted(name)
    if pa.types.is_string(held):
        return [f"CAST({column} AS VARCHAR) AS {column}"]
    if not pa.types.is_decimal(held):
        return [column]
    # Casting rounds, or fails: what would not be the same number is taken as text.
    bound = "1" + "0" * (held.precision - held.scale)
    cast = f"CAST({column} AS DECIMAL({held.precision},{held.scale}))"
    fits = (
        f"CASE WHEN ABS({column}) < {bound} THEN CASE WHEN {cast} = {column} THEN 1 ELSE 0 END ELSE 0 END = 1"
    )
    rescue = _quoted(f"{RESCUE_PREFIX}{name}")
    return [
        f"CAST(CASE WHEN {fits} THEN {column} END AS DECIMAL({held.precision},{held.scale})) AS {column}",
        f"CASE WHEN {column} IS NOT NULL AND NOT ({fits}) THEN CAST({column} AS VARCHAR) END AS {rescue}",
    ]


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'
