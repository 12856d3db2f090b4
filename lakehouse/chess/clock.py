"""Time: how much each player has, and what a move costs (FIDE 6). Pure; whoever holds a watch calls it."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from enum import Enum

from lakehouse.chess.errors import InvalidNotationError
from lakehouse.chess.geometry import Color

__all__ = ["ClockPolicy", "ClockState", "DelayKind", "FlagFell", "Stage", "parse_time_control"]


class DelayKind(Enum):
    """What the seconds behind the base time do."""

    INCREMENT = "increment"
    """Added after every move, saved up if unused (Fischer)."""
    BRONSTEIN = "bronstein"
    """What the move used is given back, up to the delay."""
    DELAY = "delay"
    """The clock waits before it runs (US delay)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Stage:
    """A period of the game: so much time for so many moves."""

    time_ms: int
    moves: int | None = None
    """None: all the rest of the game."""
    step_ms: int = 0
    """Increment or delay of every move in this stage."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ClockState:
    """What both clocks show when a player's turn begins."""

    remaining_ms: tuple[int, int]
    """By colour. Never negative."""
    moves_made: tuple[int, int] = (0, 0)

    def remaining(self, color: Color) -> int:
        """Return the milliseconds that a player has left."""
        return self.remaining_ms[color]


@dataclass(frozen=True, slots=True, kw_only=True)
class FlagFell:
    """The player's time was used up before the move was made (FIDE 6.2.1.2)."""

    color: Color
    state: ClockState


@dataclass(frozen=True, slots=True, kw_only=True)
class ClockPolicy:
    """A time control: one or more stages, each with its increment or delay."""

    stages: tuple[Stage, ...]
    kind: DelayKind = DelayKind.INCREMENT

    def start(self) -> ClockState:
        """Return both clocks as they stand before the first move."""
        first = self.stages[0].time_ms
        return ClockState(remaining_ms=(first, first))

    def after_move(self, state: ClockState, color: Color, *, elapsed_ms: int) -> ClockState | FlagFell:
        """Charge a move of ``elapsed_ms`` to a player's clock."""
        step = self._stage_at(state.moves_made[color]).step_ms
        charged = max(0, elapsed_ms - step) if self.kind is DelayKind.DELAY else elapsed_ms
        left = state.remaining_ms[color] - charged
        if left <= 0 and charged > 0:
            return FlagFell(color=color, state=_with(state, color, remaining_ms=0))
        if self.kind is DelayKind.INCREMENT:
            left += step
        elif self.kind is DelayKind.BRONSTEIN:
            left += min(step, elapsed_ms)
        made = state.moves_made[color] + 1
        return _with(state, color, remaining_ms=left + self._bonus_at(made), moves_made=made)

    def flag_falls_in_ms(self, state: ClockState, color: Color) -> int:
        """Return how long the player to move may still think."""
        wait = self._stage_at(state.moves_made[color]).step_ms if self.kind is DelayKind.DELAY else 0
        return state.remaining_ms[color] + wait

    def with_bonus(self, state: ClockState, color: Color, *, bonus_ms: int) -> ClockState:
        """Give a player extra time, as after the opponent's illegal move (FIDE 7.5.5)."""
        return _with(state, color, remaining_ms=state.remaining_ms[color] + bonus_ms)

    def time_control(self) -> str:
        """Write the policy as PGN's ``TimeControl`` tag does."""
        letter = {DelayKind.INCREMENT: "+", DelayKind.DELAY: "d", DelayKind.BRONSTEIN: "b"}[self.kind]
        return ":".join(_stage_text(stage, letter) for stage in self.stages)

    def _stage_at(self, moves_made: int) -> Stage:
        for stage in self.stages:
            if stage.moves is None or moves_made < stage.moves:
                return stage
            moves_made -= stage.moves
        return self.stages[-1]

    def _bonus_at(self, moves_made: int) -> int:
        """Return the time of the stage that begins after so many moves, else 0 (FIDE 6.2.1.1)."""
        total = 0
        for stage, following in zip(self.stages, self.stages[1:], strict=False):
            total += stage.moves or 0
            if moves_made == total:
                return following.time_ms
        last = self.stages[-1]
        if last.moves is not None and moves_made > total and (moves_made - total) % last.moves == 0:
            return last.time_ms
        return 0


def parse_time_control(text: str) -> ClockPolicy | None:
    """Read PGN's ``TimeControl``: ``40/7200:20/3600:900+30``, ``180+2``, ``300d5``; None for ``-`` and ``?``.

    Raises InvalidNotationError.
    """
    if text in ("-", "?", ""):
        return None
    matches = [_STAGE.fullmatch(part) for part in text.split(":")]
    kinds = {match["letter"] for match in matches if match is not None and match["letter"]}
    if None in matches or len(kinds) > 1:
        raise InvalidNotationError(
            what="time control",
            text=text,
            reason="a stage does not read 'moves/seconds+increment'",
            fix="write such as '40/7200:900+30', '180+2' or '-'.",
        )
    stages = tuple(_read_stage(match) for match in matches if match is not None)
    letter = kinds.pop() if kinds else "+"
    kind = {"+": DelayKind.INCREMENT, "d": DelayKind.DELAY, "b": DelayKind.BRONSTEIN}[letter]
    return ClockPolicy(stages=stages, kind=kind)


_STAGE = re.compile(
    r"(?:(?P<moves>[1-9][0-9]{0,3})/)?(?P<seconds>[0-9]{1,7}(?:\.[0-9]{1,3})?)"
    r"(?:(?P<letter>[+db])(?P<step>[0-9]{1,5}(?:\.[0-9]{1,3})?))?"
)


def _read_stage(match: re.Match[str]) -> Stage:
    return Stage(
        time_ms=round(float(match["seconds"]) * 1000),
        moves=int(match["moves"]) if match["moves"] else None,
        step_ms=round(float(match["step"] or 0) * 1000),
    )


def _stage_text(stage: Stage, letter: str) -> str:
    moves = f"{stage.moves}/" if stage.moves is not None else ""
    step = f"{letter}{_seconds(stage.step_ms)}" if stage.step_ms else ""
    return f"{moves}{_seconds(stage.time_ms)}{step}"


def _seconds(ms: int) -> str:
    return f"{ms / 1000:.3f}".rstrip("0").rstrip(".")


def _with(state: ClockState, color: Color, *, remaining_ms: int, moves_made: int | None = None) -> ClockState:
    remaining, made = list(state.remaining_ms), list(state.moves_made)
    remaining[color] = remaining_ms
    made[color] = made[color] if moves_made is None else moves_made
    return replace(state, remaining_ms=(remaining[0], remaining[1]), moves_made=(made[0], made[1]))
