"""Finds the position that ``lakehouse chess show`` is asked for."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import click

from lakehouse.chess import (
    AuditLog,
    Board,
    Position,
    QuarantinedGame,
    UnreadableFileError,
    open_pgn,
    read_pgn,
    variant_of,
)
from lakehouse.storage import LocalStorageService, parse_uri

__all__ = ["ShownPosition", "position_of_game"]


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownPosition:
    """A board, and the move that led to it."""

    board: Board
    ply: int
    last: tuple[Position, Position] | None = None


def position_of_game(game: str, *, number: int, ply: int | None, variant: str) -> ShownPosition:
    """Read GAME as a PGN file or its URI, as the folder of an audit log, or as a FEN."""
    path = Path(game)
    if path.is_file() or parse_uri(game).scheme != "file":
        return _of_pgn(game, number=number, ply=ply)
    if path.is_dir():
        return _of_log(path, ply=ply)
    if "/" not in game or " " not in game:
        raise UnreadableFileError(path=game, reason="no file or folder has this name, and it is not a FEN")
    return ShownPosition(board=variant_of(variant).board_of(game), ply=0)


def _of_pgn(path: str, *, number: int, ply: int | None) -> ShownPosition:
    with open_pgn(path) as stream:
        games = list(read_pgn(stream.read()))
    if number > len(games):
        raise click.UsageError(f"{path} has {len(games)} games, not {number}. Fix: choose another --game.")
    game = games[number - 1]
    if isinstance(game, QuarantinedGame):
        raise UnreadableFileError(path=path, reason=f"game {number} can't be used: {game.reason}")
    moves = game.moves if ply is None else game.moves[:ply]
    if ply is not None and ply > len(game.moves):
        raise click.UsageError(f"game {number} has {len(game.moves)} plies. Fix: choose another --ply.")
    board, last = game.start, None
    for made in moves:
        board = game.variant.engine.apply(board, made.move)
        last = (made.move.start, made.move.end)
    return ShownPosition(board=board, ply=len(moves), last=last)


def _of_log(path: Path, *, ply: int | None) -> ShownPosition:
    log = AuditLog(LocalStorageService(path.resolve().parent), path.resolve().name)
    events = log.events()
    wanted = ply if ply is not None else (events[-1].ply if events else 0)
    board = log.version(wanted)
    return ShownPosition(board=board, ply=wanted)
