"""Real files of games: none is lost, and what comes out is what another library finds."""

from __future__ import annotations

import io
import os
import re
from pathlib import Path

import chess
import chess.pgn
import pyarrow as pa
import pytest
from perft_files import CHESS_DATA, needs_chess_data

from lakehouse.chess.arrow_functions import uci_moves
from lakehouse.chess.file_check import check_file
from lakehouse.chess.pgn import PgnGame, QuarantinedGame, detect_encoding, read_pgn, write_pgn
from lakehouse.chess.replay_arrow import Core, replay_arrow, split_arrow

pytestmark = needs_chess_data

FOLDER = Path(CHESS_DATA or os.devnull) / "pgn"
FILES = sorted(FOLDER.glob("**/*.pgn")) if CHESS_DATA else []
MASTERS = [path for path in FILES if path.parent.name == "masters"]
OTHERS = [path for path in FILES if path not in MASTERS]
QUARANTINED = {"anastasian-lewis.pgn": [81], "badpgn.pgn": [0], "Gelfand.pgn": [60]}
"""The only files with faults, and the plies of these: a null move, no chess at all, and an illegal move."""


def named(paths: list[Path]):
    return pytest.mark.parametrize("path", [pytest.param(path, id=path.name) for path in paths])


def replay(data: bytes, *, core: Core) -> tuple[pa.Array, list[dict]]:
    games, _ = split_arrow(data, core=core)
    encodings = pa.array([detect_encoding(data)] * len(games), pa.string())
    return games, replay_arrow(games, encodings, core=core).to_pylist()


@named(FILES)
def test_games_in_are_games_out_and_games_quarantined(path: Path) -> None:
    checked = check_file(path)
    tagged = path.read_bytes().count(b"[Event ")
    assert checked.games == (tagged or {"antichess-programfox.pgn": 2, "badpgn.pgn": 1}[path.name])
    assert checked.games == checked.good + len(checked.quarantined)
    assert [note.ply for note in checked.quarantined] == QUARANTINED.get(path.name, [])


@named(OTHERS)
def test_both_cores_replay_the_small_files_alike(path: Path) -> None:
    data = path.read_bytes()
    assert replay(data, core=Core.FAST)[1] == replay(data, core=Core.PLAIN)[1]


@named([path for path in MASTERS if path.name == "Morphy.pgn"])
def test_both_cores_replay_a_master_alike(path: Path) -> None:
    data = path.read_bytes()
    assert replay(data, core=Core.FAST)[1] == replay(data, core=Core.PLAIN)[1]


@pytest.mark.slow
@pytest.mark.timeout(1800)
@named(MASTERS)
def test_both_cores_replay_every_master_alike(path: Path) -> None:
    data = path.read_bytes()
    assert replay(data, core=Core.FAST)[1] == replay(data, core=Core.PLAIN)[1]


def oracle_game(text: str) -> chess.pgn.Game:
    """What the usual library reads of a game, without the second blank line at which it would stop."""
    game = chess.pgn.read_game(io.StringIO(re.sub(r"(\r?\n){3,}", "\n\n", text)))
    assert game is not None
    return game


def oracle_ending(board: chess.Board) -> str | None:
    """What the last position ends by itself, in our words; repetitions aside."""
    if board.is_checkmate():
        return "checkmate"
    if board.is_stalemate():
        return "stalemate"
    return "insufficient material" if board.is_insufficient_material() else None


def check_against_oracle(path: Path, *, every: int = 1) -> None:
    data = path.read_bytes()
    games, rows = replay(data, core=Core.FAST)
    moves = uci_moves(
        pa.array([row["moves"] for row in rows]), pa.array([row["variant"] for row in rows])
    ).to_pylist()
    for n in range(0, len(rows), every):
        oracle = oracle_game(games[n].as_py().decode(detect_encoding(data)))
        board = oracle.end().board()
        assert moves[n] == [move.uci() for move in oracle.mainline_moves()], n
        assert rows[n]["final_fen"] == board.fen(), n
        ours = rows[n]["ending"]
        assert (None if ours in ("fivefold repetition", "seventy-five moves") else ours) == oracle_ending(
            board
        )
        assert bool(oracle.errors) == (rows[n]["fault"] is not None), n


@named(MASTERS)
def test_a_sample_of_every_master_is_what_another_library_finds(path: Path) -> None:
    check_against_oracle(path, every=60)


@pytest.mark.slow
@pytest.mark.timeout(1800)
@named(MASTERS)
def test_every_game_of_every_master_is_what_another_library_finds(path: Path) -> None:
    check_against_oracle(path)


@named([path for path in OTHERS if path.name not in {"dortmund.pgn"}])
def test_a_file_written_again_reads_the_same(path: Path) -> None:
    games = [game for game in read_pgn(path.read_bytes()) if isinstance(game, PgnGame)]
    again = list(read_pgn("".join(write_pgn(game) for game in games).encode()))
    for before, after in zip(games, again, strict=True):
        assert not isinstance(after, QuarantinedGame)
        assert (after.moves, after.result, after.start) == (before.moves, before.result, before.start)


def test_the_usual_library_loses_games_that_come_out_here() -> None:
    path = FOLDER / "nasty" / "dortmund.pgn"
    with pytest.raises(UnicodeDecodeError), path.open(encoding="utf-8") as file:
        list(iter(lambda: chess.pgn.read_game(file), None))
    assert check_file(path).good == 347
