"""A progress bar on a terminal, and nothing where nobody looks."""

from __future__ import annotations

import io
import sys

import pytest

from lakehouse.ingestion import with_progress


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize(("stream", "shown"), [(Terminal, True), (io.StringIO, False)])
def test_a_bar_is_shown_on_a_terminal_only(
    monkeypatch: pytest.MonkeyPatch, stream: type[io.StringIO], shown: bool
) -> None:
    monkeypatch.setattr(sys, "stderr", errors := stream())
    monkeypatch.setenv("TERM", "xterm")
    assert list(with_progress(iter("abc"), total=3, description="files")) == ["a", "b", "c"]
    assert ("files" in errors.getvalue()) is shown
    assert ("100%" in errors.getvalue()) is shown
