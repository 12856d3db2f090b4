"""Positions and moves as text."""

from __future__ import annotations

import chess
import pytest

from lakehouse.chess.epd import format_epd, parse_epd
from lakehouse.chess.errors import (
    AmbiguousMoveError,
    IllegalMoveError,
    InvalidFenError,
    InvalidMoveTextError,
    InvalidNotationError,
    UnknownVariantError,
)
from lakehouse.chess.fen import STANDARD_FEN, format_fen
from lakehouse.chess.geometry import Color, name_of, position_of
from lakehouse.chess.pieces import King, Knight, Pawn, Queen
from lakehouse.chess.position_key import ZOBRIST_NUMBERS, zobrist_key
from lakehouse.chess.san import format_san, parse_move
from lakehouse.chess.variants import CHESS960, STANDARD, VARIANTS, chess960_start, variant_of

KIWIPETE = "r3k2r/p1ppqpb1/bn2pnp1/3PN3/1p2P3/2N2Q1p/PPPBBPPP/R3K2R w KQkq - 0 1"


def uci(fen: str, text: str, variant=STANDARD) -> str:
    return parse_move(variant.engine, variant.board_of(fen), text).uci()


@pytest.mark.parametrize(
    "fen",
    [
        STANDARD_FEN,
        KIWIPETE,
        "rnbqkbnr/ppp1p1pp/8/3pPp2/8/8/PPPP1PPP/RNBQKBNR w KQkq f6 0 3",
    ],
)
def test_a_fen_is_written_as_it_was_read(fen: str) -> None:
    assert format_fen(STANDARD.board_of(fen)) == fen


def test_en_passant_is_written_only_where_a_capture_is_legal() -> None:
    board = STANDARD.start_board()
    after = STANDARD.engine.apply(board, parse_move(STANDARD.engine, board, "e4"))
    assert format_fen(after) == "rnbqkbnr/pppppppp/8/8/4P3/8/PPPP1PPP/RNBQKBNR b KQkq - 0 1"
    pinned = STANDARD.board_of("8/8/8/8/k2Pp2Q/8/8/3K4 b - d3 0 1")
    assert pinned.en_passant is None


@pytest.mark.parametrize(
    ("given", "xfen", "shredder"),
    [
        ("r1k1r2q/p1ppp1pp/8/8/8/8/P1PPP1PP/R1K1R2Q w KQkq - 0 1", "KQkq", "EAea"),
        ("r1k1r2q/p1ppp1pp/8/8/8/8/P1PPP1PP/R1K1R2Q w EAea - 0 1", "KQkq", "EAea"),
        ("1rk1r1r1/8/8/8/8/8/8/1RK1R1R1 w Ee - 0 1", "Ee", "Ee"),
        ("1rk1r1r1/8/8/8/8/8/8/1RK1R1R1 w Kk - 0 1", "Kk", "Gg"),
        ("8/8/8/4B2b/6nN/8/5P2/2R1K2k w Q - 12 80", "Q", "C"),
    ],
)
def test_castling_rights_of_chess960_name_the_rook_where_they_must(given, xfen, shredder) -> None:
    board = CHESS960.board_of(given)
    assert format_fen(board).split()[2] == xfen
    assert format_fen(board, shredder=True).split()[2] == shredder


@pytest.mark.parametrize(
    ("fen", "reason"),
    [
        ("", "0 fields"),
        ("8/8/8/8/8/8/8 w - - 0 1", "7 ranks"),
        ("9/8/8/8/8/8/8/8 w - - 0 1", "rank 8"),
        ("44/8/8/8/8/8/8/8 w - - 0 1", "rank 8"),
        ("rnbqkbnr/pppppppp/8/8/8/8/PPPPPPPP/RNBQKBNR x KQkq - 0 1", "side to move"),
        ("rnbqkbnr/pppppppp/8/8/8/8/PPPPPPPP/RNBQKBNR w KK - 0 1", "castling rights"),
        ("rnbqkbnr/pppppppp/8/8/8/8/PPPPPPPP/1NBQKBNR w Q - 0 1", "castling right 'Q'"),
        ("rnbqkbnr/pppppppp/8/8/8/8/PPPPPPPP/RNBQKBNR w - e6 0 1", "no pawn has just passed"),
        ("rnbqkbnr/pppppppp/8/8/8/8/PPPPPPPP/RNBQKBNR w - - x 1", "counters"),
        ("8/8/8/8/8/8/8/8 w - - 0 1", "has 0 kings"),
        ("4k3/8/8/8/8/8/8/P3K3 w - - 0 1", "impossible rank"),
        ("4k3/4R3/8/8/8/8/8/4K3 w - - 0 1", "black is in check, but not to move"),
    ],
)
def test_a_fen_that_cannot_be_is_refused_with_its_reason(fen: str, reason: str) -> None:
    with pytest.raises(InvalidFenError, match=reason) as caught:
        STANDARD.board_of(fen)
    assert repr(fen) in str(caught.value)


