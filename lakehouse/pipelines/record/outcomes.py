"""How a run ends: for each table, and as a whole."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from lakehouse.cache import NodeStatistics
from lakehouse.errors import LakehouseError
from lakehouse.optimization import Outcome as Maintained
from lakehouse.pipelines.refresh.refreshed import Refresh
from lakehouse.tables import SPARK_ERRORS, root_cause

__all__ = ["Failed", "MicroBatch", "NothingNew", "Outcome", "Refreshed", "RunResult", "Skipped"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Refreshed:
    """The table has new rows, or a new result."""

    table: str
    refreshes: tuple[Refresh, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class NothingNew:
    """There was nothing to do."""

    table: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Failed:
    """The table could not be refreshed, and is as it was."""

    table: str
    error: Exception
    seconds: float

    @property
    def cause(self) -> str:
        """What lies under it all."""
        return root_cause(self.error)

    @property
    def is_bug(self) -> bool:
        """Whether nobody declared this error: neither this library nor Spark."""
        return not isinstance(self.error, (LakehouseError, *SPARK_ERRORS))


@dataclass(frozen=True, slots=True, kw_only=True)
class Skipped:
    """The table was left alone, since one that it needs failed."""

    table: str
    because: str


Outcome = Refreshed | NothingNew | Failed | Skipped


@dataclass(frozen=True, slots=True, kw_only=True)
class MicroBatch:
    """The place of a small run in the stream that it is part of."""

    stream: str
    """The stream's own name, unlike that of any other."""
    mode: str
    number: int
    """From 1, in the order in which they began."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RunResult:
    """All that came of a run."""

    run_id: str
    pipeline: str
    started_at: dt.datetime
    seconds: float
    outcomes: Mapping[str, Outcome]
    """In the order in which tables depend on each other."""
    cache: NodeStatistics | None = None
    """What the nodes' caches did for it; None if it used none."""
    warnings: tuple[str, ...] = ()
    """What a person should know beside how the tables ended."""
    micro_batch: MicroBatch | None = None
    """Where it stands in a stream; None for a run by itself."""
    maintenance: Mapping[str, Sequence[Maintained]] = field(default_factory=dict)
    """What was done with the files of tables after they were written, or was not worth it, by table."""
    html: Callable[[RunResult], str] | None = field(default=None, repr=False, compare=False)
    """Shows it in a notebook; None where nobody says where the tables lie."""
    error: BaseException | None = None
    """What stopped the run itself; None when it came to its end."""

    def _repr_html_(self) -> str | None:
        """Return the result as a table, for a notebook."""
        return None if self.html is None else self.html(self)

    @property
    def failures(self) -> tuple[Failed, ...]:
        """The tables that failed."""
        return tuple(outcome for outcome in self.outcomes.values() if isinstance(outcome, Failed))

    @property
    def set_aside(self) -> Mapping[str, Mapping[str, str]]:
        """The inputs that tables set aside, each with its reason, by table."""
        found = {
            outcome.table: {name: why for each in outcome.refreshes for name, why in each.set_aside.items()}
            for outcome in self.outcomes.values()
            if isinstance(outcome, Refreshed)
        }
        return {table: inputs for table, inputs in found.items() if inputs}

    def breaks_strictness(self, *, of_all: bool) -> bool:
        """Say whether a table set an input aside and is strict, or all are."""
        return any(
            each.set_aside and (of_all or each.is_strict)
            for outcome in self.outcomes.values()
            if isinstance(outcome, Refreshed)
            for each in outcome.refreshes
        )

    @property
    def status(self) -> str:
        """One word for the whole: ``ok``, ``nothing new`` or ``failed``."""
        if self.failures or self.error is not None:
            return "failed"
        anything = any(isinstance(outcome, Refreshed) for outcome in self.outcomes.values())
        return "ok" if anything else "nothing new"
