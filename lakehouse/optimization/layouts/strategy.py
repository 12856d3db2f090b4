"""What a strategy is: it proposes a change of a table's layout, predicts its gain, acts, and measures."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from enum import IntEnum
from typing import Any, ClassVar, Generic, Self, TypeVar

from lakehouse.delta_log import Predicate
from lakehouse.optimization.layouts.loads import Load
from lakehouse.optimization.layouts.table import MaintainedTable, TableFacts
from lakehouse.optimization.layouts.workload import Workload
from lakehouse.words import Words

__all__ = ["AnyStrategy", "Proposal", "Stage", "Strategy"]


class Stage(IntEnum):
    """When a strategy has its turn among others."""

    FILES = 1
    LOG = 2
    """After the last commit to be read."""
    STORAGE = 3
    """After all that leaves files behind."""


@dataclass(frozen=True, kw_only=True)
class Proposal:
    """What a strategy would do with a table, and what that would bring. Subclasses hold what acting needs."""

    reason: str
    """A few words for a person: ``2,000 files of 3.1 KB become 1``."""
    before: Load
    """What one reading takes now, as the log says."""
    after: Load
    """What it is predicted to take."""
    rewritten_bytes: int = 0
    about: str = ""
    """What tells it from other work of its strategy, whatever the files: the columns that rows are sorted by."""


P = TypeVar("P", bound=Proposal)


class Strategy(ABC, Generic[P]):
    """One technique. A new one is a subclass in a file of its own; ``@word("name")`` registers it.

    ``propose`` looks at the log alone. ``act`` never changes a row.
    """

    words: ClassVar[Words] = Words("maintenance strategy")
    stage: ClassVar[Stage] = Stage.FILES

    @property
    def name(self) -> str:
        """The word that it is registered for, or its class."""
        return next((word for word, cls in self.words.items() if cls is type(self)), type(self).__name__)

    @classmethod
    def made_for(cls, workload: Workload) -> Self:
        """Return the strategy for a table that is read so."""
        return cls()

    @abstractmethod
    def propose(self, facts: TableFacts) -> P | None:
        """Return what is to be done; None where the table needs nothing."""

    @abstractmethod
    def act(self, table: MaintainedTable, proposal: P) -> int | None:
        """Do it, and return the version that it made; None where it makes no version, and can't be undone.

        Raises a DeltaConcurrentModificationException or FileNotLiveError where another writer came first.
        """

    @abstractmethod
    def measure(self, facts: TableFacts, proposal: P) -> Load:
        """Return what the reading that the proposal is about takes."""

    def queries(self, proposal: P) -> Sequence[Predicate | None]:
        """Return that reading as queries, to be run before and after; None is all rows."""
        return (None,)


AnyStrategy = Strategy[Any]
