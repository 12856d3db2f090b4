"""A table for notebooks. Every text in it is escaped: names and errors come from outside."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from html import escape
from urllib.parse import quote

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
        text = escape(self.text)
        if self.place:
            text = f'<a href="{escape(_uri(self.place))}" target="_blank" rel="noopener">{text}</a>'
        side = "right" if self.is_number else "left"
        return f'<td style="text-align: {side}">{text}</td>'


def html_table(
    title: str, headings: Sequence[str], rows: Iterable[Sequence[Cell]], notes: Iterable[str]
) -> str:
    """Return a table with a title above it and notes below it."""
    head = "".join(f"<th>{escape(heading)}</th>" for heading in headings)
    body = "".join(f"<tr>{''.join(cell.html() for cell in row)}</tr>" for row in rows)
    below = "".join(f"<li>{escape(note)}</li>" for note in notes)
    table = f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"
    return f"<p>{escape(title)}</p>{table}{f'<ul>{below}</ul>' if below else ''}"


def _uri(place: str) -> str:
    return place if "://" in place else f"file://{quote(place)}"