@pytest.mark.parametrize(
    ("variant", "fen"),
    [
        ("three-check", "r3k2r/8/8/8/8/8/8/R3K2R w KQkq - 1+2 0 1"),
        ("crazyhouse", "2k5/8/8/8/8/8/8/4K3[QPn] w - - 0 1"),
        ("crazyhouse", "4k3/1Q~6/8/8/4b3/8/Kpp5/8[] b - - 0 1"),
        ("horde", VARIANTS["horde"].start_fen),
        ("racing kings", VARIANTS["racing kings"].start_fen),
    ],
)
def test_a_variant_writes_what_it_remembers(variant: str, fen: str) -> None:
    assert format_fen(VARIANTS[variant].board_of(fen)) == fen


def test_the_other_spelling_of_three_checks_is_read() -> None:
    board = VARIANTS["three-check"].board_of("r3k2r/8/8/8/8/8/8/R3K2R w KQkq - 0 1 +2+1")
    assert format_fen(board) == "r3k2r/8/8/8/8/8/8/R3K2R w KQkq - 1+2 0 1"


@pytest.mark.parametrize(
    ("fen", "text", "move"),
    [
        (STANDARD_FEN, "Nf3", "g1f3"),
        (STANDARD_FEN, "Ng1f3", "g1f3"),
        (STANDARD_FEN, "Ngf3!?", "g1f3"),
        (STANDARD_FEN, "Pe4", "e2e4"),
        (STANDARD_FEN, "e2-e4", "e2e4"),
        (STANDARD_FEN, "e2e4", "e2e4"),
        (STANDARD_FEN, "g1f3", "g1f3"),
        (KIWIPETE, "O-O", "e1g1"),
        (KIWIPETE, "0-0-0+", "e1c1"),
        (KIWIPETE, "e1c1", "e1c1"),
        (KIWIPETE, "e1a1", "e1c1"),
        (KIWIPETE, "dxe6", "d5e6"),
        (KIWIPETE, "d5:e6", "d5e6"),
        (KIWIPETE, "Ne5xd7", "e5d7"),
        ("4k3/P7/8/8/8/8/8/4K3 w - - 0 1", "a8=Q+", "a7a8q"),
        ("4k3/P7/8/8/8/8/8/4K3 w - - 0 1", "a8Q", "a7a8q"),
        ("4k3/P7/8/8/8/8/8/4K3 w - - 0 1", "a8(N)", "a7a8n"),
        ("4k3/P7/8/8/8/8/8/4K3 w - - 0 1", "a8=n", "a7a8n"),
        ("4k3/8/8/3pP3/8/8/8/4K3 w - d6 0 1", "exd6e.p.", "e5d6"),
    ],
)
def test_san_is_read_leniently(fen: str, text: str, move: str) -> None:
    assert uci(fen, text) == move


def test_uci_castling_of_chess960_is_king_takes_rook() -> None:
    board = CHESS960.board_of("4k3/8/8/8/8/8/8/5KR1 w G - 0 1")
    castling = parse_move(CHESS960.engine, board, "f1g1")
    assert castling.uci(chess960=True) == "f1g1"
    assert format_san(CHESS960.engine, board, castling) == "O-O"
    assert parse_move(CHESS960.engine, board, "Kf2").uci() == "f1f2"


@pytest.mark.parametrize("text", ["", "Qh9", "e", "hello", "Nf", "O-O-O-O", "e4e5e6", "é4", "1.", "\0"])
def test_a_text_that_is_not_a_move_is_refused(text: str) -> None:
    with pytest.raises(InvalidMoveTextError):
        uci(STANDARD_FEN, text)


def test_an_ambiguous_move_names_what_it_may_be() -> None:
    with pytest.raises(AmbiguousMoveError) as caught:
        uci("4k3/8/8/8/8/2N3N1/8/4K3 w - - 0 1", "Ne4")
    assert caught.value.candidates == ["Nce4", "Nge4"]


@pytest.mark.parametrize("text", ["--", "Z0", "0000", "null"])
def test_nobody_may_pass(text: str) -> None:
    with pytest.raises(IllegalMoveError, match="nobody may pass"):
        uci(STANDARD_FEN, text)


