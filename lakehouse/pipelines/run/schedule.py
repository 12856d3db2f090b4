"""The order of a run: tables that don't need each other side by side, those behind a failure not at all."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait

from lakehouse.pipelines.record.outcomes import Failed, Outcome, Skipped

__all__ = ["run_in_order"]

_SIDE_BY_SIDE = 4
"""Tables in work at once: more would only wait for the same cores."""


def run_in_order(
    inputs: Mapping[str, frozenset[str]],
    names: Sequence[str],
    *,
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

    with ThreadPoolExecutor(_SIDE_BY_SIDE) as pool:
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
