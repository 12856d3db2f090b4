"""The fast core is the strategies, faster: the same counts, cuts, and replays."""

from __future__ import annotations

import random
from importlib.resources import files

import chess
import numpy as np
import pyarrow as pa
import pytest

from lakehouse.chess.errors import UnknownReplayColumnError
from lakehouse.chess.fast.movegen import list_moves
from lakehouse.chess.fast.perft import fast_perft
from lakehouse.chess.fast.state import board_of_row, row_of_board
from lakehouse.chess.openings import compile_openings, opening_table
from lakehouse.chess.pgn import split_games
from lakehouse.chess.replay import pack_move
from lakehouse.chess.replay_arrow import Core, replay_arrow, split_arrow
from lakehouse.chess.sample_games import nasty_pgn, sample_pgn
from lakehouse.chess.variants import CHESS960, STANDARD, VARIANTS, chess960_start

KIWIPETE = "r3k2r/p1ppqpb1/bn2pnp1/3PN3/1p2P3/2N2Q1p/PPPBBPPP/R3K2R w KQkq - 0 1"


def both(data: bytes, **columns) -> list[dict]:
    """Replay a file by both cores, and return the one answer."""
    games, _ = split_arrow(data)
    fast = replay_arrow(games, core=Core.FAST, **columns)
    plain = replay_arrow(games, core=Core.PLAIN, **columns)
    assert fast.to_pylist() == plain.to_pylist()
    assert fast.type == plain.type
    return plain.to_pylist()


@pytest.mark.parametrize(
    ("fen", "counts"),
    [
        ("rnbqkbnr/pppppppp/8/8/8/8/PPPPPPPP/RNBQKBNR w KQkq - 0 1", [1, 20, 400, 8902, 197281, 4865609]),
        (KIWIPETE, [1, 48, 2039, 97862, 4085603]),
        ("8/2p5/3p4/KP5r/1R3p1k/8/4P1P1/8 w - - 0 1", [1, 14, 191, 2812, 43238, 674624, 11030083]),
    ],
)
def test_perft_counts_are_the_published_ones(fen: str, counts: list[int]) -> None:
    board = STANDARD.board_of(fen)
    assert [fast_perft(board, depth) for depth in range(len(counts))] == counts


def test_random_walks_list_the_same_moves_and_lead_to_the_same_rows() -> None:
    chooser = random.Random(20)
    room = np.zeros(256, dtype=np.uint16)
    for number in range(0, 960, 16):
        board = CHESS960.board_of(chess960_start(number))
        for _ in range(60):
            row = row_of_board(board).reshape(1, -1)
            moves = {pack_move(move): move for move in CHESS960.engine.legal_moves(board)}
            assert set(room[: list_moves(row, 0, room)].tolist()) == set(moves)
            assert board_of_row(row[0], version=board.version) == board
            if not moves:
                break
            board = CHESS960.engine.apply(board, moves[chooser.choice(sorted(moves))])


def test_every_game_of_the_samples_replays_the_same() -> None:
    rows = both(sample_pgn(seed=7, games=120))
    endings = {"checkmate", "stalemate", "insufficient material", "fivefold repetition", "seventy-five moves"}
    assert {row["ending"] for row in rows} >= endings
    assert not any(row["fault"] for row in rows)
    assert {row["variant"] for row in rows} == set(VARIANTS)
    assert any(any(clock for clock in row["clocks_ms"]) for row in rows)


def test_every_nasty_game_comes_out_the_same() -> None:
    rows = both(nasty_pgn(), encodings=pa.array(["latin-1"] * 19))
    assert len(rows) == 19
    faults = [row["fault"] for row in rows if row["fault"]]
    assert len(faults) == 4
    assert rows[1]["white"] == "Müller, Jörg"


