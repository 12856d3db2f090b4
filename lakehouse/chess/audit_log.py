"""The record of games on a storage service: an event is an object, created once and never changed.

Entry N of a game is ``<game>/<N>.json``. Each holds the SHA-256 of the entry before it and of itself, so
a torn, edited, missing or exchanged entry is found and named.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

import msgspec

from lakehouse.chess.board import Board
from lakehouse.chess.clock import parse_time_control
from lakehouse.chess.errors import BrokenAuditLogError, ChessError, InvalidNotationError, MoveConflictError
from lakehouse.chess.events import EventKind, GameEvent
from lakehouse.chess.game import Game
from lakehouse.chess.variants.registry import variant_of
from lakehouse.storage import AbstractStorageService, AlreadyThere

__all__ = ["AuditLog", "LogEntry"]

FIRST_DIGEST = "0" * 64


@dataclass(frozen=True, slots=True, kw_only=True)
class LogEntry:
    """One recorded event, chained to the one before it."""

    index: int
    previous: str
    """SHA-256 of the entry before, in hex; zeros for the first."""
    event: GameEvent

    @property
    def digest(self) -> str:
        """SHA-256 of this entry, in hex."""
        return hashlib.sha256(msgspec.json.encode(self)).hexdigest()


@dataclass(frozen=True, slots=True, kw_only=True)
class _Sealed:
    entry: LogEntry
    digest: str


class AuditLog:
    """The log of one game: an event sink for ``Game``, and the way back to any of its versions."""

    def __init__(self, storage: AbstractStorageService, game_id: str) -> None:
        if not game_id or "/" in game_id or game_id in (".", ".."):
            raise InvalidNotationError(
                what="game id", text=game_id, reason="it can't name a folder", fix="use letters and digits."
            )
        self.game_id = game_id
        self._storage = storage
        self._last: LogEntry | None = None

    def append(self, index: int, event: GameEvent) -> None:
        """Record an event as entry ``index``, whole or not at all.

        Raises MoveConflictError when another writer recorded that entry first.
        """
        last = self._last
        if index and (last is None or last.index != index - 1):
            last = self.entries()[index - 1]
        entry = LogEntry(index=index, previous=FIRST_DIGEST if index == 0 else _digest(last), event=event)
        sealed = msgspec.json.encode(_Sealed(entry=entry, digest=entry.digest))
        if isinstance(self._storage.put_if_absent(self._key(index), sealed), AlreadyThere):
            raise MoveConflictError(game_id=self.game_id, ply=index, text=event.uci or event.kind.value)
        self._last = entry

    def entries(self) -> tuple[LogEntry, ...]:
        """Return every entry, each proved whole and in its place. Raises BrokenAuditLogError."""
        found: list[LogEntry] = []
        for stat in self._storage.list(f"{self.game_id}/"):
            index = len(found)
            if stat.key != self._key(index):
                raise self._broken(self._key(index), f"it is missing; the next object is {stat.key!r}")
            entry = self._opened(stat.key)
            expected = found[-1].digest if found else FIRST_DIGEST
            if entry.index != index or entry.previous != expected:
                raise self._broken(stat.key, "it does not follow the entry before it")
            found.append(entry)
        return tuple(found)

    def events(self) -> tuple[GameEvent, ...]:
        """Return the recorded events in order. Raises BrokenAuditLogError."""
        return tuple(entry.event for entry in self.entries())

    def version(self, ply: int) -> Board:
        """Return the position after ``ply`` moves, every one judged again. Raises BrokenAuditLogError."""
        events = self.events()
        last = max((i for i, event in enumerate(events) if event.ply <= ply), default=-1)
        if last < 0 or events[last].ply != ply:
            raise self._broken(self._key(len(events)), f"it has no version {ply}")
        return self._replayed(events[: last + 1], attached=False).board

    def resume(self) -> Game:
        """Return the game as the log left it, going on in this log. Raises BrokenAuditLogError."""
        entries = self.entries()
        self._last = entries[-1] if entries else None
        return self._replayed(tuple(entry.event for entry in entries), attached=True)

    def _replayed(self, events: tuple[GameEvent, ...], *, attached: bool) -> Game:
        if not events or events[0].kind is not EventKind.STARTED:
            raise self._broken(self._key(0), "the game's start is not recorded")
        start = events[0]
        game = Game(
            variant=variant_of(start.variant or "standard"),
            fen=start.fen,
            clock=None if start.time_control is None else parse_time_control(start.time_control),
            sink=self if attached else None,
        )
        try:
            game.resume(events)
        except MoveConflictError:
            raise
        except ChessError as error:
            raise self._broken(self._key(len(game.get_history())), f"it breaks the rules: {error}") from error
        return game

    def _opened(self, key: str) -> LogEntry:
        try:
            sealed = msgspec.json.decode(self._storage.read(key), type=_Sealed, strict=True)
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            raise self._broken(key, f"it is torn or no entry: {error}") from error
        if sealed.entry.digest != sealed.digest:
            raise self._broken(key, "its content was changed")
        return sealed.entry

    def _key(self, index: int) -> str:
        return f"{self.game_id}/{index:08d}.json"

    def _broken(self, key: str, reason: str) -> BrokenAuditLogError:
        return BrokenAuditLogError(game_id=self.game_id, key=key, reason=reason)


def _digest(entry: LogEntry | None) -> str:
    return FIRST_DIGEST if entry is None else entry.digest
