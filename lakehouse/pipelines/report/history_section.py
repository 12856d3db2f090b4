"""The last runs, the newest first."""

from __future__ import annotations

from lakehouse.pipelines.report.charts import bar
from lakehouse.pipelines.report.links import link_to
from lakehouse.pipelines.report.markup import Child, Html, element, joined
from lakehouse.pipelines.report.model import Report, ReportRun
from lakehouse.pipelines.report.phrases import length, moment, number
from lakehouse.pipelines.report.summary import state_mark

__all__ = ["history_section"]

_HEADINGS = ("began (UTC)", "ended", "tables", "rows written", "set aside", "time", "")
_NUMBERS = frozenset({"rows written", "set aside", "time"})
_SHOWN = 3


def history_section(report: Report) -> Html | None:
    """Return the list of runs; None where nothing ran."""
    if not report.runs:
        return None
    longest = max(run.seconds or 0.0 for run in report.runs)
    there = {table.name for table in report.tables}
    head = (
        element("th", each, scope="col", class_="r" if each in _NUMBERS else None) if each else element("td")
        for each in _HEADINGS
    )
    table = element(
        "table",
        element("thead", element("tr", *head)),
        element("tbody", *(_row(run, longest, there) for run in report.runs)),
    )
    return element(
        "section",
        element("h2", "Last runs"),
        element("div", table, class_="wide", tabindex=0, role="group", aria_label="Last runs"),
        id="runs",
    )


def _row(run: ReportRun, longest: float, there: set[str]) -> Html:
    ended = ", ".join(f"{how_many} {state.word}" for state, how_many in run.by_state.items())
    if run.micro_batches is not None:
        first, last = run.micro_batches
        ended = f"a stream's micro-batches {first:,} to {last:,}: {ended}"
    return element(
        "tr",
        element("td", moment(run.started_at)),
        element("td", state_mark(run)),
        element("td", ended, _failed(run, there)),
        element("td", number(run.rows_written), class_="r"),
        element("td", number(run.rows_quarantined), class_="r"),
        element("td", length(run.seconds), class_="r"),
        element("td", bar(run.seconds, longest)),
    )


def _failed(run: ReportRun, there: set[str]) -> Html | None:
    """Name the tables that failed; those that are still declared are links."""
    names: list[Child] = [
        element("a", name, href=link_to(name)) if name in there else name
        for name in run.failed_tables[:_SHOWN]
    ]
    if len(run.failed_tables) > _SHOWN:
        names.append("…")
    if run.failure is not None:
        names.append(run.failure.root_cause)
    return joined([": ", joined(names, ", ")]) if names else None
