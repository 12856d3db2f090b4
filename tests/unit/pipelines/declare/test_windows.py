"""Groups by time are Spark's own functions, with lengths as they are given."""

from __future__ import annotations

import pytest

from lakehouse.pipelines import session_window, window


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (window("at", "1 day"), "window(at, '1 day')"),
        (window("at", "1 day", slide="12 hours"), "window(at, '1 day', '12 hours')"),
        (window("at", "1 day", start="6 hours"), "window(at, '1 day', '1 day', '6 hours')"),
        (session_window("at", "10 min"), "session_window(at, '10 min')"),
        (window("at", "it's"), "window(at, 'it\\'s')"),
    ],
)
def test_a_window_is_the_text_of_a_call(text: str, said: str) -> None:
    assert text == said
