"""Make PGN files from a seed: games with every ending, with clocks, of every variant, and in nasty forms.

The same seed gives the same bytes, so tests and demos need no games of others.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass

from lakehouse.chess.clock import ClockPolicy, FlagFell, parse_time_control
from lakehouse.chess.pgn.annotations import Annotations
from lakehouse.chess.pgn.tree import PgnGame, PgnMove
from lakehouse.chess.pgn.writer import write_pgn
from lakehouse.chess.san import format_san, parse_move
from lakehouse.chess.variants import VARIANTS
from lakehouse.chess.variants.interface import Variant
from lakehouse.chess.variants.standard import STANDARD

__all__ = ["nasty_pgn", "sample_pgn"]

_FIRST = ("Ada", "Bo", "Chi", "Dana", "Eli", "Fay", "Gus", "Hana")
_LAST = ("Arrow", "Bishop", "Castle", "Dam", "Endgame", "Fork", "Gambit", "Hill")


@dataclass(frozen=True, slots=True, kw_only=True)
class _Script:
    """A game whose ending is known."""

    moves: str
    result: str
    termination: str = "normal"
    fen: str = ""


_SHUFFLE = "Nf3 Nf6 Ng1 Ng8 "
SCRIPTS = (
    _Script(moves="f3 e5 g4 Qh4#", result="0-1"),
    _Script(moves="e4 e5 Bc4 Nc6 Qh5 Nf6 Qxf7#", result="1-0"),
    _Script(
        moves="e3 a5 Qh5 Ra6 Qxa5 h5 h4 Rah6 Qxc7 f6 Qxd7+ Kf7 Qxb7 Qd3 Qxb8 Qh7 Qxc8 Kg6 Qe6",
        result="1/2-1/2",
    ),
    _Script(moves="Rxc3 Kxc3", result="1/2-1/2", fen="8/8/8/8/8/2nk4/8/K1R5 w - - 0 1"),
    _Script(moves=_SHUFFLE * 4, result="1/2-1/2"),
    _Script(moves=_SHUFFLE * 2, result="1/2-1/2"),
    _Script(moves="Rb2 Kg7", result="1/2-1/2", fen="7k/8/8/8/8/8/R7/K7 w - - 148 90"),
    _Script(moves="Rb2 Kg7", result="1/2-1/2", fen="7k/8/8/8/8/8/R7/K7 w - - 98 60"),
    _Script(moves="e4 c5 Nf3", result="1/2-1/2"),
    _Script(moves="d4 Nf6 c4 e6", result="1-0"),
    _Script(moves="e4 e5 Nf3 Nc6 Bb5 a6", result="0-1", termination="time forfeit"),
    _Script(moves="c4 e5", result="1-0", termination="adjudication"),
    _Script(moves="", result="0-1", termination="forfeit"),
    _Script(moves="Nf3 d5", result="*", termination="unterminated"),
)


def sample_pgn(*, seed: int, games: int) -> bytes:
    """Return so many games, all of them well-formed: every ending in turn, clocks, variants, random play."""
    chooser = random.Random(seed)  # noqa: S311 - games, not secrets
    makers: tuple[Callable[[random.Random, int], PgnGame], ...] = (
        _scripted,
        _timed,
        _scripted,
        _of_a_variant,
    )
    texts = [write_pgn(makers[number % 4](chooser, number)) for number in range(games)]
    return "".join(texts).encode()


def _scripted(chooser: random.Random, number: int) -> PgnGame:
    script = SCRIPTS[number // 2 % len(SCRIPTS)]
    tags = {**_tags(chooser, number), "Termination": script.termination}
    if script.fen:
        tags |= {"SetUp": "1", "FEN": script.fen}
    board = STANDARD.board_of(script.fen) if script.fen else STANDARD.start_board()
    start, moves = board, []
    for text in script.moves.split():
        move = parse_move(STANDARD.engine, board, text)
        moves.append(PgnMove(san=format_san(STANDARD.engine, board, move), move=move))
        board = STANDARD.engine.apply(board, move)
    return PgnGame(tags=tags, variant=STANDARD, start=start, moves=tuple(moves), result=script.result)


def _timed(chooser: random.Random, number: int) -> PgnGame:
    control = chooser.choice(("180+2", "600", "300d5", "40/5400:900+30"))
    tags = {**_tags(chooser, number), "TimeControl": control}
    return _random_game(chooser, STANDARD, tags, clock=parse_time_control(control))


def _of_a_variant(chooser: random.Random, number: int) -> PgnGame:
    variant = list(VARIANTS.values())[number // 4 % len(VARIANTS)]
    tags = _tags(chooser, number)
    if variant is not STANDARD:
        tags["Variant"] = variant.name
    return _random_game(chooser, variant, tags, clock=None)


def _tags(chooser: random.Random, number: int) -> dict[str, str]:
    day = chooser.randrange(365)
    return {
        "Event": f"Sample {number // 50 + 1}",
        "Site": "https://example.org",
        "Date": f"20{20 + number % 5}.{day // 31 + 1:02}.{day % 28 + 1:02}",
        "Round": str(number % 9 + 1),
        "White": f"{chooser.choice(_LAST)}, {chooser.choice(_FIRST)}",
        "Black": f"{chooser.choice(_LAST)}, {chooser.choice(_FIRST)}",
        "WhiteElo": str(chooser.randrange(1200, 2800)),
        "BlackElo": str(chooser.randrange(1200, 2800)),
    }


def _random_game(
    chooser: random.Random, variant: Variant, tags: dict[str, str], *, clock: ClockPolicy | None
) -> PgnGame:
    board = start = variant.start_board()
    state = None if clock is None else clock.start()
    moves: list[PgnMove] = []
    ending = None
    for _ in range(chooser.randrange(10, 70)):
        legal = variant.engine.legal_moves(board)
        move = chooser.choice(legal)
        comment = None
        if clock is not None and state is not None:
            after = clock.after_move(state, board.turn, elapsed_ms=chooser.randrange(100, 9_000))
            if isinstance(after, FlagFell):
                break
            state = after
            comment = Annotations(text="", clock_ms=state.remaining(board.turn) // 100 * 100)
        moves.append(PgnMove(san=format_san(variant.engine, board, move), move=move, comment=comment))
        board = variant.engine.apply(board, move)
        if (ending := variant.engine.ending(board)) is not None:
            break
    result = ending.result if ending is not None else chooser.choice(("1-0", "0-1", "1/2-1/2"))
    return PgnGame(tags=tags, variant=variant, start=start, moves=tuple(moves), result=result)


NASTY_GAMES = (
    b'[Event "two blank lines"]\n\n\n1. e4 e5\n\n2. Nf3 1-0\n\n',
    b'[Event "windows"]\r\n[White "M\xfcller, J\xf6rg"]\r\n\r\n1. d4 {sch\xf6n} d5 1/2-1/2\r\n\r\n',
    b'[Event "illegal"]\n\n1. e4 e5 2. Ke3 Nc6 1-0\n\n',
    b'[Event "unknown variant"]\n[Variant "Bughouse"]\n\n1. e4 *\n\n',
    b'[Event "impossible FEN"]\n[FEN "8/8/8/8/8/8/8/8 w - - 0 1"]\n\n1. e4 *\n\n',
    b'[Event "a tag without end]\n\n1. c4 e5 *\n\n',
    b'[Event "quotes"]\n[White "The "Rook" Smith"]\n[Black "A \\"B\\" C"]\n\n1. c4 *\n\n',
    b'[Event "lenient"]\n\n1.e2-e4 e7e5 2.Ng1f3!? Nb8c6?! 3.Bf1b5 a6 4.0-0 1-0\n\n',
    b'[Event "said beside"]\n\n1. e4 $1 (1. d4 d5 (1... Nf6) 2. c4 {gambit}) e5 ; line\n2. Nf3 {a ( b} *\n\n',
    b'[Event "escape"]\n% a line for one program\n\n1. e4\n% and another\ne5 *\n\n',
    b'[Event "never closed"]\n\n1. e4 {on and on\n\n',
    b'[Event "no moves"]\n[Result "0-1"]\n\n',
    b'[Event "null move"]\n\n1. e4 -- 2. d4 *\n\n',
    b'[Event "NUL"]\n\n1. e4 \x00 e5 *\n\n',
    b'[Event "one line"] [White "w"] 1. e4 c5 1-0\n[Event "and next"] 1. d4 *\n',
    b'[Event "no tags follow"]\n\n1. e4 1-0\n\n1. d4 d5 0-1\n\n1. c4 *\n',
)
"""One nasty form each. Some can be played to the end, some can not; each comes out."""


def nasty_pgn() -> bytes:
    """Return a file of games that are hard to read; it is in latin-1."""
    return b"".join(NASTY_GAMES)
