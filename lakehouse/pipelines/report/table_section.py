"""Everything about one table: what happened and why, rules, steps, columns and where they come from."""

from __future__ import annotations

from collections.abc import Sequence

from lakehouse.pipelines.report.charts import trend
from lakehouse.pipelines.report.links import link_to, place_of
from lakehouse.pipelines.report.markup import Child, Html, element, joined
from lakehouse.pipelines.report.model import (
    Report,
    ReportColumn,
    ReportRule,
    ReportStep,
    ReportTable,
    Sample,
)
from lakehouse.pipelines.report.phrases import count, length, moment, number, size
from lakehouse.pipelines.report.summary import state_mark

__all__ = ["table_section"]


def table_section(table: ReportTable, report: Report) -> Html:
    """Return the section of one table."""
    return element(
        "section",
        element("h3", table.name),
        element("p", table.comment) if table.comment else None,
        _failure(table),
        _flow(table) if report.shows_runs else None,
        _facts(table, report),
        _rules(table.rules, with_counts=report.shows_runs),
        _steps(table),
        _columns(table, has_lineage=report.has_lineage),
        _quarantine(table.quarantine),
        id=place_of(table.name),
        class_="t",
    )


def _failure(table: ReportTable) -> Html | None:
    if table.failure is None:
        return element("p", f"Left alone: {table.because}.") if table.because else None
    failure = table.failure
    more = None
    if failure.message != failure.root_cause:
        more = element("details", element("summary", failure.error_class), element("pre", failure.message))
    return element("div", element("p", element("b", "Why: "), failure.root_cause), more, class_="why")


def _flow(table: ReportTable) -> Html | None:
    rows = table.rows
    if rows is None:
        return None
    parts: list[Child] = [element("b", number(rows.judged)), " rows in = "]
    parts += [element("b", number(rows.written)), " written"]
    parts += [" + ", element("b", number(rows.dropped)), " dropped"]
    parts += [" + ", element("b", number(rows.quarantined)), " quarantined"]
    return element("p", *parts, class_="flow")


def _facts(table: ReportTable, report: Report) -> Html:
    facts: list[tuple[str, Child]] = []
    if report.shows_runs:
        is_earlier = table.ran_at is not None and not table.is_of_last_run
        ran = joined([" in the run of ", moment(table.ran_at), " UTC"]) if is_earlier else None
        took = f" in {length(table.seconds)}" if table.seconds is not None else ""
        facts.append(("state", joined([state_mark(table), took, ran])))
    if table.refreshed_by:
        facts.append(("refreshed", table.refreshed_by))
    if table.version is not None:
        details = f", {count(table.files or 0, 'file')}, {size(table.size_bytes)}"
        since = (
            joined([" of ", moment(table.committed_at), " UTC"]) if table.committed_at is not None else None
        )
        facts.append(("version", joined([number(table.version), since, details])))
    there = {each.name for each in report.tables}
    read = [element("a", each, href=link_to(each)) if each in there else each for each in table.reads]
    facts.append(("reads", joined(read, ", ") if read else table.source))
    facts.append(("written by", table.written_by))
    facts.append(("declared in", element("code", table.place)))
    facts += [("owner", table.owner)] if table.owner else []
    facts += [(name, text) for name, text in table.tags.items()]
    return element("dl", *(joined([element("dt", name), element("dd", value)]) for name, value in facts))


def _rules(rules: Sequence[ReportRule], *, with_counts: bool) -> Html | None:
    if not rules:
        return None
    headings = ["rule", "then", "declared in"]
    if with_counts:
        headings[1:1] = ["broken by", "last refreshes"]
    return _listing("Rules", headings, [_rule(rule, with_counts=with_counts) for rule in rules], class_="p")


def _rule(rule: ReportRule, *, with_counts: bool) -> Html:
    counts: tuple[Html, ...] = ()
    if with_counts:
        broken = count(rule.broken[-1], "row") if rule.broken else ""
        counts = (element("td", broken, class_="r"), element("td", _trend(rule.broken)))
    return element(
        "tr",
        element("td", rule.name),
        *counts,
        element("td", rule.action),
        element("td", rule.place),
    )


def _trend(broken: Sequence[int]) -> Html | str | None:
    if not broken or max(broken) == 0:
        return "kept in all" if len(broken) > 1 else None
    drawn = trend(broken)
    return None if drawn is None else joined([drawn, f" at most {number(max(broken))}"])


def _steps(table: ReportTable) -> Html:
    source = ReportStep(label=table.source, place=table.place)
    counted = any(step.rows_in is not None for step in table.steps)
    headings = ["step", "rows", "declared in"] if counted else ["step", "declared in"]
    rows = [
        element(
            "tr",
            element("td", step.label),
            element("td", _taken_out(step)) if counted else None,
            element("td", step.place),
        )
        for step in (source, *table.steps)
    ]
    return _listing("Steps", headings, rows, class_="p")


def _taken_out(step: ReportStep) -> str:
    if step.rows_in is None or step.rows_out is None:
        return ""
    if step.rows_out <= step.rows_in:
        gone = step.rows_in - step.rows_out
        return f"{number(step.rows_in)} → {number(step.rows_out)}" + (f" (−{number(gone)})" if gone else "")
    return f"{number(step.rows_in)} → {number(step.rows_out)}"


def _columns(table: ReportTable, *, has_lineage: bool) -> Html | None:
    if not table.columns:
        return element("p", "Its columns are not known yet.")
    has_comments = any(column.comment for column in table.columns)
    headings = ["column", "type"]
    headings += ["what it is"] if has_comments else []
    headings += ["comes from"] if has_lineage else []
    rows = [_column(column, has_comments=has_comments, has_lineage=has_lineage) for column in table.columns]
    beside = [
        element("p", "Which rows there are depends on ", _names(table.rows_depend_on), ".")
        if table.rows_depend_on
        else None,
        *(
            element("p", f"Columns can't be followed through {each}: what it does is its own affair.")
            for each in table.opaque
        ),
    ]
    return joined([_listing("Columns", headings, rows, class_="c"), *beside])


def _column(column: ReportColumn, *, has_comments: bool, has_lineage: bool) -> Html:
    origin: Html | None = None
    if has_lineage:
        is_plain = len(column.sources) == 1 and column.how in ("", "identity")
        how = None if column.how in ("", "identity") else f"{column.how} of "
        origin = element("td", column.sources[0] if is_plain else joined([how, _names(column.sources)]))
    return element(
        "tr",
        element("td", column.name),
        element("td", column.type),
        element("td", column.comment) if has_comments else None,
        origin,
    )


def _names(names: Sequence[str]) -> Html:
    return joined([element("i", each) for each in names], ", ")


def _quarantine(sample: Sample | None) -> Html | None:
    if sample is None:
        return None
    rows = [element("tr", *(element("td", cell) for cell in row)) for row in sample.rows]
    table = _listing("Rows set aside", sample.headings, rows)
    return element("div", table, class_="wide", tabindex=0, role="group", aria_label="Rows set aside")


def _listing(title: str, headings: Sequence[str], rows: Sequence[Html], *, class_: str | None = None) -> Html:
    head = element("tr", *(element("th", heading) for heading in headings))
    return joined([element("h4", title), element("table", head, *rows, class_=class_)])
