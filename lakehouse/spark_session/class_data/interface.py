"""What a start asks of class data, whether there is an archive or not."""

from __future__ import annotations

from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from lakehouse.spark_session.class_data.states import ClassDataState, Unusable

__all__ = ["ClassData", "NoClassData"]


class ClassData(Protocol):
    """Class data for the starts of one Java, Spark and Delta. Only two methods raise, and say so."""

    def state(self) -> ClassDataState:
        """Return how it stands now."""

    def building(self) -> AbstractContextManager[Path | None]:
        """Give the name to build the archive under; None when there is no work. Raises OSError."""

    def publish(self, unfinished: Path) -> None:
        """Let the archive be found that was built under that name. Raises OSError."""

    def give_up(self, reason: str) -> None:
        """Leave it out of the starts of the next day: it can't be built, or a JVM can't start on it."""

    def prepare_next_start(self) -> None:
        """Have an archive that is absent built beside what runs; note the use of one that is there."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NoClassData:
    """Starts without an archive."""

    reason: str

    def state(self) -> ClassDataState:
        """Return why."""
        return Unusable(reason=self.reason)

    def building(self) -> AbstractContextManager[None]:
        """There is no work."""
        return nullcontext()

    def publish(self, unfinished: Path) -> None:
        """There is nothing to publish."""

    def give_up(self, reason: str) -> None:
        """There is nothing to leave out."""

    def prepare_next_start(self) -> None:
        """There is nothing to build."""
