"""Reads the published node counts: some are stated here, the files come from ``LAKEHOUSE_CHESS_DATA``."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

import pytest

CHESS_DATA = os.environ.get("LAKEHOUSE_CHESS_DATA")

needs_chess_data = pytest.mark.skipif(
    CHESS_DATA is None, reason="LAKEHOUSE_CHESS_DATA names no folder with perft/, pgn/ and eco/"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class PerftCase:
    """A position with the number of games of each depth."""

    name: str
    fen: str
    counts: dict[int, int]


def read_perft_file(name: str) -> list[PerftCase]:
    """Read ``perft/<name>.perft``; nothing without the data folder."""
    if CHESS_DATA is None:
        return []
    cases: list[PerftCase] = []
    for line in Path(CHESS_DATA, "perft", f"{name}.perft").read_text(encoding="utf-8").splitlines():
        word, _, rest = line.strip().partition(" ")
        if word == "id":
            cases.append(PerftCase(name=rest, fen="", counts={}))
        elif word == "epd":
            cases[-1] = PerftCase(name=cases[-1].name, fen=rest, counts={})
        elif word == "perft":
            depth, nodes = rest.split()
            cases[-1].counts[int(depth)] = int(nodes)
    return cases
