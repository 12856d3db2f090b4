"""All tables in one list: how each ended, where its rows went, how long it took."""

from __future__ import annotations

from collections.abc import Sequence

from lakehouse.pipelines.report.charts import bar
from lakehouse.pipelines.report.links import link_to
from lakehouse.pipelines.report.markup import Html, element
from lakehouse.pipelines.report.model import Report, ReportRun, ReportTable
from lakehouse.pipelines.report.phrases import length, number

__all__ = ["state_mark", "summary_section"]

_RUN_HEADINGS = (
    "table",
    "layer",
    "state",
    "rows in",
    "written",
    "dropped",
    "quarantined",
    "time",
    "",
    "version",
)
_HEADINGS = ("table", "layer", "what it is", "owner", "columns", "rules")
_NUMBERS = frozenset({"rows in", "written", "dropped", "quarantined", "time", "version", "columns", "rules"})


def summary_section(report: Report) -> Html:
    """Return the list of all tables."""
    headings = _RUN_HEADINGS if report.shows_runs else _HEADINGS
    row = _run_row if report.shows_runs else _row
    longest = max((table.seconds or 0.0 for table in report.tables), default=0.0)
    return element(
        "section",
        element("h2", "Tables"),
        element(
            "div",
            element(
                "table",
                element("thead", element("tr", *map(_heading, headings))),
                element("tbody", *(row(table, longest) for table in report.tables)),
                id="tables",
            ),
            class_="wide",
            tabindex=0,
            role="group",
            aria_label="Tables",
        ),
    )


def state_mark(of: ReportTable | ReportRun) -> Html:
    """Return the state of a table or run; the style puts its sign before the word."""
    return element("b", of.state.word, class_=f"m {of.state.key}")


def _heading(text: str) -> Html:
    if not text:
        return element("td")
    return element("th", text, scope="col", class_="r" if text in _NUMBERS else None)


def _run_row(table: ReportTable, longest: float) -> Html:
    rows = table.rows
    counts: Sequence[int | None] = (
        (None,) * 4 if rows is None else (rows.judged, rows.written, rows.dropped, rows.quarantined)
    )
    return element(
        "tr",
        element("td", element("a", table.name, href=link_to(table.name))),
        element("td", table.layer),
        element(
            "td", state_mark(table), None if table.is_of_last_run or table.ran_at is None else " earlier"
        ),
        *(element("td", number(each), class_="r") for each in counts),
        element("td", length(table.seconds), class_="r"),
        element("td", bar(table.seconds, longest)),
        element("td", number(table.version), class_="r"),
    )


def _row(table: ReportTable, longest: float) -> Html:
    return element(
        "tr",
        element("td", element("a", table.name, href=link_to(table.name))),
        element("td", table.layer),
        element("td", table.comment),
        element("td", table.owner),
        element("td", number(len(table.columns)), class_="r"),
        element("td", number(len(table.rules)), class_="r"),
    )
