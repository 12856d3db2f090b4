"""The package's face gives the fixed names, and every error that comes out of it."""

from __future__ import annotations

import importlib
import inspect
import pkgutil

import lakehouse.chess
from lakehouse.chess import ChessError, errors

FIXED = [
    "Board",
    "Piece",
    "Pawn",
    "Knight",
    "Bishop",
    "Rook",
    "Queen",
    "King",
    "Move",
    "RuleEngine",
    "MoveValidator",
    "CheckStrategy",
    "CastlingStrategy",
    "EnPassantStrategy",
    "Game",
    "AuditLog",
]


def test_the_fixed_names_are_exported() -> None:
    assert set(FIXED) <= set(lakehouse.chess.__all__)
    assert all(getattr(lakehouse.chess, name).__name__ == name for name in FIXED)


def test_every_error_of_the_package_is_exported_and_lives_in_its_errors() -> None:
    found = set()
    for module in pkgutil.walk_packages(lakehouse.chess.__path__, "lakehouse.chess."):
        for name, kind in inspect.getmembers(importlib.import_module(module.name), inspect.isclass):
            if issubclass(kind, ChessError):
                assert kind.__module__ == errors.__name__, name
                found.add(name)
    assert found == set(errors.__all__)
    assert found <= set(lakehouse.chess.__all__)