@pytest.mark.parametrize(
    "text",
    [
        "1. e4 e5 2. Nf3 Nc6 1-0",
        "1.e4 e5 2.Nf3 Nc6 3.Bb5 a6 4.O-O 1/2-1/2",
        "e4 {[%clk 0:05:00]} e5 {[%clk 0:04:59.5]} Nf3 {text} *",
        "1. e4 {[%clk 5:00]} e5 *",
        "1. e4 {[%clk\n0:05:00]} e5 {[%clk\r\n 0:04:59.5]} Nf3 {[%clk0:04:58]} Nc6 {[%clk\n]} *",
        "1. e4 0000 2. d4 *",
        "01. e4 02.e5 Nf3*",
        "12.Nf3 3...Nf6 1.2.g3 g6 999999999999999999999999. Bg2 *",
        '1. e4 e5\n2. Nf3 Nc6\n\n% Bb5\n[A "b"]\nBc4 *',
        "1. e4 ( 1. d4 { ) } ( 1. c4 ) ) e5 $1 $22 2. Nf3 ; ( never\n Nc6 *",
        "1. e4 e5 2. Bc4 Nc6 3. Qh5 Nf6?? 4. Qxf7# 1-0",
        "1. f3 e5 2. g4 Qh4# 0-1 2. e4",
        "1. e4 d5 2. e5 f5 3. exf6 e.p. *",
        "1. e4 d5 2. e5 f5 3. exf6e.p. *",
        "1. e4 e5 2. Ke2 Ke7 3. Ke1 Ke8 4. O-O *",
        "1. e4 e5 2. Qe9 *",
        "1. e4 e5 {open",
        "1... e5 *",
        "1. Nf3 Nf6 2. Ng1 Ng8 3. Nf3 Nf6 4. Ng1 Ng8 5. Nf3 Nf6 6. Ng1 Ng8 7. Nf3 Nf6 8. Ng1 Ng8 *",
        "1. Nf3 d5 2. f4 *",
        "1. e4 Nf6 2. e5 f5 *",
        '[FEN "4k3/8/8/8/8/8/8/RN2KN2 w - - 0 1"]\n1. Nd2 *',
        '[FEN "4k3/8/8/8/8/8/8/RN2KN2 w - - 0 1"]\n1. Nbd2 Kd8 2. N1b3 *',
        " ".join(["Nf3 Nf6 Ng1 Ng8"] * 3),
        " ".join(["Nf3 Nf6 Ng1 Ng8"] * 4),
        '[FEN "7k/8/8/8/8/8/R7/K7 w - - 148 90"]\n1. Rb2 *',
        '[FEN "7k/8/8/8/8/8/R7/K7 w - - 149 90"]\n1. Rb2 *',
        '[Variant "Atomic"]\n1. e4 *',
        '[FEN "8/8/8/8/8/8/8/8 w - - 0 1"]\n1. e4 *',
        '[FEN "4k3/P7/8/8/8/8/8/4K3 w - - 0 1"]\n1. a8=Q+ Kd7 2. Qb7+ *',
        '[FEN "4k3/P7/8/8/8/8/8/4K3 w - - 0 1"]\n1. a8 *',
        '[FEN "4k3/P7/8/8/8/8/8/4K3 w - - 0 1"]\n1. a8Q Kd7 2. Qb7 *',
        '[FEN "r3k2r/8/8/8/8/8/8/R3K2R w KQkq - 0 1"]\n1. 0-0 0-0-0 *',
        '[FEN "r3k2r/8/8/8/8/8/8/R3K2R w KQkq - 0 1"]\n1. e1g1 e8a8 *',
        '[Variant "Chess960"]\n[FEN "1rk5/8/8/8/8/8/8/1RK5 w Bb - 0 1"]\n1. O-O-O Kc7 2. Kb1 *',
        '[White "A "B" C"]\n[Black "D \\"E\\" F"]\n1. e4 *',
        '[White "broken]\n1. e4 *',
        "[broken]\n1. e4 *",
        "%escaped\n1. e4\n% e5\ne6 *",
        "1. e4 e5 } 2. Nf3 *",
        "1. Nf3 d5 2. Nc3 d4 3. Ne4 d3 4. Nfg5 dxc2 5. Nxf7 cxd1=Q+ 6. Kxd1 Kxf7 *",
        "1. Na3 e5 2. Nb5 e4 3. Nd4 e3 4. Ngf3 exf2+ 5. Kxf2 *",
        "½-½",
        "1. e4 ½-½",
        "1. e4 e5 0-1\n\n2. Nf3",
        "(((",
        "*",
        "1.",
        "--",
        "1. Z0 *",
    ],
)
def test_texts_of_every_form_replay_the_same(text: str) -> None:
    both(text.encode())


