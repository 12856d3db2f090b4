"""Replay a PGN file of any size and count what came of its games."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa

from lakehouse.chess.errors import ChessError
from lakehouse.chess.pgn.stream import detect_stream_encoding, stream_games
from lakehouse.chess.replay_arrow import Core, replay_arrow, starts_of

__all__ = ["CheckedFile", "QuarantineNote", "UnreadableFileError", "check_file"]


class UnreadableFileError(ChessError):
    """A file of games can't be opened or read."""

    def __init__(self, *, path: str, reason: str) -> None:
        self.path = path
        super().__init__(f"can't read {path!r}: {reason}.", fix="give the path of a PGN file.")


@dataclass(frozen=True, slots=True, kw_only=True)
class QuarantineNote:
    """Where and why a game can't be used."""

    game: int
    """0 for the file's first game."""
    offset: int
    """Of its first byte in the file."""
    ply: int | None
    """How many moves were played before the fault; None when the game can't begin."""
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckedFile:
    """What a file holds: ``games`` is always ``good`` + the number of the quarantined."""

    file: str
    encoding: str
    games: int
    plies: int
    """Of the good games."""
    good: int
    quarantined: tuple[QuarantineNote, ...]


def check_file(path: Path, *, core: Core = Core.AUTO) -> CheckedFile:
    """Replay every game of a file. Raises UnreadableFileError."""
    try:
        with path.open("rb") as stream:
            encoding = detect_stream_encoding(stream)
            stream.seek(0)
            games = plies = 0
            notes: list[QuarantineNote] = []
            for part in stream_games(stream, starts_of=lambda data: starts_of(data, core=core)):
                encodings = pa.array([encoding] * len(part), pa.string())
                raw = pa.array([game.raw for game in part], pa.binary())
                replays = replay_arrow(raw, encodings, core=core, columns=("plies", "fault_ply", "fault"))
                counts, fault_plies, faults = (column.to_pylist() for column in replays.flatten())
                games += len(part)
                plies += sum(n for n, fault in zip(counts, faults, strict=True) if fault is None)
                notes.extend(
                    QuarantineNote(game=game.index, offset=game.offset, ply=ply, reason=fault)
                    for game, fault, ply in zip(part, faults, fault_plies, strict=True)
                    if fault is not None
                )
    except OSError as error:
        raise UnreadableFileError(path=str(path), reason=error.strerror or str(error)) from error
    return CheckedFile(
        file=str(path),
        encoding=encoding,
        games=games,
        plies=plies,
        good=games - len(notes),
        quarantined=tuple(notes),
    )
