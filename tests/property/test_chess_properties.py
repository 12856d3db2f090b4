"""Laws of chess notation, on made-up input: what is read writes back, and nothing but declared errors comes."""

from __future__ import annotations

from itertools import pairwise

import chess
from hypothesis import HealthCheck, assume, example, given, settings
from hypothesis import strategies as st

from lakehouse.chess.epd import parse_epd
from lakehouse.chess.errors import ChessError
from lakehouse.chess.fen import format_fen, parse_fen
from lakehouse.chess.pgn import PgnGame, read_pgn, split_games, write_pgn
from lakehouse.chess.position_key import position_key, zobrist_key
from lakehouse.chess.replay import replay_game
from lakehouse.chess.san import format_san, parse_move
from lakehouse.chess.variants import STANDARD, VARIANTS

FEN_PARTS = st.sampled_from(
    [
        "rnbqkbnr",
        "pppppppp",
        "8",
        "/",
        " ",
        "w",
        "b",
        "KQkq",
        "-",
        "e3",
        "0",
        "1",
        "K",
        "k",
        "P",
        "[Qp]",
        "~",
        "3+3",
        "é",
    ]
)
SAN_PARTS = st.sampled_from(
    [*"KQRBNPabcdefgh12345678x=+#!?@-O0()/", "e.p.", "O-O", "--", "e4", "Nf3", "½", "\x00"]
)
PGN_PARTS = st.sampled_from(
    [
        *(
            b'[Event "x"]',
            b'[FEN "',
            b'[Variant "',
            b"Atomic",
            b'"]',
            b"\n",
            b"\r\n",
            b" ",
            b"{",
            b"}",
            b"(",
            b")",
        ),
        *(
            b";",
            b"%",
            b"$1",
            b"1.",
            b"1-0",
            b"*",
            b"e4",
            b"e5",
            b"Nf3",
            b"O-O",
            b"[%clk 0:0",
            b"[%eval 0.1]",
            b"0-0",
            b"+=",
            b"\xef\xbb\xbf",
            b"\xe9",
            b"\x00",
            b"]",
        ),
    ]
)
FEW = settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])


@given(
    st.one_of(st.text(max_size=100), st.lists(FEN_PARTS, max_size=40).map("".join)),
    st.sampled_from(list(VARIANTS)),
)
@FEW
def test_a_fen_is_read_or_refused_and_nothing_else(text: str, variant: str) -> None:
    try:
        board = VARIANTS[variant].board_of(text)
    except ChessError:
        return
    assert VARIANTS[variant].board_of(format_fen(board)) == board


@given(st.one_of(st.text(max_size=12), st.lists(SAN_PARTS, max_size=8).map("".join)))
@FEW
def test_a_move_is_read_or_refused_and_nothing_else(text: str) -> None:
    board = STANDARD.board_of("r3k2r/p1ppqpb1/bn2pnp1/3PN3/1p2P3/2N2Q1p/PPPBBPPP/R3K2R w KQkq - 0 1")
    try:
        move = parse_move(STANDARD.engine, board, text)
    except ChessError:
        return
    assert chess.Move.from_uci(move.uci()) in chess.Board(format_fen(board)).legal_moves


@given(st.text(max_size=120))
@FEW
def test_an_epd_is_read_or_refused_and_nothing_else(text: str) -> None:
    try:
        parse_epd(text)
    except ChessError:
        return


@given(st.one_of(st.binary(max_size=200), st.lists(PGN_PARTS, max_size=40).map(b"".join)))
@example(b"\xef\xbb\xbf\xef\xbb\xbf")
@FEW
def test_no_bytes_of_a_file_are_lost_and_nothing_raises(data: bytes) -> None:
    games = split_games(data)
    assert not games or b"".join(game.raw for game in games) == data
    assert games or not data.replace(b"\xef\xbb\xbf", b"").strip(b" \t\r\n\v\f")
    assert len(list(read_pgn(data))) == len(games)
    for game in games:
        replay_game(game.raw)


@st.composite
def played_games(draw: st.DrawFn, variant: str = "standard"):
    """A game of random legal moves: the boards and the moves between them."""
    game = VARIANTS[variant]
    boards, moves = [game.start_board()], []
    for _ in range(draw(st.integers(1, 40))):
        legal = game.engine.legal_moves(boards[-1])
        if not legal:
            break
        moves.append(legal[draw(st.integers(0, len(legal) - 1))])
        boards.append(game.engine.apply(boards[-1], moves[-1]))
    assume(moves)
    return boards, moves


@given(played_games())
@settings(max_examples=30, deadline=None)
def test_random_games_are_those_of_another_library(played) -> None:
    boards, moves = played
    oracle = chess.Board()
    for board, move, after in zip(boards, moves, boards[1:], strict=False):
        assert {m.uci() for m in STANDARD.engine.legal_moves(board)} == {m.uci() for m in oracle.legal_moves}
        assert format_san(STANDARD.engine, board, move) == oracle.san(chess.Move.from_uci(move.uci()))
        oracle.push_uci(move.uci())
        assert format_fen(after) == oracle.fen()
        assert STANDARD.engine.is_in_check(after) == oracle.is_check()


@given(played_games())
@settings(max_examples=30, deadline=None)
def test_what_is_written_reads_back(played) -> None:
    boards, moves = played
    for board, move in zip(boards, moves, strict=False):
        assert parse_move(STANDARD.engine, board, format_san(STANDARD.engine, board, move)) == move
        assert parse_move(STANDARD.engine, board, move.uci()) == move
        again = parse_fen(format_fen(board)).board
        assert position_key(again) == position_key(board)
        assert zobrist_key(again) == zobrist_key(board)


@given(played_games(), st.text(max_size=30).filter(str.isprintable))
@settings(max_examples=30, deadline=None)
def test_a_written_game_reads_back(played, name: str) -> None:
    boards, moves = played
    texts = [format_san(STANDARD.engine, board, move) for board, move in zip(boards, moves, strict=False)]
    (game,) = read_pgn(" ".join(texts).encode())
    assert isinstance(game, PgnGame)
    tagged = PgnGame(
        tags={"White": name}, variant=game.variant, start=game.start, moves=game.moves, result="1-0"
    )
    (again,) = read_pgn(write_pgn(tagged).encode())
    assert isinstance(again, PgnGame)
    assert (again.moves, again.tags["White"]) == (game.moves, name)


def test_rights_never_come_back_in_any_variant() -> None:
    @given(st.data())
    @settings(max_examples=25, deadline=None)
    def check(data: st.DataObject) -> None:
        boards, _ = data.draw(played_games(data.draw(st.sampled_from(list(VARIANTS)))))
        for before, after in pairwise(boards):
            assert after.castling_rooks <= before.castling_rooks
            assert after.version == before.version + 1
            assert after.turn is not before.turn

    check()
