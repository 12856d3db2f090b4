"""Play the games that stopped at a word: the strategies rule on the word, and the kernel plays on by their ruling.

So an unusual form, a stray sign or an illegal move costs one look at one position, and not a game at the strategies'
rate.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from lakehouse.chess.errors import IllegalMoveError, NeedsRepairError
from lakehouse.chess.fast.batch import GameTexts, PlayedGames, Player, play_batch
from lakehouse.chess.fast.endings import ENDING_CODES, TO_BE_JUDGED
from lakehouse.chess.fast.game_kernel import DOUBTFUL, PLAYED, STOPPED
from lakehouse.chess.fast.openings import OpeningHash
from lakehouse.chess.fast.rulings import FAULT, PASS_OVER, Rulings
from lakehouse.chess.fast.state import board_of_row
from lakehouse.chess.fast.variants.numbers import FAST_VARIANTS
from lakehouse.chess.pgn.lexer import TokenKind, word_tokens
from lakehouse.chess.pgn.repairs import RepairLog
from lakehouse.chess.pgn.results import is_double_forfeit
from lakehouse.chess.replay import pack_move
from lakehouse.chess.san import parse_move

__all__ = ["Settled", "judge_endings", "settle"]

ROUNDS = 64
"""A game with more words to rule on than this is for the strategies as a whole."""


_OWN_STATES = [variant.start_board().variant_state for variant in FAST_VARIANTS]


@dataclass(frozen=True, slots=True, kw_only=True)
class Settled:
    """Games that were played on: none is stopped."""

    played: PlayedGames
    repairs: dict[int, list[str]]
    """By game: what was read otherwise than it is written."""
    faults: dict[int, str]
    """By game: why it can't be used."""


@dataclass(slots=True)
class _Referee:
    """Asks the strategies about words, and keeps their rulings."""

    texts: GameTexts
    is_latin: NDArray[np.bool_]
    strict: bool
    rulings: dict[int, int] = field(default_factory=dict)
    repairs: dict[int, list[str]] = field(default_factory=lambda: defaultdict(list))
    faults: dict[int, str] = field(default_factory=dict)

    def rule(self, game: int, stop: NDArray[np.int64], row: NDArray[np.uint64], ply: int) -> bool:
        """Rule on the word that a game stopped at; False where the whole game must be looked at."""
        start, end = int(stop[0]), int(stop[1])
        raw = self.texts.data[start:end].tobytes()
        word = raw.decode("latin-1") if self.is_latin[game] else raw.decode("utf-8", errors="replace")
        move, signs = "", []
        for token in word_tokens(word):
            if token.kind is TokenKind.MOVE:
                move = token.text
            elif token.kind is TokenKind.SIGN:
                signs.append(token.text)
            elif token.kind is TokenKind.RESULT:
                return False
        if is_double_forfeit(move) or (self.strict and move and signs):
            return False
        ruling = self._rule_on_move(game, move, row, ply) if move else PASS_OVER
        if ruling != FAULT:
            repairs = RepairLog(strict=self.strict)
            try:
                for sign in signs:
                    repairs.take_sign(ply + bool(move), sign)
            except NeedsRepairError as error:
                self.faults[game], ruling = str(error), FAULT
            self.repairs[game] += repairs.texts()
        self.rulings[start] = ruling
        return True

    def _rule_on_move(self, game: int, text: str, row: NDArray[np.uint64], ply: int) -> int:
        variant = FAST_VARIANTS[self.texts.variants[game]]
        board = board_of_row(row, version=ply, like=_OWN_STATES[self.texts.variants[game]])
        try:
            return pack_move(parse_move(variant.engine, board, text))
        except IllegalMoveError as error:
            self.faults[game] = str(error)
            return FAULT


def settle(
    texts: GameTexts,
    stopped: PlayedGames,
    *,
    is_latin: NDArray[np.bool_],
    player: Player,
    openings: OpeningHash,
    strict: bool,
) -> Settled:
    """Play games to their end that have stopped: ``stopped`` says where. What can't be settled is DOUBTFUL."""
    referee = _Referee(texts, is_latin, strict)
    status = np.full(len(texts.begins), PLAYED, dtype=np.int8)
    games, played = np.arange(len(texts.begins)), stopped
    for _ in range(ROUNDS):
        going_on = []
        for place in np.flatnonzero(played.status == STOPPED):
            game = int(games[place])
            if referee.rule(game, played.stops[place], played.positions[place], int(played.plies[place])):
                going_on.append(game)
            else:
                status[game] = DOUBTFUL
        games = np.array([game for game in going_on if game not in referee.faults], dtype=np.int64)
        if len(games) == 0:
            break
        rulings = Rulings.of(referee.rulings)
        played = play_batch(texts.take(games), player=player, openings=openings, rulings=rulings)
        status[games[played.status == DOUBTFUL]] = DOUBTFUL
    status[games] = DOUBTFUL
    chosen = texts.take(np.arange(len(texts.begins)), status=PLAYED)
    chosen.status[:] = status
    last = play_batch(chosen, player=player, openings=openings, rulings=Rulings.of(referee.rulings))
    return Settled(played=last, repairs=referee.repairs, faults=referee.faults)


def judge_endings(played: PlayedGames, variants: NDArray[np.int8]) -> None:
    """Ask the strategies about the endings that the kernels leave to them, and write these into ``played``."""
    for game in np.flatnonzero(played.endings == TO_BE_JUDGED):
        variant = variants[game]
        board = board_of_row(played.positions[game], like=_OWN_STATES[variant])
        ending = FAST_VARIANTS[variant].engine.ending(board, repetitions=int(played.repetitions[game]))
        played.endings[game] = 0 if ending is None else ENDING_CODES.index(ending.termination)
        played.winners[game] = 2 if ending is None or ending.winner is None else ending.winner
