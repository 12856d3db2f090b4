"""A hidden value is in no text, however it is spelled there, and numbers stay numbers."""

from __future__ import annotations

import json
from urllib.parse import quote

import pytest

from lakehouse import masking
from lakehouse.masking import hide, masked, masked_document

SECRET = 'p"w\\d é/1'


@pytest.fixture(autouse=True)
def nothing_hidden(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(masking, "_hidden", set())


@pytest.mark.parametrize(
    "spelled",
    [SECRET, json.dumps(SECRET), json.dumps(SECRET, ensure_ascii=False), quote(SECRET, safe="")],
)
def test_a_value_is_hidden_in_texts_in_json_and_in_addresses(spelled: str) -> None:
    hide(SECRET)
    assert masked(f"key={spelled}!") in ("key=***!", 'key="***"!')


def test_texts_of_a_document_are_masked_and_its_numbers_stay() -> None:
    hide("12")
    found = masked_document({"rows": 1200, "text": "v12", "more": [{"12": ("a12", None, 1.2)}]})
    assert found == {"rows": 1200, "text": "v***", "more": [{"***": ["a***", None, 1.2]}]}
