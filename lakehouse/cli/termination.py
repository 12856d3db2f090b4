"""SIGTERM stops a verb as Ctrl-C does: what it was at is cleaned up, or finished, and then the process ends."""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType
from typing import NoReturn

__all__ = ["signals_ask", "sigterm_stops"]


@contextmanager
def sigterm_stops() -> Iterator[None]:
    """Raise KeyboardInterrupt, which names the signal, where SIGTERM comes meanwhile."""
    if threading.current_thread() is not threading.main_thread():
        yield  # only the main thread may say what becomes of a signal
        return
    before = signal.signal(signal.SIGTERM, _interrupt)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def _interrupt(number: int, frame: FrameType | None) -> NoReturn:
    signal.signal(signal.SIGTERM, signal.SIG_IGN)  # once is enough: what follows is the end
    raise KeyboardInterrupt("SIGTERM")


@contextmanager
def signals_ask(ask: Callable[[str], None]) -> Iterator[Callable[[], None]]:
    """Call ``ask`` with who wants the end where SIGTERM or Ctrl-C comes; the second time raise KeyboardInterrupt.

    Gives a function that sees to it again, for when somebody else has taken the signals meanwhile, as Spark does.
    """
    if threading.current_thread() is not threading.main_thread():
        yield lambda: None
        return
    names = {signal.SIGTERM: "SIGTERM", signal.SIGINT: "Ctrl-C"}
    asked: list[int] = []

    def handle(number: int, frame: FrameType | None) -> None:
        if asked:
            raise KeyboardInterrupt(names[signal.Signals(number)])
        asked.append(number)
        ask(names[signal.Signals(number)])

    def install() -> None:
        for number in names:
            signal.signal(number, handle)

    before = {number: signal.getsignal(number) for number in names}
    install()
    try:
        yield install
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
