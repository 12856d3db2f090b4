"""Write games as PGN export format: the seven tags first, strict SAN, lines of at most 79 characters."""

from __future__ import annotations

from collections.abc import Iterator

from lakehouse.chess.geometry import Color
from lakehouse.chess.pgn.annotations import format_annotations
from lakehouse.chess.pgn.tree import PgnGame, PgnMove

__all__ = ["SEVEN_TAGS", "write_pgn"]

SEVEN_TAGS = {
    "Event": "?",
    "Site": "?",
    "Date": "????.??.??",
    "Round": "?",
    "White": "?",
    "Black": "?",
    "Result": "*",
}
"""The roster that every export holds, in its order, and what stands for the unknown."""

LINE_LENGTH = 79


def write_pgn(game: PgnGame) -> str:
    """Return the game as text that reads back to the same game."""
    tags = {**SEVEN_TAGS, **game.tags, "Result": game.result}
    others = sorted(name for name in tags if name not in SEVEN_TAGS)
    lines = [f'[{name} "{_escaped(tags[name])}"]' for name in (*SEVEN_TAGS, *others)]
    number, turn = game.start.fullmove_number, game.start.turn
    words = [*_comment_words(game.comment), *_line_words(game.moves, number, turn), game.result]
    return "\n".join([*lines, "", *_wrapped(words), "", ""])


def _escaped(value: str) -> str:
    clean = " ".join(value.splitlines())
    return clean.replace("\\", "\\\\").replace('"', '\\"')


def _line_words(moves: tuple[PgnMove, ...], number: int, turn: Color) -> Iterator[str]:
    needs_number = True
    for move in moves:
        if move.before:
            yield from _comment_words(move.before)
        if turn is Color.WHITE:
            yield f"{number}."
        elif needs_number:
            yield f"{number}..."
        yield move.san
        yield from (f"${nag}" for nag in move.nags)
        comment = "" if move.comment is None else format_annotations(move.comment)
        if comment:
            yield from _comment_words(comment)
        for variation in move.variations:
            inner = list(_line_words(variation, number, turn))
            yield from (
                ["(" + inner[0], *inner[1:-1], inner[-1] + ")"] if len(inner) > 1 else [f"({inner[0]})"]
            )
        needs_number = bool(comment or move.variations)
        number += turn is Color.BLACK
        turn = turn.opponent


def _comment_words(text: str) -> Iterator[str]:
    words = text.replace("{", "(").replace("}", ")").split()
    if words:
        words[0] = "{" + words[0]
        words[-1] += "}"
    yield from words


def _wrapped(words: list[str]) -> Iterator[str]:
    line = ""
    for word in words:
        if line and len(line) + 1 + len(word) > LINE_LENGTH:
            yield line
            line = word
        else:
            line = f"{line} {word}".strip()
    if line:
        yield line