def _named_by_hand(board: chess.Board, move: chess.Move) -> str:
    """A move as people write it who don't see that the king stands in the way of it: by piece and square alone."""
    piece, end = board.piece_type_at(move.from_square), chess.square_name(move.to_square)
    if piece != chess.PAWN:
        return chess.piece_symbol(piece).upper() + end
    takes = chess.square_file(move.from_square) != chess.square_file(move.to_square)
    return f"{chess.FILE_NAMES[chess.square_file(move.from_square)]}x{end}" if takes else end


def _tempting_moves(count: int) -> list[tuple[chess.Board, str]]:
    """Positions of random games, each with a move that only the own king forbids."""
    chooser, found = random.Random(8), []
    while len(found) < count:
        board = chess.Board()
        while not board.is_game_over() and board.ply() < 120:
            legal = set(board.legal_moves)
            tempting = [m for m in board.pseudo_legal_moves if m not in legal and not board.is_castling(m)]
            if tempting and not any(m.promotion for m in tempting):
                found.append((board.copy(stack=False), _named_by_hand(board, chooser.choice(tempting))))
            board.push(chooser.choice(sorted(legal, key=str)))
    return found[:count]


def test_a_move_that_only_the_own_king_forbids_is_not_made() -> None:
    tempting = _tempting_moves(100)
    games = pa.array([f'[FEN "{board.fen()}"]\n\n1. {text} *\n' for board, text in tempting])
    names = ["plies", "final_fen", "fault_ply"]
    for (board, text), row in zip(
        tempting, replay_arrow(games, core=Core.FAST, columns=names).to_pylist(), strict=True
    ):
        after, plies = board.copy(), 1
        try:
            after.push_san(text)
        except ValueError:
            plies = 0
        assert row["fault_ply"] == (None if plies else 0), (board.fen(), text)
        assert (row["plies"], row["final_fen"]) == (plies, after.fen()), (board.fen(), text)


def test_tags_come_out_the_same_in_every_encoding() -> None:
    text = '[White "Müller \\"Ü\\""]\n[WhiteElo "2700"]\n\n1. e4 *'
    for encoding in ("utf-8", "utf-8-sig", "latin-1"):
        (row,) = both(text.encode(encoding))
        assert (row["white"], row["white_elo"], row["black"]) == ('Müller "Ü"', "2700", None)


def test_a_null_or_empty_game_is_a_fault_and_not_an_error() -> None:
    games = pa.array([None, b"", b"1. e4 *"], pa.binary())
    rows = replay_arrow(games, core=Core.FAST).to_pylist()
    assert rows == replay_arrow(games, core=Core.PLAIN).to_pylist()
    assert [row["fault"] is None for row in rows] == [False, False, True]


def test_a_slice_of_an_array_is_read_from_its_own_offset() -> None:
    games = pa.array([b"1. e4 *", b"1. d4 d5 *", b"1. c4 *"], pa.binary())[1:2]
    assert replay_arrow(games, core=Core.FAST).to_pylist() == replay_arrow(games, core=Core.PLAIN).to_pylist()


def test_some_columns_are_those_of_the_whole_replay() -> None:
    games, _ = split_arrow(nasty_pgn())
    whole = replay_arrow(games, core=Core.PLAIN).to_pylist()
    names = ["fault", "white", "moves", "ending"]
    for core in (Core.FAST, Core.PLAIN):
        some = replay_arrow(games, core=core, columns=names)
        assert some.to_pylist() == [{name: row[name] for name in names} for row in whole]
        assert [field.name for field in some.type] == names


def test_an_unknown_column_is_an_error() -> None:
    for core in (Core.FAST, Core.PLAIN):
        with pytest.raises(UnknownReplayColumnError, match=r"'move_list'. It has: event"):
            replay_arrow(pa.array([b"1. e4 *"]), core=core, columns=["move_list"])


def test_no_games_give_no_replays() -> None:
    for core in (Core.FAST, Core.PLAIN):
        assert len(replay_arrow(pa.array([], pa.binary()), core=core)) == 0


