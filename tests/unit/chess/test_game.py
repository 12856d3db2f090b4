"""A game from the first move to its ending, by the Laws and by the clock."""

from __future__ import annotations

import pytest

from lakehouse.chess.clock import ClockPolicy, DelayKind, FlagFell, Stage, parse_time_control
from lakehouse.chess.errors import (
    GameOverError,
    IllegalMoveError,
    InvalidClaimError,
    InvalidNotationError,
    OutOfTurnError,
)
from lakehouse.chess.events import EventKind
from lakehouse.chess.game import Game
from lakehouse.chess.geometry import Color, position_of
from lakehouse.chess.move import Move
from lakehouse.chess.pieces import Knight, Queen
from lakehouse.chess.termination import Termination
from lakehouse.chess.variants import VARIANTS

WHITE, BLACK = Color.WHITE, Color.BLACK


class Watch:
    """Time that moves only when the test says so."""

    def __init__(self) -> None:
        self.now_ms = 1_000_000

    def __call__(self) -> int:
        return self.now_ms


def started(**options) -> Game:
    game = Game(**options)
    game.start_game()
    return game


def play(game: Game, moves: str) -> Game:
    for move in moves.split():
        game.submit_move(move)
    return game


def ended_by(game: Game) -> tuple[Termination, Color | None] | None:
    return None if game.ending is None else (game.ending.termination, game.ending.winner)


@pytest.mark.parametrize(
    ("fen", "moves", "termination", "winner"),
    [
        (None, "f3 e5 g4 Qh4", Termination.CHECKMATE, BLACK),
        ("7k/5Q2/8/8/8/8/8/K7 w - - 0 1", "Qf7-f6 Kg8 Qg6 Kh8 Qf7", Termination.STALEMATE, None),
        ("8/8/8/8/8/k1n5/8/K1R5 w - - 0 1", "Rxc3", None, None),
        ("8/8/8/8/8/2nk4/8/K1R5 w - - 0 1", "Rxc3 Kxc3", Termination.INSUFFICIENT_MATERIAL, None),
        ("7k/8/8/8/8/8/R7/K7 w - - 148 90", "Rb2", None, None),
        ("7k/8/8/8/8/8/R7/K7 w - - 149 90", "Rb2", Termination.SEVENTYFIVE_MOVES, None),
        ("7k/6pp/8/8/8/8/8/R6K w - - 149 90", "Ra8", Termination.CHECKMATE, WHITE),
        (None, " ".join(["Nf3 Nf6 Ng1 Ng8"] * 3), None, None),
        (None, " ".join(["Nf3 Nf6 Ng1 Ng8"] * 4), Termination.FIVEFOLD_REPETITION, None),
    ],
)
def test_the_position_ends_the_game(fen, moves, termination, winner) -> None:
    game = started(fen=fen)
    play(game, moves)
    assert ended_by(game) == (None if termination is None else (termination, winner))
    if termination is not None:
        assert game.get_history()[-1].kind is EventKind.ENDED
        with pytest.raises(GameOverError, match=termination.value):
            game.submit_move("a3")


@pytest.mark.parametrize(
    ("variant", "fen", "moves", "winner"),
    [
        ("three-check", None, "e4 e5 Bc4 Nc6 Bxf7+ Kxf7 Qh5+ g6 Qxg6+", WHITE),
        ("king of the hill", "4k3/8/8/8/8/3K4/8/8 w - - 0 1", "Kd4", WHITE),
        ("antichess", "8/8/8/8/8/8/p7/1R6 b - - 0 1", "axb1=N", WHITE),
        ("atomic", None, "Nf3 a6 Ne5 a5 Nxf7", WHITE),
        ("horde", "4k3/8/8/8/8/8/4r3/4P3 b - - 0 1", "Rxe1", BLACK),
        ("racing kings", "8/6K1/8/8/8/k7/8/8 w - - 0 1", "Kg8", WHITE),
    ],
)
def test_a_variant_ends_by_its_own_goal(variant, fen, moves, winner) -> None:
    game = started(variant=VARIANTS[variant], fen=fen)
    play(game, moves)
    assert ended_by(game) == (Termination.VARIANT_GOAL, winner)


def test_black_may_follow_the_white_king_onto_the_last_rank() -> None:
    game = started(variant=VARIANTS["racing kings"], fen="8/1k4K1/8/8/8/8/8/8 w - - 0 1")
    play(game, "Kg8")
    assert game.ending is None
    play(game, "Kb8")
    assert ended_by(game) == (Termination.VARIANT_GOAL, None)


def test_a_crazyhouse_piece_changes_sides_and_comes_back() -> None:
    game = started(variant=VARIANTS["crazyhouse"])
    play(game, "e4 d5 exd5 Qxd5 P@d4 Qxg2")
    assert "[Pp]" not in game.get_history()[-1].fen
    assert game.get_history()[-1].fen.startswith("rnb1kbnr/ppp1pppp/8/8/3P4/8/PPPP1PqP/RNBQKBNR[pp]")


