"""The log of a game: one writer for each entry, any version back, and no damage unseen."""

from __future__ import annotations

import json
import threading

import pytest

from lakehouse.chess.audit_log import AuditLog
from lakehouse.chess.clock import parse_time_control
from lakehouse.chess.errors import BrokenAuditLogError, MoveConflictError
from lakehouse.chess.fen import format_fen
from lakehouse.chess.game import Game
from lakehouse.chess.termination import Termination
from lakehouse.chess.variants import VARIANTS
from lakehouse.storage import LocalStorageService, MemoryStorageService

MOVES = ["e4", "e5", "Nf3", "Nc6", "Bb5", "a6", "O-O", "h6", "Bxc6", "dxc6"]


def recorded(storage, moves=MOVES, **options) -> Game:
    game = Game(sink=AuditLog(storage, "g1"), **options)
    game.start_game()
    for move in moves:
        game.submit_move(move)
    return game


@pytest.fixture(params=["memory", "local"])
def storage(request: pytest.FixtureRequest, tmp_path):
    return MemoryStorageService() if request.param == "memory" else LocalStorageService(tmp_path)


def test_replay_gives_back_every_version(storage) -> None:
    game = recorded(storage)
    fens = [event.fen for event in game.get_history()]
    log = AuditLog(storage, "g1")
    assert [format_fen(log.version(ply)) for ply in range(len(MOVES) + 1)] == fens


def test_a_game_goes_on_where_its_log_left_it(storage) -> None:
    recorded(storage, clock=parse_time_control("600+5"))
    game = AuditLog(storage, "g1").resume()
    assert game.submit_move("Nxe5").ply == 11
    assert game.clock is not None
    assert game.clock.moves_made == (6, 5)
    assert len(AuditLog(storage, "g1").entries()) == 12


def test_a_game_whose_last_word_was_not_written_is_ended_when_it_is_read(storage) -> None:
    recorded(storage, moves=["f3", "e5", "g4", "Qh4"])
    storage.delete("g1/00000005.json")
    game = AuditLog(storage, "g1").resume()
    assert game.ending is not None
    assert game.ending.termination is Termination.CHECKMATE
    assert storage.exists("g1/00000005.json")


def test_a_variant_comes_back_with_its_own_state() -> None:
    storage = MemoryStorageService()
    recorded(storage, moves=["e4", "d5", "exd5", "Qxd5", "P@d4"], variant=VARIANTS["crazyhouse"])
    assert format_fen(AuditLog(storage, "g1").version(4)).split()[0].endswith("[Pp]")


def test_two_writers_of_one_ply_cannot_both_win(storage) -> None:
    recorded(storage)
    outcomes: list[str] = []
    games = [AuditLog(storage, "g1").resume() for _ in range(8)]
    barrier = threading.Barrier(len(games))

    def write(game: Game, move: str) -> None:
        barrier.wait()
        try:
            outcomes.append(game.submit_move(move).san or "")
        except MoveConflictError:
            outcomes.append("lost")

    moves = ["d3", "d4", "h3", "a3", "a4", "b3", "c3", "Re1"]
    threads = [threading.Thread(target=write, args=pair) for pair in zip(games, moves, strict=True)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert outcomes.count("lost") == len(games) - 1
    winner = next(outcome for outcome in outcomes if outcome != "lost")
    assert AuditLog(storage, "g1").events()[-1].san == winner
    assert sum(game.board.version == 11 for game in games) == 1, "a loser's game must be as it was"


def _edit(body: bytes) -> bytes:
    return body.replace(b'"Nf3"', b'"Nh3"')


def _reseal(body: bytes) -> bytes:
    """Forge an entry well: another legal-looking move with a digest to match."""
    import hashlib

    import msgspec

    from lakehouse.chess.audit_log import LogEntry

    sealed = json.loads(body)
    sealed["entry"]["event"]["uci"] = "g1h3"
    entry = msgspec.convert(sealed["entry"], LogEntry)
    sealed["digest"] = hashlib.sha256(msgspec.json.encode(entry)).hexdigest()
    return json.dumps(sealed).encode()


@pytest.mark.parametrize(
    ("damage", "reason"),
    [
        (lambda body: body[: len(body) // 2], "torn"),
        (lambda body: b"", "torn"),
        (lambda body: b"\xff\xfe" + body, "torn"),
        (_edit, "changed"),
        (_reseal, "does not follow|breaks the rules"),
    ],
)
def test_a_damaged_entry_is_found_and_named(storage, damage, reason: str) -> None:
    recorded(storage)
    key = "g1/00000003.json"
    storage.write(key, damage(storage.read(key)))
    with pytest.raises(BrokenAuditLogError, match=reason) as caught:
        AuditLog(storage, "g1").resume()
    assert caught.value.game_id == "g1"
    assert caught.value.key in (key, "g1/00000004.json")


def test_a_forged_last_entry_is_found_by_the_rules(storage) -> None:
    recorded(storage, moves=["e4", "e5", "Nf3"])
    key = "g1/00000003.json"
    storage.write(key, _reseal(storage.read(key)))
    with pytest.raises(BrokenAuditLogError, match="breaks the rules"):
        AuditLog(storage, "g1").resume()


def test_a_missing_entry_is_found_and_named(storage) -> None:
    recorded(storage)
    storage.delete("g1/00000004.json")
    with pytest.raises(BrokenAuditLogError, match=r"g1/00000004\.json.*missing"):
        AuditLog(storage, "g1").entries()


def test_exchanged_entries_are_found(storage) -> None:
    recorded(storage)
    second, third = storage.read("g1/00000002.json"), storage.read("g1/00000003.json")
    storage.write("g1/00000002.json", third)
    storage.write("g1/00000003.json", second)
    with pytest.raises(BrokenAuditLogError, match="does not follow"):
        AuditLog(storage, "g1").entries()
