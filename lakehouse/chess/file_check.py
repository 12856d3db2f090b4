"""Replay a PGN file of any size and count what came of its games."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa

from lakehouse.chess.errors import UnreadableFileError
from lakehouse.chess.pgn.files import open_pgn
from lakehouse.chess.pgn.splitter import RawGame
from lakehouse.chess.pgn.stream import detect_stream_encoding, stream_games
from lakehouse.chess.replay_arrow import Core, replay_arrow, starts_of

__all__ = ["CheckedFile", "QuarantineNote", "RepairNote", "check_file"]


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
class RepairNote:
    """What was read otherwise than it is written in a good game."""

    game: int
    """0 for the file's first game."""
    offset: int
    """Of its first byte in the file."""
    repairs: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckedFile:
    """What a file holds: ``games`` is always ``good`` + the number of the quarantined."""

    file: str
    encoding: str
    games: int
    plies: int
    """Of the good games."""
    good: int
    """The repaired ones among them."""
    repaired: tuple[RepairNote, ...]
    quarantined: tuple[QuarantineNote, ...]


def check_file(path: str | Path, *, core: Core = Core.AUTO, strict: bool = False) -> CheckedFile:
    """Replay every game of a file, which may be packed by gzip, bzip2 or zstd; ``strict`` repairs none.

    ``path`` may be the URI of an object, which is read twice. Offsets count the unpacked bytes. Raises
    UnreadableFileError, StorageError.
    """
    games = plies = 0
    notes: list[QuarantineNote] = []
    repaired: list[RepairNote] = []
    try:
        with open_pgn(path) as stream:
            encoding = detect_stream_encoding(stream)
        with open_pgn(path) as stream:
            for part in stream_games(stream, starts_of=lambda data: starts_of(data, core=core)):
                for game, found in zip(part, _replays(part, encoding, core, strict=strict), strict=True):
                    games += 1
                    if found["fault"] is not None:
                        notes.append(_quarantine_note(game, found))
                        continue
                    plies += found["plies"]
                    if found["repairs"]:
                        repairs = tuple(found["repairs"])
                        repaired.append(RepairNote(game=game.index, offset=game.offset, repairs=repairs))
    except OSError as error:
        raise UnreadableFileError(path=str(path), reason=error.strerror or str(error)) from error
    return CheckedFile(
        file=str(path),
        encoding=encoding,
        games=games,
        plies=plies,
        good=games - len(notes),
        repaired=tuple(repaired),
        quarantined=tuple(notes),
    )


def _replays(games: list[RawGame], encoding: str, core: Core, *, strict: bool) -> list[dict[str, Any]]:
    raw = pa.array([game.raw for game in games], pa.binary())
    encodings = pa.array([encoding] * len(games), pa.string())
    columns = ("plies", "repairs", "fault_ply", "fault")
    rows: list[dict[str, Any]] = replay_arrow(
        raw, encodings, core=core, columns=columns, strict=strict
    ).to_pylist()
    return rows


def _quarantine_note(game: RawGame, found: dict[str, Any]) -> QuarantineNote:
    return QuarantineNote(game=game.index, offset=game.offset, ply=found["fault_ply"], reason=found["fault"])
