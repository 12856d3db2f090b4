"""PGN, in and out. Bytes come in, and every game comes out: read, or quarantined with its ply and reason."""

from lakehouse.chess.pgn.annotations import Annotations, Evaluation
from lakehouse.chess.pgn.encoding import detect_encoding
from lakehouse.chess.pgn.files import open_pgn, unpack_pgn
from lakehouse.chess.pgn.reader import QuarantinedGame, read_game, read_pgn
from lakehouse.chess.pgn.splitter import RawGame, split_games
from lakehouse.chess.pgn.tree import PgnGame, PgnMove
from lakehouse.chess.pgn.writer import write_pgn

__all__ = [
    "Annotations",
    "Evaluation",
    "PgnGame",
    "PgnMove",
    "QuarantinedGame",
    "RawGame",
    "detect_encoding",
    "open_pgn",
    "read_game",
    "read_pgn",
    "split_games",
    "unpack_pgn",
    "write_pgn",
]
