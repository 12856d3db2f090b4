"""Values that coroutines make, for code that knows no coroutines: an event loop in a thread, at a bounded distance."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Awaitable, Callable, Coroutine, Generator
from concurrent.futures import Future
from typing import Any, Generic, TypeVar

__all__ = ["Put", "pumped"]

T = TypeVar("T")

Put = Callable[[T], Awaitable[None]]
"""Hands a value over; waits while too many are on their way."""


def pumped(produce: Callable[[Put[T]], Coroutine[Any, Any, None]], *, ahead: int) -> Generator[T, None, None]:
    """Yield what ``produce(put)`` puts. It is at most ``ahead`` values ahead of who takes them.

    When the generator ends or is closed, the coroutine is cancelled and its thread has ended. What it raises
    is raised here.
    """
    pump: _Pump[T] = _Pump(produce, ahead)
    try:
        while not pump.is_over:
            yield from pump.some()
    finally:
        pump.stop()
    pump.raise_error()


class _Pump(Generic[T]):
    def __init__(self, produce: Callable[[Put[T]], Coroutine[Any, Any, None]], ahead: int) -> None:
        self._produce = produce
        self._values: asyncio.Queue[T | None] = asyncio.Queue(maxsize=ahead)
        self._started: Future[tuple[asyncio.AbstractEventLoop, asyncio.Task[None]]] = Future()
        self._error: BaseException | None = None
        self.is_over = False
        self._thread = threading.Thread(target=self._run, name="lakehouse-rest", daemon=True)
        self._thread.start()
        self._loop, self._task = self._started.result()

    def some(self) -> list[T]:
        """Wait for a value; return all that are there."""
        return asyncio.run_coroutine_threadsafe(self._taken(), self._loop).result()

    def stop(self) -> None:
        """Cancel what is in flight, and wait until the thread has ended."""
        self._loop.call_soon_threadsafe(self._task.cancel)
        self._thread.join()

    def raise_error(self) -> None:
        """Raise what the coroutine raised."""
        if self._error is not None:
            raise self._error

    def _run(self) -> None:
        try:
            asyncio.run(self._main())
        except asyncio.CancelledError:
            return
        except BaseException as error:
            if self._started.done():
                raise
            self._started.set_exception(error)  # no loop began, such as without a free file descriptor

    async def _main(self) -> None:
        task = asyncio.current_task()
        assert task is not None  # noqa: S101
        self._started.set_result((asyncio.get_running_loop(), task))
        try:
            await self._produce(self._values.put)
        except Exception as error:  # noqa: BLE001 - it is raised again where the values are taken
            self._error = error
        await self._values.put(None)
        await asyncio.Event().wait()  # whoever takes the values ends it, when all are taken

    async def _taken(self) -> list[T]:
        values: list[T] = []
        value = await self._values.get()
        while value is not None:
            values.append(value)
            if self._values.empty():
                return values
            value = self._values.get_nowait()
        self.is_over = True
        return values
