"""Bytes as printable text, five characters for four bytes (ZeroMQ RFC 32, "Z85")."""

from __future__ import annotations

__all__ = ["decode_z85", "encode_z85"]

_ALPHABET = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ.-:+=^!/*?&<>()[]{}@%$#"
_VALUES = {character: value for value, character in enumerate(_ALPHABET)}


def encode_z85(body: bytes) -> str:
    """Return the text of bytes whose number is a multiple of four. Raises ValueError for others."""
    if len(body) % 4:
        raise ValueError(f"{len(body)} bytes are not a multiple of 4")
    return "".join(_block_text(int.from_bytes(body[i : i + 4], "big")) for i in range(0, len(body), 4))


def _block_text(number: int) -> str:
    return "".join(_ALPHABET[number // 85**power % 85] for power in (4, 3, 2, 1, 0))


def decode_z85(text: str) -> bytes:
    """Return the bytes of a text. Raises ValueError for text that isn't Z85."""
    if len(text) % 5:
        raise ValueError(f"{len(text)} characters are not a multiple of 5")
    return b"".join(_block_bytes(text[i : i + 5]) for i in range(0, len(text), 5))


def _block_bytes(block: str) -> bytes:
    number = 0
    for character in block:
        value = _VALUES.get(character)
        if value is None:
            raise ValueError(f"{character!r} is not a character of Z85")
        number = number * 85 + value
    if number >= 2**32:
        raise ValueError(f"{block!r} is more than 4 bytes")
    return number.to_bytes(4, "big")
