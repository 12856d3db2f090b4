"""One task of a kept fetch: what is there is taken over, what is missing is asked for, and kept as it comes."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing

from lakehouse.ingestion.rest.declaration import CursorValue, RestApi, later
from lakehouse.ingestion.rest.fetching import Chain, FailedRequest, Page, fetch, position_key, progress_of
from lakehouse.ingestion.rest.keeping.failure_file import failure_file
from lakehouse.ingestion.rest.keeping.kept_fetch import CONTENT_LIMIT, FetchPlan, KeptFetch, TaskResult
from lakehouse.ingestion.rest.keeping.page_file import PageMark, only_pages, page_file, page_marks

__all__ = ["fetch_task"]

_MOST_RECORDS = 20_000
_MOST_CHARACTERS = 16 << 20
_SECONDS_BETWEEN = 2.0
"""How old a page may be before it is kept: what a killed task has to ask for again."""


def fetch_task(
    api: RestApi, plan: FetchPlan, kept: KeptFetch, task: int, *, clock: Callable[[], float] = time.monotonic
) -> TaskResult:
    """Fetch a task's chains into the folder, from where earlier runs stopped. Raises MissingSecretError."""
    chains = {chain.number: chain for chain in plan.of_task(task)}
    collected = _Collected(kept, task, clock)
    there: list[PageMark] = []
    for name, marks in _taken_over(kept, task):
        collected.take_over(name, marks)
        there.extend(marks)
    progress = progress_of((mark.chain, mark.position, mark.follows) for mark in there)
    with closing(fetch(api, chains.values(), tasks=plan.tasks, progress=progress)) as outcomes:
        for outcome in outcomes:
            if isinstance(outcome, Page):
                collected.add(outcome)
            else:
                collected.add_failure(outcome, chains[outcome.chain])
    return collected.result()


def _taken_over(kept: KeptFetch, task: int) -> Iterator[tuple[str, list[PageMark]]]:
    """Yield the files of earlier runs, each page in one of them: two runs at a time may have kept it twice."""
    seen: set[tuple[int, bytes]] = set()
    for name, content in list(kept.kept("pages", task)):
        marks = page_marks(content)
        keys = [(mark.chain, position_key(mark.position)) for mark in marks]
        new = [at for at, key in enumerate(keys) if key not in seen]
        seen.update(keys)
        if len(new) == len(marks):
            yield name, list(marks)
        elif new:
            yield kept.keep("pages", task, only_pages(content, new)), [marks[at] for at in new]


class _Collected:
    """What came, kept in files of a fair size; of what is kept, only sums stay in memory."""

    def __init__(self, kept: KeptFetch, task: int, clock: Callable[[], float]) -> None:
        self._kept = kept
        self._task = task
        self._clock = clock
        self._kept_at = clock()
        self._waiting: list[Page] = []
        self._records_waiting = 0
        self._characters_waiting = 0
        self._failures: list[FailedRequest] = []
        self._files: list[str] = []
        self._again: list[Chain] = []
        self._pages = 0
        self._records = 0
        self._content = 0
        self._highest: CursorValue | None = None

    def take_over(self, name: str, marks: Sequence[PageMark]) -> None:
        """Count in a file that is kept."""
        self._files.append(name)
        for mark in marks:
            self._highest = later(self._highest, mark.highest)
            self._pages += 1
            self._records += mark.records
            self._content = (self._content + mark.content) % CONTENT_LIMIT

    def add(self, page: Page) -> None:
        """Take a page; keep those that wait when it is time."""
        self._waiting.append(page)
        self._records_waiting += len(page.records)
        self._characters_waiting += sum(map(len, page.records))
        if (
            self._records_waiting >= _MOST_RECORDS
            or self._characters_waiting >= _MOST_CHARACTERS
            or self._clock() - self._kept_at >= _SECONDS_BETWEEN
        ):
            self._keep()

    def add_failure(self, failure: FailedRequest, chain: Chain) -> None:
        """Take a failure."""
        self._failures.append(failure)
        if failure.is_transient:
            self._again.append(chain.again(failure.position, goes_on=failure.goes_on))

    def result(self) -> TaskResult:
        """Keep what is left, and sum up."""
        self._keep()
        files = []
        if self._failures:
            files = [self._kept.keep("failures", self._task, failure_file(self._failures))]
        return TaskResult(
            pages=self._pages,
            records=self._records,
            highest=self._highest,
            content=self._content,
            page_files=self._files,
            failure_files=files,
            failed=len(self._failures),
            first_failure=f"{self._failures[0].url}: {self._failures[0].reason}" if self._failures else "",
            again=self._again,
        )

    def _keep(self) -> None:
        if self._waiting:
            name = self._kept.keep("pages", self._task, page_file(self._waiting))
            self.take_over(name, [PageMark.of(page) for page in self._waiting])
        self._waiting, self._records_waiting, self._characters_waiting = [], 0, 0
        self._kept_at = self._clock()
