"""Variants by name, as PGN's ``Variant`` tag writes them."""

from __future__ import annotations

from lakehouse.chess.errors import UnknownVariantError
from lakehouse.chess.variants.interface import Variant

__all__ = ["VARIANTS", "register_variant", "variant_of"]

VARIANTS: dict[str, Variant] = {}
"""Every variant under its own name."""

_BY_KEY: dict[str, Variant] = {}


def register_variant(variant: Variant) -> None:
    """Make a variant known under its name and its aliases; a later one replaces an earlier one."""
    VARIANTS[variant.name] = variant
    for name in (variant.name, *variant.aliases):
        _BY_KEY[_key(name)] = variant


def variant_of(name: str) -> Variant:
    """Return the variant of a name, case and punctuation aside. Raises UnknownVariantError."""
    variant = _BY_KEY.get(_key(name))
    if variant is None:
        raise UnknownVariantError(name=name, known=list(VARIANTS))
    return variant


def _key(name: str) -> str:
    return "".join(letter for letter in name.lower() if letter.isalnum())