@pytest.mark.parametrize(
    "fen",
    [
        KIWIPETE,
        "r2q1rk1/pP1p2pp/Q4n2/bbp1p3/Np6/1B3NBn/pPPP1PPP/R3K2R b KQ - 0 1",
        "rnbq1k1r/pp1Pbppp/2p5/8/2B5/8/PPP1NnPP/RNBQK2R w KQ - 1 8",
        "6k1/8/8/1N1N4/8/1N1N4/8/4K3 w - - 0 1",
        "7k/8/8/8/8/8/1R6/R3K3 w Q - 0 1",
    ],
)
def test_strict_san_is_that_of_another_library(fen: str) -> None:
    board, oracle = STANDARD.board_of(fen), chess.Board(fen)
    ours = {
        move.uci(): format_san(STANDARD.engine, board, move) for move in STANDARD.engine.legal_moves(board)
    }
    assert ours == {move.uci(): oracle.san(move) for move in oracle.legal_moves}


def test_epd_is_written_as_it_was_read() -> None:
    text = 'r3k2r/8/8/8/8/8/8/R3K2R w KQkq - bm O-O O-O-O; hmvc 12; fmvn 40; id "castle both ways"; c0 "a;b";'
    epd = parse_epd(text)
    assert epd.operations["bm"] == ("O-O", "O-O-O")
    assert epd.operations["c0"] == ("a;b",)
    assert (epd.board.halfmove_clock, epd.board.fullmove_number) == (12, 40)
    assert format_epd(epd) == text


@pytest.mark.parametrize(
    "text", ["", "8/8 w -", "8/8/8/8/8/8/8/8 w - - bm Nf3", "4k3/8/8/8/8/8/8/4K3 w - - hmvc x;", "a b c d ;;"]
)
def test_an_invalid_epd_is_refused(text: str) -> None:
    with pytest.raises((InvalidNotationError, InvalidFenError)):
        parse_epd(text)


def test_every_chess960_start_is_that_of_another_library() -> None:
    ours = [chess960_start(number) for number in range(960)]
    assert ours == [chess.Board.from_chess960_pos(number).fen() for number in range(960)]
    assert chess960_start(518) == STANDARD_FEN
    with pytest.raises(InvalidNotationError):
        chess960_start(960)


def test_a_variant_is_found_by_any_of_its_names() -> None:
    for name in ("Crazyhouse", "crazy house", "ZH"):
        assert variant_of(name) is VARIANTS["crazyhouse"]
    with pytest.raises(UnknownVariantError, match=r"'bughouse'.*Fix: use one of: standard"):
        variant_of("bughouse")


def test_zobrist_numbers_are_those_of_the_published_generator() -> None:
    state, numbers = 0x6C616B65686F7573, []
    for _ in range(3):
        state = (state + 0x9E3779B97F4A7C15) % 2**64
        z = (state ^ state >> 30) * 0xBF58476D1CE4E5B9 % 2**64
        z = (z ^ z >> 27) * 0x94D049BB133111EB % 2**64
        numbers.append(z ^ z >> 31)
    assert ZOBRIST_NUMBERS[:3] == tuple(numbers)
    assert len(set(ZOBRIST_NUMBERS)) == 1181


def test_a_key_does_not_know_how_the_position_came_about() -> None:
    boards = []
    for moves in ("Nf3 Nf6 Nc3 Nc6", "Nc3 Nc6 Nf3 Nf6"):
        board = STANDARD.start_board()
        for text in moves.split():
            board = STANDARD.engine.apply(board, parse_move(STANDARD.engine, board, text))
        boards.append(board)
    assert zobrist_key(boards[0]) == zobrist_key(boards[1])
    assert zobrist_key(boards[0]) != zobrist_key(STANDARD.start_board())


def test_a_board_never_changes_and_counts_its_versions() -> None:
    board = STANDARD.start_board()
    after = board.move_piece(position_of("e2"), position_of("e4"))
    assert board.get_piece_at(position_of("e2")) is Pawn(Color.WHITE)
    assert after.get_piece_at(position_of("e4")) is Pawn(Color.WHITE)
    assert (board.version, after.version) == (0, 1)
    assert len(after.get_all_pieces()) == 32
    with pytest.raises(AttributeError):
        board.turn = Color.BLACK  # type: ignore[misc]
    with pytest.raises(AttributeError):
        King(Color.WHITE).color = Color.BLACK
    with pytest.raises(IllegalMoveError, match="no piece stands there"):
        board.move_piece(position_of("e4"), position_of("e5"))


def test_pieces_know_geometry_and_nothing_else() -> None:
    board = STANDARD.start_board()
    assert Knight(Color.WHITE).is_legal_move(board, position_of("b1"), position_of("c3"))
    assert not Knight(Color.WHITE).is_legal_move(board, position_of("b1"), position_of("d2"))
    assert not Queen(Color.WHITE).is_legal_move(board, position_of("d1"), position_of("d3"))
    assert name_of(position_of("h8")) == "h8"
