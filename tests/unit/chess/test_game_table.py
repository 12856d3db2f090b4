"""Thousands of games side by side: no move is lost or out of turn."""

from __future__ import annotations

import contextlib
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from lakehouse.chess.audit_log import AuditLog
from lakehouse.chess.errors import OutOfTurnError
from lakehouse.chess.events import EventKind
from lakehouse.chess.game import Game
from lakehouse.chess.game_table import GameTable, UnknownGameError
from lakehouse.chess.geometry import Color
from lakehouse.storage import MemoryStorageService

MOVES = ["e4", "e5", "Nf3", "Nc6"]


def test_thousands_of_games_keep_every_move_in_its_turn() -> None:
    table, storage = GameTable(), MemoryStorageService()
    ids = [f"game{number}" for number in range(2_000)]
    for game_id in ids:
        log = AuditLog(storage, game_id)
        table.open(game_id, lambda log=log: Game(sink=log)).start_game()

    def player(color: Color) -> int:
        """Try the own next move of every game until the game takes it; never wait for one's turn."""
        made, following = 0, dict.fromkeys(ids, 0)
        while following:
            for game_id, number in list(following.items()):
                with contextlib.suppress(OutOfTurnError):
                    table.get(game_id).submit_move(MOVES[2 * number + color], by=color)
                    made += 1
                    following[game_id] += 1
                    if following[game_id] == 2:
                        del following[game_id]
        return made

    with ThreadPoolExecutor(2) as pool:
        assert list(pool.map(player, Color)) == [4_000, 4_000]
    for game_id in ids[::50]:
        events = AuditLog(storage, game_id).events()
        assert [e.san for e in events if e.kind is EventKind.MOVE] == MOVES
        assert [e.by for e in events if e.kind is EventKind.MOVE] == [0, 1, 0, 1]
    assert all(table.get(game_id).board.version == 4 for game_id in ids)


def test_of_many_threads_that_submit_one_move_one_wins() -> None:
    game = Game()
    game.start_game()
    barrier, taken = threading.Barrier(8), []

    def submit(_: int) -> None:
        barrier.wait()
        with contextlib.suppress(OutOfTurnError):
            taken.append(game.submit_move("e4", by=Color.WHITE))

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(submit, range(8)))
    assert len(taken) == 1
    assert game.board.version == 1


def test_an_id_is_given_once_and_ended_games_leave() -> None:
    table = GameTable()
    game = table.open("a", Game)
    game.start_game()
    table.open("b", Game).start_game()
    with pytest.raises(UnknownGameError, match="taken"):
        table.open("a", Game)
    game.resign(Color.WHITE)
    assert table.close_ended() == ("a",)
    assert table.ids() == ("b",)
    with pytest.raises(UnknownGameError, match="not in the table"):
        table.get("a")
