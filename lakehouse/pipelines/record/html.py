"""A table for notebooks. Every text in it is escaped and masked: names and errors come from outside."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from html import escape
from urllib.parse import quote

from lakehouse.masking import masked

__all__ = ["Cell", "html_table"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Cell:
    """A text, to the right where it is a number; with a place to go to, a link."""

    text: str
    place: str = ""
    """A folder of this machine, or a URI."""
    is_number: bool = False

    def html(self) -> str:
        """Return the cell."""
        text = _escaped(self.text)
        if self.place:
            text = f'<a href="{_escaped(_uri(self.place))}" target="_blank" rel="noopener">{text}</a>'
        side = "right" if self.is_number else "left"
        return f'<td style="text-align: {side}">{text}</td>'


def html_table(
    title: str, headings: Sequence[str], rows: Iterable[Sequence[Cell]], notes: Iterable[str]
) -> str:
    """Return a table with a title above it and notes below it."""
    head = "".join(f"<th>{_escaped(heading)}</th>" for heading in headings)
    body = "".join(f"<tr>{''.join(cell.html() for cell in row)}</tr>" for row in rows)
    below = "".join(f"<li>{_escaped(note)}</li>" for note in notes)
    table = f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"
    return f"<p>{_escaped(title)}</p>{table}{f'<ul>{below}</ul>' if below else ''}"


def _escaped(text: str) -> str:
    return escape(masked(text))


def _uri(place: str) -> str:
    return place if "://" in place else f"file://{quote(place)}"
