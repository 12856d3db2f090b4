"""How many rows pass a point of a flow, counted on the way, without another pass over them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from pyspark.sql import Column, DataFrame, Observation
from pyspark.sql import functions as F

from lakehouse.pipelines.refresh.failed_casts import FailedCasts
from lakehouse.pipelines.refresh.free_choices import FreeChoices

__all__ = ["RowCounter", "StepCount"]


@dataclass(frozen=True, slots=True, kw_only=True)
class StepCount:
    """What one step took out, or made."""

    step: str
    rows_in: int
    rows_out: int
    made: bool = False
    """Whether the rows behind the step were made of those before it."""


@dataclass(slots=True)
class RowCounter:
    """Counting points in a frame that is not computed yet. Ask only after an action went through all of them."""

    _steps: list[tuple[str, Observation, Observation, bool]] = field(default_factory=list)
    _before: tuple[StepCount, ...] = ()
    _last: tuple[DataFrame, Observation] | None = None
    _noted: list[StepCount] = field(default_factory=list)
    _watched: list[tuple[str, Observation]] = field(default_factory=list)
    _measured: list[tuple[str, Observation]] = field(default_factory=list)
    _came: Observation | None = None
    failed_casts: FailedCasts = field(default_factory=FailedCasts)
    """Rows that left the way before they could be counted at its end."""
    choices: FreeChoices = field(default_factory=FreeChoices)
    """Whether the rows may be others when they are computed again."""

    def count(self, frame: DataFrame) -> tuple[DataFrame, Observation]:
        """Return the frame with a counting point at its end; where it has one, that one."""
        if self._last is not None and self._last[0] is frame:
            return self._last
        point = Observation()
        counted = frame.observe(point, F.count(F.lit(1)).alias("rows"))
        self._last = (counted, point)
        return self._last

    def around(
        self, step: str, frame: DataFrame, change: Callable[[DataFrame], DataFrame], *, made: bool = False
    ) -> DataFrame:
        """Apply a change that takes rows out, or makes others of them, with a counting point on either side."""
        frame, before = self.count(frame)
        changed, after = self.count(change(frame))
        self._steps.append((step, before, after, made))
        return changed

    def watch(self, name: str, frame: DataFrame, condition: Column) -> DataFrame:
        """Return the frame with a point that counts the rows that meet a condition, which is never NULL."""
        point = Observation()
        self._watched.append((name, point))
        return frame.observe(point, F.count_if(condition).alias("rows"))

    def watched(self) -> dict[str, int]:
        """Return how many rows met each condition."""
        return {name: rows(point) for name, point in self._watched}

    def measure(self, name: str, frame: DataFrame, aggregate: Column) -> DataFrame:
        """Return the frame with a point that measures its rows: a number, or NULL."""
        point = Observation()
        self._measured.append((name, point))
        return frame.observe(point, aggregate.alias("measure"))

    def measured(self) -> dict[str, int]:
        """Return the highest of each measure, where a row gave one."""
        found: dict[str, int] = {}
        for name, point in self._measured:
            if (measure := point.get.get("measure")) is not None:
                found[name] = max(measure, found.get(name, measure))
        return found

    def watch_arrival(self, frame: DataFrame, came_us: Column) -> DataFrame:
        """Return the frame with a point that tells when the first of its rows came."""
        self._came = Observation()
        return frame.observe(self._came, came_us.alias("came_us"))

    def came_us(self) -> int | None:
        """Return when the first row came, in microseconds since the epoch; None where nobody knows."""
        return None if self._came is None else self._came.get.get("came_us")

    def note(self, step: str, rows: int) -> None:
        """Add a count of rows that something is to be known of, and that stay."""
        self._noted.append(StepCount(step=step, rows_in=rows, rows_out=rows))

    def decided(self, step: str, rows_in: int, taken_out: int) -> None:
        """Add a count of rows that a decision took out, unless it took out none."""
        if taken_out:
            self._noted.append(StepCount(step=step, rows_in=rows_in, rows_out=rows_in - taken_out))

    def go_on_from(self, other: RowCounter) -> None:
        """Take over the points of a frame that this one goes on from."""
        self._steps = [*other._steps, *self._steps]
        self._last = other._last
        self._watched = [*other._watched, *self._watched]
        self._measured = [*other._measured, *self._measured]
        self.failed_casts.go_on_from(other.failed_casts)
        self.choices.go_on_from(other.choices)

    def begin_with(self, steps: tuple[StepCount, ...]) -> None:
        """Put counts that are known already before those of this way."""
        self._before = steps

    def steps(self) -> tuple[StepCount, ...]:
        """Return what each noted step took out."""
        counted = (
            StepCount(step=step, rows_in=rows(before), rows_out=rows(after), made=made)
            for step, before, after, made in self._steps
        )
        return (*self._before, *counted, *self._noted)


def rows(point: Observation) -> int:
    """Return how many rows went through the point; a point that the optimizer proved empty has no entry."""
    return int(point.get.get("rows", 0))
