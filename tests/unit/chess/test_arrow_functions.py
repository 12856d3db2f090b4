"""Questions asked of whole columns, and files of any size read in pieces."""

from __future__ import annotations

import io
import subprocess
import sys

import chess
import pyarrow as pa
import pytest

from lakehouse.chess.arrow_functions import (
    classify_opening,
    fen_after,
    is_legal,
    legal_moves,
    name_openings,
    uci_moves,
)
from lakehouse.chess.errors import InvalidNotationError
from lakehouse.chess.openings import compile_openings, parse_openings
from lakehouse.chess.pgn import detect_encoding, split_games
from lakehouse.chess.pgn.stream import detect_stream_encoding, stream_games
from lakehouse.chess.replay_arrow import replay_arrow, split_arrow
from lakehouse.chess.sample_games import nasty_pgn, sample_pgn

START = chess.STARTING_FEN
KIWIPETE = "r3k2r/p1ppqpb1/bn2pnp1/3PN3/1p2P3/2N2Q1p/PPPBBPPP/R3K2R w KQkq - 0 1"


def test_legal_moves_are_those_of_another_library() -> None:
    rows = legal_moves(pa.array([START, KIWIPETE, None, "nonsense"])).to_pylist()
    assert rows[:2] == [sorted(m.uci() for m in chess.Board(fen).legal_moves) for fen in (START, KIWIPETE)]
    assert rows[2:] == [None, None]


def test_moves_are_judged_and_made_by_column() -> None:
    fens, moves = pa.array([START, START, START, None, "x"]), pa.array(["e4", "e2e4", "e5", "e4", "e4"])
    assert is_legal(fens, moves).to_pylist() == [True, True, False, None, None]
    after = "rnbqkbnr/pppppppp/8/8/4P3/8/PPPP1PPP/RNBQKBNR b KQkq - 0 1"
    assert fen_after(fens, moves).to_pylist() == [after, after, None, None, None]


def test_variants_have_their_own_rules() -> None:
    fens = pa.array(["8/8/8/8/8/8/p7/1R6 b - - 0 1"])
    assert legal_moves(fens, pa.array(["antichess"])).to_pylist()[0][0] == "a2b1b"
    assert legal_moves(fens, pa.array(["standard"])).to_pylist() == [None]


def test_openings_are_named_for_bare_moves() -> None:
    rows = classify_opening(pa.array(["1. e4 c5", "d4 d5 c4", "1. e4 c5 2. Qh9", None])).to_pylist()
    assert [row["eco"] for row in rows] == ["B20", "D06", "B20", None]
    assert rows[1]["opening"] == "Queen's Gambit"


def test_openings_are_named_by_a_table_of_one_s_own() -> None:
    table = parse_openings(compile_openings([("X1", "King's pawn", "1. e4"), ("X2", "Open", "1. e4 e5")]))
    texts = ["1. e4 c5", "1. e4 e5 2. Nf3", "d4", "*", '[Variant "Atomic"]\n1. e4 e5 *']
    replays = replay_arrow(pa.array(texts))
    found = name_openings(replays.field("position_keys"), replays.field("variant"), table)
    assert [row["eco"] for row in found.to_pylist()] == ["X1", "X2", None, None, None]
    assert found[1].as_py()["opening"] == "Open"


@pytest.mark.parametrize("text", ["", "no header\n", "key\teco\tname\tpgn\nzz\tA00\tx\t1. e4\n"])
def test_an_invalid_opening_table_is_refused(text: str) -> None:
    with pytest.raises(InvalidNotationError, match="line of an opening table"):
        parse_openings(text)


def test_packed_moves_are_written_as_uci() -> None:
    texts = [
        "1. e4 e5 2. Nf3 Nc6 3. Bc4 Bc5 4. O-O *",
        '[Variant "Chess960"]\n[FEN "4k3/8/8/8/8/8/8/5KR1 w G - 0 1"]\n1. O-O *',
        '[FEN "4k3/P7/8/8/8/8/8/4K3 w - - 0 1"]\n1. a8=N *',
        '[Variant "Crazyhouse"]\n1. e4 d5 2. exd5 Qxd5 3. P@e4 *',
        "*",
    ]
    replays = replay_arrow(pa.array(texts))
    rows = uci_moves(replays.field("moves"), replays.field("variant")).to_pylist()
    assert [row[-1:] for row in rows] == [["e1g1"], ["f1g1"], ["a7a8n"], ["P@e4"], []]
    assert rows[0] == ["e2e4", "e7e5", "g1f3", "b8c6", "f1c4", "f8c5", "e1g1"]


@pytest.mark.parametrize("block_bytes", [1, 7, 64, 1000, 1 << 20])
def test_a_file_in_pieces_gives_the_same_games(block_bytes: int) -> None:
    for data in (nasty_pgn(), sample_pgn(seed=1, games=8), b"", b" \n", b"\xef\xbb\xbf1. e4 *"):
        small = data[:1500] if block_bytes < 64 else data
        games = [g for part in stream_games(io.BytesIO(small), block_bytes=block_bytes) for g in part]
        assert games == split_games(small)
        assert detect_stream_encoding(io.BytesIO(small), block_bytes=block_bytes) == detect_encoding(small)


def test_without_numba_and_numpy_everything_works_slower() -> None:
    program = """
import sys
sys.modules["numba"] = sys.modules["llvmlite"] = sys.modules["numpy"] = None
from lakehouse.chess.replay_arrow import Core, replay_arrow, split_arrow
from lakehouse.chess.sample_games import sample_pgn
from lakehouse.errors import MissingDependencyError
games, _ = split_arrow(sample_pgn(seed=3, games=8))
rows = replay_arrow(games).to_pylist()
assert len(rows) == 8 and not any(row["fault"] for row in rows)
try:
    replay_arrow(games, core=Core.FAST)
except MissingDependencyError as error:
    print(error)
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert "pip install 'lakehouse[fast]'" in done.stdout


def test_splitting_does_not_copy_the_file() -> None:
    data = sample_pgn(seed=2, games=4)
    games, starts = split_arrow(data)
    assert b"".join(games.to_pylist()) == data
    assert starts[0] == 0
    assert games.buffers()[2].address == pa.py_buffer(data).address
