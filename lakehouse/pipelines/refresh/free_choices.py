"""Whether rows on their way may be others when they are computed again; asked only where it matters."""

from __future__ import annotations

from dataclasses import dataclass, field

from pyspark.sql import DataFrame

from lakehouse.pipelines.declare.steps import Step

__all__ = ["FreeChoices"]


@dataclass(slots=True)
class FreeChoices:
    """The steps on the way of a batch, each with its input and its result. False while none chooses freely."""

    _steps: list[tuple[Step, DataFrame, DataFrame]] = field(default_factory=list)
    _found: bool = False

    def note(self, step: Step, before: DataFrame, after: DataFrame) -> None:
        """Add a step that was applied."""
        self._steps.append((step, before, after))

    def settled(self) -> None:
        """Forget the steps so far: their rows are not computed again."""
        self._steps.clear()
        self._found = False

    def go_on_from(self, other: FreeChoices) -> None:
        """Take over the steps of a frame that this one goes on from."""
        self._steps = [*other._steps, *self._steps]
        self._found = self._found or other._found

    def __bool__(self) -> bool:
        while self._steps and not self._found:
            step, before, after = self._steps.pop()
            self._found = step.chooses_freely(before, after)
        return self._found
