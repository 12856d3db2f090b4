"""The order of a run: tables that don't need each other side by side, those behind a failure not at all."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait

from lakehouse.pipelines.record.outcomes import Failed, Outcome, Skipped

__all__ = ["run_in_order", "tables_at_once"]

_FOR_EACH_TASK = 2
"""While Spark works on one small table, another one waits for the log, for files, or for a plan."""
_WHERE_UNKNOWN = 4


def tables_at_once(tasks_at_once: int | None) -> int:
    """Return how many tables are in work at once in a session that runs so many tasks; None: nobody knows."""
    return _WHERE_UNKNOWN if tasks_at_once is None else max(2, _FOR_EACH_TASK * tasks_at_once)


def run_in_order(
    inputs: Mapping[str, frozenset[str]],
    names: Sequence[str],
    *,
    at_once: int,
    work: Callable[[str], Outcome],
    finish: Callable[[Outcome], None],
) -> None:
    """Call ``work`` for each of ``names``, after its inputs among them, and ``finish`` with each outcome.

    ``work`` is called from several threads, ``finish`` only from this one.
    """
    needs = {name: inputs[name] & frozenset(names) for name in names}
    outcomes: dict[str, Outcome] = {}
    waiting = list(names)
    running: set[Future[Outcome]] = set()

    def done(outcome: Outcome) -> None:
        outcomes[outcome.table] = outcome
        finish(outcome)

    with ThreadPoolExecutor(at_once) as pool:
        while waiting or running:
            for name in [name for name in waiting if needs[name] <= outcomes.keys()]:
                waiting.remove(name)
                broken = sorted(need for need in needs[name] if isinstance(outcomes[need], Failed | Skipped))
                if broken:
                    done(Skipped(table=name, because=broken[0]))
                else:
                    running.add(pool.submit(work, name))
            if running:  # else everything that was ready is skipped: look again
                finished, running = wait(running, return_when=FIRST_COMPLETED)
                for future in finished:
                    done(future.result())