_WORDS = [
    *(
        b'[Event "x"]',
        b'[A "b"]',
        b"\n",
        b"\r\n",
        b" ",
        b"{",
        b"}",
        b"(",
        b")",
        b";",
        b"%",
        b"1.",
        b"1-0",
        b"*",
    ),
    *(b"1/2-1/2", b"e4", b"[bad", b'[X "a"b"]', b"\\", b'"', b"0-1", b'[Event "', b'\n[Event "y"]\n'),
    *(b"\xef\xbb\xbf", b"\t", b"\x0b", b"1.e4", b"e5", b"Nf3", b"[%clk 0:01:02]", b"$3", b"\xe9", b"\x00"),
    *(b'[FEN "4k3/8/8/8/8/8/8/4K2R w K - 0 1"]', b"O-O", b"d7d5", b"e2e4", b"!", b"+", b"exd5", b"0-0", b"-"),
    *(
        "±".encode(),
        b"+=",
        b"<1>",
        b"N",
        b"e.p.",
        "1–0".encode(),
        b"\xbd",
        b"1/2",
        b"1:0",
        b"\x96",
        b"Ke2",
        b"$",
    ),
    *(
        b"[%eval -0.33]",
        b"[%eval #3]",
        b"--",
        b"e4=",
        b'[Result "0-0"]',
        b'[Variant "Atomic"]',
        b'\xef\xbb\xbf[A "b"]',
    ),
    *(b'[FEN "8/8/8/8/8/8/8/K1k5 w KQ - 0 1"]', b'[Variant "Crazyhouse"]', b"N@f3", b"P@e4"),
    b'\xef\xbb\xbf[A "b"]',
]


def test_random_bytes_are_cut_and_replayed_the_same() -> None:
    chooser = random.Random(3)
    parts = []
    for _ in range(3_000):
        data = b"".join(chooser.choice(_WORDS) for _ in range(chooser.randint(0, 25)))
        games, starts = split_arrow(data, core=Core.FAST)
        assert starts == [game.offset for game in split_games(data)]
        parts.append(games)
    games = pa.concat_arrays(parts)
    _are_replayed_alike(games, strict=False)
    _are_replayed_alike(games[::5], strict=True)


def _are_replayed_alike(games: pa.Array, *, strict: bool) -> None:
    fast, plain = (replay_arrow(games, core=core, strict=strict) for core in (Core.FAST, Core.PLAIN))
    for game, (ours, theirs) in enumerate(zip(fast.to_pylist(), plain.to_pylist(), strict=True)):
        assert ours == theirs, games[game]


def test_a_result_in_a_variation_does_not_end_the_game() -> None:
    data = b"1. e4 (1. d4 1-0) 1. e5 1-0\n1. c4 *"
    for core in (Core.FAST, Core.PLAIN):
        assert split_arrow(data, core=core)[1] == [0, 28]


def test_the_opening_table_is_what_its_own_moves_give() -> None:
    openings = opening_table().openings
    assert len(openings) == 3_807
    rows = _opening_rows()
    sample = rows[::40]
    compiled = compile_openings(sample).splitlines()[1:]
    keys = {int(line.split("\t")[0], 16): line.split("\t")[1:3] for line in compiled}
    assert {key: [openings[key].eco, openings[key].name] for key in keys} == keys


def _opening_rows() -> list[tuple[str, str, str]]:
    text = files("lakehouse.chess").joinpath("data/openings.tsv").read_text(encoding="utf-8")
    rows = [line.split("\t") for line in text.splitlines()[1:]]
    return [(eco, name, pgn) for _, eco, name, pgn in rows]


def test_an_opening_is_found_through_another_move_order() -> None:
    (row,) = both(b"1. Nf3 d5 2. d4 Nf6 3. c4 e6 4. Nc3 Be7 *")
    assert row["eco"] == "D37"
    (other,) = both(b"1. d4 Nf6 2. c4 e6 3. Nc3 d5 4. Nf3 Be7 *")
    assert other["opening"] == row["opening"]
    assert both(b"1. a4 a5 2. Ra3 *")[0]["eco"] == "A00"


def test_winner_and_color_of_a_mate() -> None:
    rows = both(b"1. f3 e5 2. g4 Qh4# 0-1 1. e4 e5 2. Bc4 Nc6 3. Qh5 Nf6 4. Qxf7# 1-0")
    assert [(row["ending"], row["winner"]) for row in rows] == [
        ("checkmate", "black"),
        ("checkmate", "white"),
    ]
