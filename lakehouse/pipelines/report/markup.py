"""HTML that is safe by construction: text becomes markup in one function, which escapes and masks it."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from html import escape

from lakehouse.masking import masked

__all__ = ["Child", "Html", "element", "joined"]

_NAME = re.compile(r"[a-zA-Z][a-zA-Z0-9-]*")
_PLAIN_VALUE = re.compile(r"[A-Za-z0-9_#.:%-]+")
_WITHOUT_END = frozenset({"td", "th", "tr", "li", "dt", "dd", "thead", "tbody", "meta", "br", "input", "col"})
"""Elements whose end tag HTML leaves out where they stand here, each before another one or its parent's end."""
_EMPTY = frozenset({"path", "rect"})
"""Elements of SVG, which may close themselves."""


@dataclass(frozen=True, slots=True)
class Html:
    """Markup. Made by ``element`` and ``joined`` alone, but for the page's own files."""

    text: str

    def __str__(self) -> str:
        return self.text


Child = Html | str | int | None
"""Markup as it is; a text or a number, which is escaped; nothing."""


def element(name: str, /, *children: Child, **attributes: str | int | float | bool | None) -> Html:
    """Return an element. ``class_`` is the attribute ``class``; True is an attribute without a value.

    A value of None or False leaves the attribute out. No text, whatever it holds, ends a tag or an attribute.
    """
    start = "".join(_attribute(key.rstrip("_").replace("_", "-"), value) for key, value in attributes.items())
    inside = "".join(map(_markup, children))
    if name in _EMPTY and not inside:
        return Html(f"<{name}{start} />")
    end = "" if name in _WITHOUT_END else f"</{_checked(name)}>"
    return Html(f"<{_checked(name)}{start}>{inside}{end}")


def joined(children: Iterable[Child], between: str = "") -> Html:
    """Return children one after the other, with a text between each two."""
    return Html(escape(between).join(map(_markup, children)))


def _markup(child: Child) -> str:
    if child is None:
        return ""
    return child.text if isinstance(child, Html) else _escaped(str(child))


def _attribute(name: str, value: str | int | float | bool | None) -> str:
    if value is None or value is False:
        return ""
    if value is True:
        return f" {_checked(name)}"
    text = _escaped(f"{value:g}" if isinstance(value, float) else str(value))
    return f" {_checked(name)}={text}" if _PLAIN_VALUE.fullmatch(text) else f' {_checked(name)}="{text}"'


def _escaped(text: str) -> str:
    # Control characters and lone surrogates have no place in a page in UTF-8.
    printable = "".join(each if each.isprintable() or each in "\n\t" else "\ufffd" for each in masked(text))
    return escape(printable, quote=False).replace('"', "&quot;")


def _checked(name: str) -> str:
    if _NAME.fullmatch(name) is None:
        raise ValueError(f"{name!r} is no name of an element or attribute")
    return name
