"""What a report shows, as plain data: nothing here knows HTML, Spark or storage."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import Enum

__all__ = [
    "Failure",
    "Report",
    "ReportColumn",
    "ReportRule",
    "ReportRun",
    "ReportStep",
    "ReportTable",
    "RowFlow",
    "Sample",
    "State",
]


class State(Enum):
    """How a table, or a run, stands: a sign and a word, so that colour says nothing alone."""

    DONE = ("done", "✓")
    NOTHING_NEW = ("nothing new", "=")
    FAILED = ("failed", "✕")
    SKIPPED = ("skipped", "»")
    NOT_RUN = ("not run", "○")

    @property
    def word(self) -> str:
        """The state in words."""
        return self.value[0]

    @property
    def sign(self) -> str:
        """One character before the word."""
        return self.value[1]

    @property
    def key(self) -> str:
        """A word for style sheets."""
        return self.name.lower().replace("_", "-")


@dataclass(frozen=True, slots=True, kw_only=True)
class Failure:
    """Why a table, or a run, failed."""

    error_class: str
    message: str
    root_cause: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RowFlow:
    """Where the rows of a run went: judged = written + dropped + quarantined."""

    judged: int
    written: int
    dropped: int
    quarantined: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportStep:
    """A step of a flow, with what it took out in the table's last refresh; None where that isn't counted."""

    label: str
    place: str
    """``file:line``; empty for what no line declares."""
    rows_in: int | None = None
    rows_out: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportRule:
    """A rule, and how many rows broke it in the last refreshes, oldest first."""

    name: str
    action: str
    place: str
    broken: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportColumn:
    """A column, and the columns that its values come from."""

    name: str
    type: str
    comment: str = ""
    sources: tuple[str, ...] = ()
    """``table.column``."""
    how: str = ""
    """What the values are of their sources: ``identity``, ``transformation`` or ``aggregation``."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """Rows that were set aside, as text."""

    headings: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportTable:
    """One table: what it is, how it stands, and what the last run that it took part in did."""

    name: str
    layer: str
    place: str
    written_by: str
    state: State
    reads: tuple[str, ...] = ()
    source: str = ""
    comment: str = ""
    owner: str = ""
    tags: Mapping[str, str]
    because: str = ""
    """Why a table was skipped."""
    ran_at: dt.datetime | None = None
    is_of_last_run: bool = False
    failure: Failure | None = None
    rows: RowFlow | None = None
    refreshed_by: str = ""
    """How a result was brought up to date, where there is a choice."""
    seconds: float | None = None
    version: int | None = None
    committed_at: dt.datetime | None = None
    size_bytes: int | None = None
    files: int | None = None
    steps: tuple[ReportStep, ...] = ()
    rules: tuple[ReportRule, ...] = ()
    columns: tuple[ReportColumn, ...] = ()
    rows_depend_on: tuple[str, ...] = ()
    """Columns that decide which rows there are, each with how: ``sales.CustomerID (filter)``."""
    opaque: tuple[str, ...] = ()
    """Steps through which no column can be followed, with their places."""
    quarantine: Sample | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportRun:
    """One run of the history, or the last micro-batches of a stream."""

    run_id: str
    started_at: dt.datetime
    seconds: float | None
    state: State
    by_state: Mapping[State, int]
    """How many tables ended so."""
    rows_written: int
    rows_quarantined: int
    failure: Failure | None = None
    failed_tables: tuple[str, ...] = ()
    micro_batches: tuple[int, int] | None = None
    """The numbers of the first and the last of a stream's that it sums up; None for a run by itself."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """A pipeline as it stands."""

    pipeline: str
    made_at: dt.datetime
    warehouse: str
    tables: Sequence[ReportTable]
    """Each after all that it reads."""
    runs: Sequence[ReportRun] = ()
    """The last ones, the newest first."""
    shows_runs: bool = True
    """Whether it is about runs; else it documents a definition."""
    has_lineage: bool = False
    """Whether somebody looked where columns come from."""
