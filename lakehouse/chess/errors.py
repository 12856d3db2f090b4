"""What can go wrong with a position, a move or a game. Each error repeats the input and the position."""

from __future__ import annotations

from collections.abc import Sequence

from lakehouse.errors import DataError

__all__ = [
    "AmbiguousMoveError",
    "BrokenAuditLogError",
    "ChessError",
    "EmptyGameError",
    "GameOverError",
    "IllegalMoveError",
    "InvalidClaimError",
    "InvalidFenError",
    "InvalidMoveTextError",
    "InvalidNotationError",
    "MoveConflictError",
    "NeedsRepairError",
    "OutOfTurnError",
    "UnknownGameError",
    "UnknownReplayColumnError",
    "UnknownVariantError",
    "UnreadableFileError",
]


class ChessError(DataError):
    """The root of this package's errors."""


class InvalidNotationError(ChessError):
    """A text is not what it says it is (a square, an EPD, a time control, an annotation)."""

    def __init__(self, *, what: str, text: str, reason: str, fix: str) -> None:
        self.text = text
        super().__init__(f"invalid {what} {text!r}: {reason}.", fix=fix)


class InvalidFenError(ChessError):
    """A text is not a FEN, or its position can't stand on a board of this variant."""

    def __init__(self, *, fen: str, reason: str) -> None:
        self.fen = fen
        self.reason = reason
        super().__init__(
            f"invalid FEN {fen!r}: {reason}.",
            fix="give placement, side to move, castling rights, en passant square, and the two counters.",
        )


class IllegalMoveError(ChessError):
    """The move breaks a rule in this position.

    ``ply`` is how many moves were made before it, so a game's first move is at ply 0.
    """

    def __init__(self, *, text: str, fen: str, reason: str, ply: int | None = None, fix: str = "") -> None:
        self.text = text
        self.fen = fen
        self.reason = reason
        self.ply = ply
        super().__init__(
            f"illegal move {text!r}{_at_ply(ply)} in {fen}: {reason}.",
            fix=fix or "choose one of the position's legal moves.",
        )


class InvalidMoveTextError(IllegalMoveError):
    """A text can't be read as a move at all."""

    def __init__(self, *, text: str, fen: str, ply: int | None = None) -> None:
        super().__init__(
            text=text,
            fen=fen,
            ply=ply,
            reason="it can't be read as a move",
            fix="write SAN such as 'Nf3', 'exd5' or 'O-O', or UCI such as 'g1f3'.",
        )


class AmbiguousMoveError(IllegalMoveError):
    """More than one legal move reads like this."""

    def __init__(self, *, text: str, fen: str, candidates: list[str], ply: int | None = None) -> None:
        self.candidates = candidates
        super().__init__(
            text=text,
            fen=fen,
            ply=ply,
            reason=f"it may be {' or '.join(candidates)}",
            fix="name the file or the rank that the piece comes from.",
        )


class OutOfTurnError(IllegalMoveError):
    """The piece belongs to the player who is not to move (FIDE 3.1, 1.3)."""


class GameOverError(ChessError):
    """The game has ended: nothing more can be played or claimed in it."""

    def __init__(self, *, action: str, ending: str, fen: str) -> None:
        self.action = action
        self.ending = ending
        super().__init__(
            f"can't {action}: the game ended by {ending} in {fen}.",
            fix="start another game, or read this one's history.",
        )


class InvalidClaimError(ChessError):
    """A draw was claimed, accepted or offered where the Laws don't allow it; the game goes on."""

    def __init__(self, *, claim: str, reason: str, fen: str) -> None:
        self.claim = claim
        super().__init__(f"wrong claim {claim!r} in {fen}: {reason}.", fix="play on.")


class MoveConflictError(ChessError):
    """Another writer has recorded this ply of the game already."""

    def __init__(self, *, game_id: str, ply: int, text: str) -> None:
        self.game_id = game_id
        self.ply = ply
        super().__init__(
            f"event {text!r} lost the race for entry {ply} of game {game_id!r}: another writer was first.",
            fix="read the log again, and decide on the position that it gives.",
        )


class BrokenAuditLogError(ChessError):
    """The log of a game has a gap, a torn or an edited entry."""

    def __init__(self, *, game_id: str, key: str, reason: str) -> None:
        self.game_id = game_id
        self.key = key
        self.reason = reason
        super().__init__(
            f"the log of game {game_id!r} is broken at {key!r}: {reason}.",
            fix="restore that object from a backup; entries before it are sound.",
        )


class UnknownVariantError(ChessError):
    """No variant has this name."""

    def __init__(self, *, name: str, known: list[str]) -> None:
        self.name = name
        super().__init__(f"unknown variant {name!r}.", fix=f"use one of: {', '.join(known)}.")


class UnknownReplayColumnError(ChessError):
    """A replay is asked for a column that it does not have."""

    def __init__(self, *, column: str, available: Sequence[str]) -> None:
        self.column = column
        super().__init__(
            f"a replay has no column {column!r}. It has: {', '.join(available)}.",
            fix="ask for some of these.",
        )


class EmptyGameError(ChessError):
    """A text holds neither tags nor moves."""

    def __init__(self) -> None:
        super().__init__("the text has no tags, no moves and no result.", fix="look at the raw bytes.")


class NeedsRepairError(ChessError):
    """A game can be read only with a repair, and repairs are not allowed.

    ``ply`` is how many moves stand before the place; None where it concerns the start.
    """

    def __init__(self, *, ply: int | None, repair: str) -> None:
        self.ply = ply
        self.repair = repair
        super().__init__(
            f"not written by the rules{_at_ply(ply)}: a tolerant reading has {repair}.",
            fix="read it without strict.",
        )


class UnknownGameError(ChessError):
    """No game has this id, or another one has it already."""

    def __init__(self, *, game_id: str, reason: str) -> None:
        self.game_id = game_id
        super().__init__(f"game {game_id!r}: {reason}.", fix="list the table's ids.")


class UnreadableFileError(ChessError):
    """A file of games can't be opened or read."""

    def __init__(self, *, path: str, reason: str) -> None:
        self.path = path
        self.reason = reason
        super().__init__(f"can't read {path!r}: {reason}.", fix="give the path of a PGN file.")


def _at_ply(ply: int | None) -> str:
    return "" if ply is None else f" at ply {ply}"
