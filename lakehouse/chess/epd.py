"""EPD: a position in four fields, followed by operations such as ``bm Nf3; id "a";``."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from lakehouse.chess.board import Board
from lakehouse.chess.errors import InvalidNotationError
from lakehouse.chess.fen import format_epd_fields
from lakehouse.chess.variants.interface import Variant
from lakehouse.chess.variants.standard import STANDARD

__all__ = ["Epd", "format_epd", "parse_epd"]

_OPCODE = re.compile(r"\s*([A-Za-z][A-Za-z0-9_]{0,14})")
_OPERAND = re.compile(r'\s*(?:"([^"]*)"|([^\s;"]+))')
_FIELDS = re.compile(r"\s*(\S+(?:\s+\S+){3})(?:\s+|$)(.*)", re.DOTALL)


@dataclass(frozen=True, slots=True, kw_only=True)
class Epd:
    """A position and what is said about it."""

    board: Board
    operations: dict[str, tuple[str, ...]] = field(default_factory=dict)
    """By opcode: its operands, quotes taken off. ``hmvc`` and ``fmvn`` are in the board too."""


def parse_epd(text: str, *, variant: Variant = STANDARD) -> Epd:
    """Read one line of EPD. Raises InvalidNotationError, InvalidFenError."""
    match = _FIELDS.fullmatch(text)
    if match is None:
        raise _fault(text, "it does not begin with the four fields of a position")
    operations = _read_operations(text, match[2])
    halfmove = _counter(text, operations.get("hmvc"), 0)
    fullmove = _counter(text, operations.get("fmvn"), 1)
    board = variant.board_of(f"{match[1]} {halfmove} {fullmove}")
    return Epd(board=board, operations=operations)


def format_epd(epd: Epd) -> str:
    """Write one line of EPD, every operand that needs quotes in quotes."""
    parts = [format_epd_fields(epd.board)]
    for opcode, operands in epd.operations.items():
        parts.append(" ".join([opcode, *map(_quoted, operands)]) + ";")
    return " ".join(parts)


def _read_operations(text: str, rest: str) -> dict[str, tuple[str, ...]]:
    operations: dict[str, tuple[str, ...]] = {}
    at = 0
    while rest[at:].strip():
        opcode = _OPCODE.match(rest, at)
        if opcode is None:
            raise _fault(text, f"no opcode begins at {rest[at:].strip()!r}")
        at = opcode.end()
        operands: list[str] = []
        while (operand := _OPERAND.match(rest, at)) is not None:
            operands.append(operand[1] if operand[1] is not None else operand[2])
            at = operand.end()
        tail = rest[at:].lstrip()
        if not tail.startswith(";"):
            raise _fault(text, f"the operation {opcode[1]!r} does not end in ';'")
        operations[opcode[1]] = tuple(operands)
        at = len(rest) - len(tail) + 1
    return operations


def _counter(text: str, operands: tuple[str, ...] | None, default: int) -> int:
    if not operands:
        return default
    if not re.fullmatch("[0-9]{1,5}", operands[0]):
        raise _fault(text, f"{operands[0]!r} is not a counter")
    return int(operands[0])


def _quoted(operand: str) -> str:
    return operand if re.fullmatch(r'[^\s;"]+', operand) else f'"{operand}"'


def _fault(text: str, reason: str) -> InvalidNotationError:
    return InvalidNotationError(
        what="EPD", text=text, reason=reason, fix="write four fields and operations such as 'bm Nf3;'."
    )
