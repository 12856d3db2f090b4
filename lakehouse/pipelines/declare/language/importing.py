"""Functions and classes by the names that they are imported by, or by their word."""

from __future__ import annotations

import importlib
from collections.abc import Callable
from typing import Any

from lakehouse.pipelines.declare.language.interface import UnsayableError
from lakehouse.words import Words

__all__ = ["importable_name", "named_module", "sayable_word"]


def importable_name(given: Callable[..., Any]) -> tuple[str, str]:
    """Return module and name. Raises UnsayableError where these name nothing, or something else."""
    name, module = getattr(given, "__qualname__", None), getattr(given, "__module__", None)
    if name is None or module is None:
        raise UnsayableError(f"{given!r} is no function", fix="write a function around it, in a module.")
    if "<" in name:
        what = "a lambda" if name.endswith("<lambda>") else f"the inner function {given.__name__}"
        raise UnsayableError(
            f"{what} has no name to import it by", fix="define it with def, at the top of a module."
        )
    if getattr(named_module(module, what=name), name, None) is not given:
        raise UnsayableError(
            f"{module}.{name} is something else", fix="define it with def, at the top of a module."
        )
    return module, name


def named_module(name: str, *, what: str) -> Any:
    """Return the module in which ``what`` is defined. Raises UnsayableError for a script that is run."""
    try:
        if name != "__main__":
            return importlib.import_module(name)
    except ImportError:
        pass
    raise UnsayableError(
        f"{what} is defined in the script itself, which is not imported",
        fix="move it to a module of its own, and import it from there.",
    )


def sayable_word(words: Words, given: object) -> str:
    """Return the word of an object's class. Raises UnsayableError where the class has none."""
    word = words.word_of(given)
    if word is None:
        reason = f"{type(given).__qualname__} has no word"
        raise UnsayableError(reason, fix="give its class one with @word, in a module that can be imported.")
    return word
