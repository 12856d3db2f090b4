"""The games that a process has going: many readers look at it, few writers change it."""

from __future__ import annotations

from collections.abc import Callable

from lakehouse.cache import ReadWriteLock
from lakehouse.chess.errors import UnknownGameError
from lakehouse.chess.game import Game

__all__ = ["GameTable"]


class GameTable:
    """Games by id, shared by threads. A game locks itself: the table's lock is not held while one moves."""

    def __init__(self) -> None:
        self._games: dict[str, Game] = {}
        self._lock = ReadWriteLock()

    def open(self, game_id: str, make: Callable[[], Game]) -> Game:
        """Add a new game and return it. Raises UnknownGameError if the id is taken."""
        with self._lock.writing():
            if game_id in self._games:
                raise UnknownGameError(game_id=game_id, reason="the id is taken")
            game = self._games[game_id] = make()
            return game

    def get(self, game_id: str) -> Game:
        """Return a game. Raises UnknownGameError."""
        with self._lock.reading():
            game = self._games.get(game_id)
        if game is None:
            raise UnknownGameError(game_id=game_id, reason="it is not in the table")
        return game

    def ids(self) -> tuple[str, ...]:
        """Return the ids of all games, as they stand at one moment."""
        with self._lock.reading():
            return tuple(self._games)

    def close_ended(self) -> tuple[str, ...]:
        """Take the games that have ended out of the table, and return their ids."""
        with self._lock.writing():
            ended = tuple(game_id for game_id, game in self._games.items() if game.ending is not None)
            for game_id in ended:
                del self._games[game_id]
            return ended