def test_an_error_repeats_the_move_the_ply_and_the_position() -> None:
    game = play(started(), "e4 e5")
    with pytest.raises(IllegalMoveError) as caught:
        game.submit_move("Qh9")
    assert str(caught.value).startswith("illegal move 'Qh9' at ply 2 in rnbqkbnr/pppp1ppp/8/4p3/")
    assert "Fix: " in str(caught.value)
    assert len(game.get_history()) == 3


@pytest.mark.parametrize(
    ("fen", "move", "reason"),
    [
        ("4k3/4r3/8/8/8/8/4R3/4K3 w - - 0 1", "Rd2", "FIDE 3.9.2"),
        ("4k3/8/8/8/8/8/8/4KR2 w - - 0 1", "O-O", "castling is not possible"),
        ("4k3/P7/8/8/8/8/8/4K3 w - - 0 1", "a8", "FIDE 3.7.3.3"),
        ("4k3/8/8/8/8/8/8/4K3 w - - 0 1", "--", "nobody may pass"),
        ("4k3/8/8/8/8/8/8/4K3 w - - 0 1", "Ne2", "no piece of the side to move"),
    ],
)
def test_a_refusal_says_which_rule_was_broken(fen: str, move: str, reason: str) -> None:
    with pytest.raises(IllegalMoveError, match=reason.replace(".", r"\.")):
        started(fen=fen).submit_move(move)


def test_a_move_object_is_judged_like_a_text() -> None:
    game = started()
    knight = Move(start=position_of("g1"), end=position_of("f3"), piece=Knight(WHITE))
    assert game.submit_move(knight).san == "Nf3"
    queen = Move(start=position_of("d8"), end=position_of("d5"), piece=Queen(BLACK))
    with pytest.raises(IllegalMoveError, match="no piece there moves like that"):
        game.submit_move(queen)


def test_nobody_moves_out_of_turn() -> None:
    game = started()
    with pytest.raises(OutOfTurnError, match="white's turn"):
        game.submit_move("e5", by=BLACK)


def test_en_passant_that_uncovers_a_check_along_the_rank_is_refused() -> None:
    game = started(fen="8/8/8/8/k2Pp2Q/8/8/3K4 b - d3 0 1")
    with pytest.raises(IllegalMoveError):
        game.submit_move("exd3")


def test_a_captured_rook_loses_its_right_to_castle() -> None:
    game = started(fen="r3k2r/8/8/8/8/6n1/8/R3K2R b KQkq - 0 1")
    assert game.submit_move("Nxh1").fen.split()[2] == "Qkq"


def test_threefold_repetition_is_claimed_not_automatic() -> None:
    game = play(started(), "Nf3 Nf6 Ng1 Ng8 Nf3 Nf6 Ng1 Ng8")
    assert game.ending is None
    assert game.claim_draw(WHITE).termination is Termination.THREEFOLD_REPETITION


def test_a_claim_with_the_intended_move_counts_that_move() -> None:
    game = play(started(), "Nf3 Nf6 Ng1 Ng8 Nf3 Nf6 Ng1")
    assert game.draw_state.claimable == ()
    assert game.claim_draw(BLACK, move="Ng8").termination is Termination.THREEFOLD_REPETITION


def test_positions_with_other_castling_rights_are_not_the_same() -> None:
    game = started(fen="r3k2r/8/8/8/8/8/8/R3K2R w KQkq - 0 1")
    play(game, "Ke2 Ke7 Ke1 Ke8 Ke2 Ke7 Ke1 Ke8")
    assert game.draw_state.claimable == ()
    play(game, "Ke2 Ke7 Ke1 Ke8")
    assert game.draw_state.claimable == (Termination.THREEFOLD_REPETITION,)


def test_positions_with_a_capture_in_passing_are_not_those_without() -> None:
    game = play(started(), "e4 Nf6 e5 d5 Nf3 Ng8 Ng1 Nf6 Nf3 Ng8 Ng1 Nf6")
    assert game.draw_state.claimable == ()
    play(game, "Nf3 Ng8 Ng1 Nf6")
    assert game.draw_state.claimable == (Termination.THREEFOLD_REPETITION,)


def test_fifty_moves_are_claimed() -> None:
    game = started(fen="7k/8/8/8/8/8/R7/K7 w - - 98 80")
    play(game, "Rb2")
    assert game.draw_state.claimable == ()
    play(game, "Kg8")
    assert game.claim_draw(WHITE).termination is Termination.FIFTY_MOVES


def test_a_wrong_claim_costs_two_minutes_and_the_intended_move_stands() -> None:
    watch = Watch()
    game = started(clock=parse_time_control("300"), now_ms=watch)
    event = game.claim_draw(WHITE, move="e4")
    assert event.kind is EventKind.CLAIM_REJECTED
    assert event.remaining_ms == (300_000, 420_000)
    assert game.get_history()[-1].san == "e4"


