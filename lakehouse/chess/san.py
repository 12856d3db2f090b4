"""Moves as text (FIDE Appendix C): SAN lenient in, strict out; UCI is read wherever SAN is."""

from __future__ import annotations

import re

from lakehouse.chess.board import Board
from lakehouse.chess.errors import AmbiguousMoveError, IllegalMoveError, InvalidMoveTextError
from lakehouse.chess.fen import format_fen
from lakehouse.chess.geometry import FILES, Position, file_of, name_of, position_of, rank_of
from lakehouse.chess.move import Move, MoveFlag
from lakehouse.chess.pieces import PIECE_TYPES, King, Pawn, Piece
from lakehouse.chess.rule_engine import Forbidden, RuleEngine

__all__ = ["NULL_MOVES", "format_san", "parse_move"]

NULL_MOVES = frozenset({"--", "Z0", "0000", "null", "@@@@"})
"""How programs write "no move"; the Laws know none, so each is read as an illegal move."""

_SAN = re.compile(
    r"(?P<kind>[NBRQKP])?(?P<file>[a-h])?(?P<rank>[1-8])?[-x:]?(?P<end>[a-h][1-8])"
    r"(?:=?\(?/?(?P<promotion>[NBRQKnbrqk])\)?)?(?: ?e\.?p\.?)?(?:\+\+|[+#])?[!?]*"
)
_CASTLING = re.compile(r"(?P<short>[O0o]-?[O0o])(?P<long>-?[O0o])?[+#]*[!?]*")
_DROP = re.compile(r"(?P<kind>[NBRQP])?@(?P<end>[a-h][1-8])[+#]*[!?]*")
_UCI = re.compile(r"(?P<start>[a-h][1-8])(?P<end>[a-h][1-8])(?P<promotion>[nbrqk])?")


def parse_move(engine: RuleEngine, board: Board, text: str) -> Move:
    """Return the legal move that ``text`` names in SAN or UCI.

    Raises InvalidMoveTextError, IllegalMoveError, AmbiguousMoveError; each with the ply and the FEN.
    """
    if (match := _UCI.fullmatch(text)) is not None:
        moves = _uci_moves(engine, board, match)
    elif (match := _SAN.fullmatch(text)) is not None:
        moves = _san_moves(engine, board, match)
    elif (match := _CASTLING.fullmatch(text)) is not None:
        moves = _castlings(engine, board, file=2 if match["long"] else 6)
    elif (match := _DROP.fullmatch(text)) is not None:
        moves = _drops(engine, board, match)
    elif text in NULL_MOVES:
        raise IllegalMoveError(
            text=text, fen=format_fen(board), ply=board.version, reason="nobody may pass (FIDE 1.3)"
        )
    else:
        raise InvalidMoveTextError(text=text, fen=format_fen(board), ply=board.version)
    return _the_only(engine, board, text, moves)


def _uci_moves(engine: RuleEngine, board: Board, match: re.Match[str]) -> list[Move]:
    start, end = position_of(match["start"]), position_of(match["end"])
    piece = board.squares[start]
    if piece is None:
        return []
    promotion = PIECE_TYPES[match["promotion"].upper()] if match["promotion"] else None
    moves = [m for m in engine.legal_moves(board, kind=type(piece)) if m.start == start]
    takes_rook = [m for m in moves if m.rook_start == end]
    plain = [m for m in moves if m.end == end and m.promotion is promotion and m.flag is not MoveFlag.DROP]
    steps = [m for m in plain if m.flag is not MoveFlag.CASTLING]
    return takes_rook or steps or plain


def _san_moves(engine: RuleEngine, board: Board, match: re.Match[str]) -> list[Move]:
    kind = PIECE_TYPES[match["kind"] or "P"]
    end = position_of(match["end"])
    promotion = PIECE_TYPES[match["promotion"].upper()] if match["promotion"] else None
    file = FILES.index(match["file"]) if match["file"] else None
    if kind is Pawn and file is None:
        file = file_of(end)
    rank = int(match["rank"]) - 1 if match["rank"] else None
    return [
        move
        for move in engine.legal_moves(board, kind=kind, end=end)
        if move.promotion is promotion
        and file in (None, move.start & 7)
        and rank in (None, move.start >> 3)
        and move.flag not in (MoveFlag.CASTLING, MoveFlag.DROP)
    ]


