"""The first thing on the page: whether all is well, and if not, what is wrong."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from lakehouse.pipelines.report.links import link_to
from lakehouse.pipelines.report.markup import Html, element, joined
from lakehouse.pipelines.report.model import Report, ReportTable, State
from lakehouse.pipelines.report.phrases import count, length, moment, number

__all__ = ["Verdict", "verdict_of", "verdict_section"]

_SHOWN = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """One state, and one sentence that says it."""

    state: State
    sentence: str


def verdict_of(report: Report) -> Verdict:
    """Return the verdict on the tables as they stand: one that failed counts until it is refreshed again."""
    tables = report.tables
    failed = _in_state(tables, State.FAILED)
    skipped = _in_state(tables, State.SKIPPED)
    if failed:
        behind = f", and {count(len(skipped), 'table')} behind {_them(failed)} waits" if skipped else ""
        behind = behind if len(skipped) == 1 else behind.replace("waits", "wait")
        return Verdict(
            state=State.FAILED, sentence=f"{len(failed)} of {count(len(tables), 'table')} failed{behind}"
        )
    if not report.runs:
        return Verdict(state=State.NOT_RUN, sentence=f"{count(len(tables), 'table')}, not run yet")
    last = report.runs[0]
    if last.state is State.FAILED:
        return Verdict(state=State.FAILED, sentence="The last run stopped before its end")
    if skipped:
        return Verdict(
            state=State.SKIPPED,
            sentence=f"{len(skipped)} of {count(len(tables), 'table')} skipped, and not refreshed since",
        )
    missing = _in_state(tables, State.NOT_RUN)
    if missing:
        return Verdict(
            state=State.NOT_RUN, sentence=f"{len(missing)} of {count(len(tables), 'table')} not run yet"
        )
    if last.state is State.NOTHING_NEW:
        return Verdict(state=State.NOTHING_NEW, sentence=f"Nothing new: {_all(tables)} up to date")
    return Verdict(state=State.DONE, sentence=f"{_all(tables).capitalize()} up to date")


def verdict_section(report: Report) -> Html:
    """Return the verdict, what failed and why, and the numbers of the last run."""
    verdict = verdict_of(report)
    return element(
        "section",
        element("h2", element("span", verdict.state.sign, aria_hidden="true"), f" {verdict.sentence}"),
        _causes(report),
        _last_run(report),
        id="verdict",
        class_=verdict.state.key,
    )


def _causes(report: Report) -> Html | None:
    failed = _in_state(report.tables, State.FAILED)
    causes = [
        element(
            "li",
            element("a", table.name, href=link_to(table.name)),
            f": {table.failure.root_cause if table.failure is not None else 'no reason is recorded'}",
        )
        for table in failed[:_SHOWN]
    ]
    if len(failed) > _SHOWN:
        causes.append(element("li", f"and {count(len(failed) - _SHOWN, 'more table')}"))
    stopped = report.runs[0].failure if report.runs else None
    if stopped is not None:
        causes.append(element("li", f"The run itself: {stopped.root_cause}"))
    return element("ul", *causes) if causes else None


def _last_run(report: Report) -> Html | None:
    if not report.runs:
        return None
    last = report.runs[0]
    ended = ", ".join(f"{how_many} {state.word}" for state, how_many in last.by_state.items())
    name = "Last run " if last.micro_batches is None else "The stream's last micro-batches since "
    parts: list[Html | str] = [joined([name, moment(last.started_at), " UTC"])]
    parts += [length(last.seconds), ended] if ended else [length(last.seconds)]
    parts.append(f"{number(last.rows_written)} rows written")
    if last.rows_quarantined:
        parts.append(f"{number(last.rows_quarantined)} set aside")
    return element("p", joined(parts, " · "))


def _in_state(tables: Sequence[ReportTable], state: State) -> list[ReportTable]:
    return [table for table in tables if table.state is state]


def _all(tables: Sequence[ReportTable]) -> str:
    return "the table is" if len(tables) == 1 else f"all {len(tables):,} tables are"


def _them(tables: Sequence[ReportTable]) -> str:
    return "it" if len(tables) == 1 else "them"
