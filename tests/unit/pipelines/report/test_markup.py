"""Text never becomes markup, whatever it holds, and a browser's own reader finds it as it was."""

from __future__ import annotations

from html.parser import HTMLParser

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lakehouse import masking
from lakehouse.pipelines.report.markup import Html, element, joined


class Seen(HTMLParser):
    """What a reader of HTML sees: elements with their attributes, and text."""

    def __init__(self, html: Html) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self.feed(html.text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.text += data


PRINTABLE = st.text(st.characters(exclude_categories=("C", "Zl", "Zp", "Zs"), include_characters=" \n\t"))


@given(PRINTABLE, PRINTABLE)
def test_any_text_comes_out_as_it_went_in(text: str, value: str) -> None:
    seen = Seen(element("p", text, element("b", "!"), title=value))
    assert seen.elements == [("p", {"title": value}), ("b", {})]
    assert seen.text == f"{text}!"


@pytest.mark.parametrize("text", ["</p><script>", "a\" onload=x '", "<!--", "&lt;", "]]>"])
def test_code_in_text_stays_text(text: str) -> None:
    seen = Seen(joined([element("a", text, href=text), text], "<i>"))
    assert [name for name, _ in seen.elements] == ["a"]
    assert seen.text == f"{text}<i>{text}"


def test_characters_that_have_no_place_in_a_page_are_replaced() -> None:
    assert element("p", "a\x00b\ud800c").text == "<p>a\ufffdb\ufffdc</p>"


def test_hidden_values_are_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(masking, "_hidden", {"s3cr<t"})
    assert "cr" not in element("p", "key=s3cr<t", title="s3cr<t").text


def test_a_name_that_is_none_is_refused() -> None:
    with pytest.raises(ValueError, match="no name of an element"):
        element("p onload=x")


def test_attributes_without_a_value_are_left_out() -> None:
    assert (
        element("p", None, class_="wide", hidden=True, title=None, lang=False).text
        == "<p class=wide hidden></p>"
    )