def _castlings(engine: RuleEngine, board: Board, *, file: int) -> list[Move]:
    moves = engine.legal_moves(board, kind=King)
    return [move for move in moves if move.flag is MoveFlag.CASTLING and move.end & 7 == file]


def _drops(engine: RuleEngine, board: Board, match: re.Match[str]) -> list[Move]:
    kind = PIECE_TYPES[match["kind"] or "P"]
    moves = engine.legal_moves(board, kind=kind, end=position_of(match["end"]))
    return [move for move in moves if move.flag is MoveFlag.DROP]


def _the_only(engine: RuleEngine, board: Board, text: str, moves: list[Move]) -> Move:
    if len(moves) == 1:
        return moves[0]
    ply, fen = board.version, format_fen(board)
    if not moves:
        raise IllegalMoveError(text=text, fen=fen, ply=ply, reason=_reason(engine, board, text))
    names = [format_san(engine, board, move) for move in moves]
    raise AmbiguousMoveError(text=text, fen=fen, ply=ply, candidates=names)


def _reason(engine: RuleEngine, board: Board, text: str) -> str:
    """Say why no legal move reads like the text, by the objection to the geometric move if there is one."""
    if (goal := engine.goal_reached(board)) is not None:
        return f"the game is over by {goal.termination.value}"
    match = _SAN.fullmatch(text) or _UCI.fullmatch(text)
    if match is None:
        return "castling is not possible (FIDE 3.8.2)" if "@" not in text else "nothing can be dropped there"
    end = position_of(match["end"])
    for start, piece in board.pieces(board.turn):
        if not _could_be_meant(match, start, piece) or not piece.is_legal_move(board, start, end):
            continue
        if type(piece) is Pawn and end >> 3 in (0, 7):
            return "it does not say what the pawn becomes (FIDE 3.7.3.3)"
        move = Move(start=start, end=end, piece=piece, captured=board.squares[end])
        verdict = engine.validate_move(board, move)
        if isinstance(verdict, Forbidden):
            return verdict.reason
    return "no piece of the side to move can go there (FIDE 3.1)"


def _could_be_meant(match: re.Match[str], start: Position, piece: Piece) -> bool:
    groups = match.groupdict()
    if groups.get("start"):
        return name_of(start) == groups["start"]
    file, rank = groups["file"], groups["rank"]
    is_kind = piece.letter == (groups["kind"] or "P")
    return is_kind and (not file or name_of(start)[0] == file) and (not rank or name_of(start)[1] == rank)


def format_san(engine: RuleEngine, board: Board, move: Move) -> str:
    """Write a legal move as strict SAN: the least disambiguation, ``x``, ``=Q``, ``+`` and ``#``."""
    after = engine.apply(board, move)
    suffix = ""
    if engine.is_in_check(after):
        suffix = "+" if engine.has_legal_move(after) else "#"
    if move.flag is MoveFlag.CASTLING:
        return ("O-O" if file_of(move.end) == 6 else "O-O-O") + suffix
    if move.flag is MoveFlag.DROP:
        return move.uci() + suffix
    return _body(engine, board, move) + suffix


def _body(engine: RuleEngine, board: Board, move: Move) -> str:
    takes = "x" if move.captured is not None else ""
    if type(move.piece) is Pawn:
        origin = FILES[file_of(move.start)] if takes else ""
        promotion = "" if move.promotion is None else f"={move.promotion.letter}"
        return f"{origin}{takes}{name_of(move.end)}{promotion}"
    return f"{move.piece.letter}{_origin(engine, board, move)}{takes}{name_of(move.end)}"


def _origin(engine: RuleEngine, board: Board, move: Move) -> str:
    """Return the file, the rank or both, whatever tells the piece from its like (FIDE C.10)."""
    rivals = [
        other.start
        for other in engine.legal_moves(board, kind=type(move.piece), end=move.end)
        if other.start != move.start and other.flag is MoveFlag.NORMAL
    ]
    if not rivals:
        return ""
    name = name_of(move.start)
    if all(file_of(start) != file_of(move.start) for start in rivals):
        return name[0]
    return name[1] if all(rank_of(start) != rank_of(move.start) for start in rivals) else name