def test_only_the_player_to_move_may_claim() -> None:
    with pytest.raises(InvalidClaimError):
        started().claim_draw(BLACK)


def test_a_draw_is_offered_and_accepted() -> None:
    game = play(started(), "e4")
    game.offer_draw(WHITE)
    assert game.accept_draw(BLACK).termination is Termination.AGREEMENT


def test_a_move_declines_the_offer() -> None:
    game = started()
    game.offer_draw(BLACK)
    game.submit_move("e4")
    with pytest.raises(InvalidClaimError):
        game.accept_draw(WHITE)


def test_resignation_adjudication_and_forfeit_name_their_winner() -> None:
    assert started().resign(WHITE).winner is BLACK
    assert started().adjudicate(None, note="the hall burned").termination is Termination.ADJUDICATION
    assert started().forfeit(BLACK, note="did not come").winner is WHITE


def test_the_second_illegal_move_loses() -> None:
    game = started(clock=parse_time_control("300"), now_ms=Watch())
    assert game.record_illegal_move(WHITE, "Ke4").remaining_ms == (300_000, 420_000)
    assert game.record_illegal_move(WHITE, "Ke5").ending is not None
    assert ended_by(game) == (Termination.ILLEGAL_MOVES, BLACK)


@pytest.mark.parametrize(
    ("fen", "termination", "winner"),
    [
        ("4k3/7p/8/8/8/8/8/4K3 w - - 0 1", Termination.TIME_FORFEIT, BLACK),
        ("4k3/8/8/8/8/8/Q7/4K3 w - - 0 1", Termination.TIMEOUT_WITHOUT_MATING_MATERIAL, None),
        ("4k1n1/8/8/8/8/8/Q7/4K3 w - - 0 1", Termination.TIMEOUT_WITHOUT_MATING_MATERIAL, None),
        ("4k1n1/8/8/8/8/8/R7/4K3 w - - 0 1", Termination.TIME_FORFEIT, BLACK),
        ("4kbb1/8/8/8/8/8/8/4K3 w - - 0 1", Termination.TIME_FORFEIT, BLACK),
    ],
)
def test_a_fallen_flag_loses_unless_the_opponent_can_never_mate(fen, termination, winner) -> None:
    watch = Watch()
    game = started(fen=fen, clock=parse_time_control("60+1"), now_ms=watch)
    watch.now_ms += 60_000
    assert game.submit_move("Kd1").kind is EventKind.ENDED
    assert ended_by(game) == (termination, winner)


def test_the_clock_charges_each_player_and_adds_the_increment() -> None:
    watch = Watch()
    game = started(clock=parse_time_control("180+2"), now_ms=watch)
    watch.now_ms += 10_000
    assert game.submit_move("e4").remaining_ms == (172_000, 180_000)
    watch.now_ms += 1_000
    assert game.submit_move("e5").remaining_ms == (172_000, 181_000)


@pytest.mark.parametrize(
    ("kind", "elapsed_ms", "left_ms"),
    [
        (DelayKind.INCREMENT, 3_000, 12_000),
        (DelayKind.DELAY, 3_000, 10_000),
        (DelayKind.DELAY, 7_000, 8_000),
        (DelayKind.DELAY, 14_999, 1),
        (DelayKind.BRONSTEIN, 3_000, 10_000),
        (DelayKind.BRONSTEIN, 7_000, 8_000),
        (DelayKind.BRONSTEIN, 10_000, None),
        (DelayKind.INCREMENT, 10_000, None),
    ],
)
def test_increment_and_delay_differ(kind: DelayKind, elapsed_ms: int, left_ms: int | None) -> None:
    policy = ClockPolicy(stages=(Stage(time_ms=10_000, step_ms=5_000),), kind=kind)
    after = policy.after_move(policy.start(), WHITE, elapsed_ms=elapsed_ms)
    if left_ms is None:
        assert isinstance(after, FlagFell)
    else:
        assert not isinstance(after, FlagFell)
        assert after.remaining(WHITE) == left_ms


def test_each_stage_brings_its_time() -> None:
    policy = parse_time_control("2/60:1/30:10+5")
    assert policy is not None
    state, seen = policy.start(), []
    for _ in range(4):
        after = policy.after_move(state, WHITE, elapsed_ms=1_000)
        assert not isinstance(after, FlagFell)
        state = after
        seen.append(state.remaining(WHITE))
    assert seen == [59_000, 88_000, 97_000, 101_000]


@pytest.mark.parametrize("text", ["40/7200:20/3600:900+30", "180+2", "300d5", "60b3", "0.5+0.1"])
def test_a_time_control_is_written_as_it_was_read(text: str) -> None:
    policy = parse_time_control(text)
    assert policy is not None
    assert policy.time_control() == text


@pytest.mark.parametrize("text", ["x", "40/", "*180", "1+1:2d2", "9" * 30])
def test_an_invalid_time_control_is_refused(text: str) -> None:
    with pytest.raises(InvalidNotationError, match="time control"):
        parse_time_control(text)
