"""The page says the verdict first, shows every number that it was given, and is one file."""

from __future__ import annotations

import base64
import hashlib
import re

import pytest
from report_pages import HOSTILE, large_report, report, table

from lakehouse.pipelines.report import report_page
from lakehouse.pipelines.report.model import (
    Failure,
    ReportColumn,
    ReportRule,
    ReportStep,
    ReportTable,
    RowFlow,
    Sample,
    State,
)
from lakehouse.pipelines.report.verdict import verdict_of


def text_of(html: str) -> str:
    """Return what a reader without style or script reads."""
    body = re.sub(r"<(style|script)>.*?</\1>", "", html, flags=re.S)
    plain = re.sub(r"<[^>]*>", " ", body)
    for entity, letter in (("&lt;", "<"), ("&gt;", ">"), ("&quot;", '"'), ("&amp;", "&")):
        plain = plain.replace(entity, letter)
    return " ".join(plain.split())


FAILED = Failure(error_class="TableWriteError", message="could not write: disk full", root_cause="disk full")


@pytest.mark.parametrize(
    ("tables", "sentence"),
    [
        ([table("a"), table("b")], "All 2 tables are up to date"),
        ([table("a")], "The table is up to date"),
        ([table("a"), table("b", State.FAILED)], "1 of 2 tables failed"),
        (
            [table("a"), table("b", State.FAILED), table("c", State.SKIPPED)],
            "1 of 3 tables failed, and 1 table behind it waits",
        ),
        (
            [table(name, State.FAILED) for name in "ab"] + [table(name, State.SKIPPED) for name in "cd"],
            "2 of 4 tables failed, and 2 tables behind them wait",
        ),
        ([table("a"), table("b", State.SKIPPED)], "1 of 2 tables skipped, and not refreshed since"),
        ([table("a"), table("b", State.NOT_RUN)], "1 of 2 tables not run yet"),
    ],
)
def test_the_verdict_is_one_sentence(tables: list[ReportTable], sentence: str) -> None:
    assert verdict_of(report(*tables)).sentence == sentence


def test_a_table_that_failed_before_a_partial_run_still_decides_the_verdict() -> None:
    earlier = table("b", State.FAILED, failure=FAILED, is_of_last_run=False)
    shown = report(table("a", is_of_last_run=True), earlier)
    assert verdict_of(shown).state is State.FAILED
    assert "b : disk full" in text_of(report_page(shown))


def test_without_a_run_the_verdict_says_so() -> None:
    assert verdict_of(report(table("a", State.NOT_RUN), runs=())).sentence == "1 table, not run yet"


def test_the_verdict_and_the_root_cause_come_before_all_else() -> None:
    read = text_of(report_page(report(table("a"), table("b", State.FAILED, failure=FAILED))))
    assert read.index("1 of 2 tables failed") < read.index("disk full") < read.index("Graph")


def test_a_table_shows_where_its_rows_went_and_what_each_step_and_rule_did() -> None:
    sales = table(
        rows=RowFlow(judged=33_193, written=33_001, dropped=0, quarantined=192),
        steps=(ReportStep(label="where(x > 1)", place="jobs/shop.py:61", rows_in=34_000, rows_out=33_193),),
        rules=(ReportRule(name="priced", action="quarantine", place="jobs/shop.py:62", broken=(5, 0, 192)),),
        columns=(
            ReportColumn(
                name="revenue",
                type="decimal(18,3)",
                comment="in euros",
                sources=("raw.Quantity", "raw.UnitPrice"),
                how="transformation",
            ),
        ),
        rows_depend_on=("raw.CustomerID (filter)",),
        opaque=("transform(f), jobs/shop.py:63",),
        quarantine=Sample(headings=("_errors", "x"), rows=(("priced", "-1"),)),
    )
    read = text_of(report_page(report(sales, has_lineage=True)))
    for shown in (
        "33,193 rows in = 33,001 written + 0 dropped + 192 quarantined",
        "where(x > 1) 34,000 → 33,193 (−807) jobs/shop.py:61",
        "priced 192 rows at most 192 quarantine jobs/shop.py:62",
        "revenue decimal(18,3) in euros transformation of raw.Quantity , raw.UnitPrice",
        "Which rows there are depends on raw.CustomerID (filter)",
        "Columns can't be followed through transform(f), jobs/shop.py:63",
        "_errors x priced -1",
    ):
        assert shown in read


def test_documentation_of_a_definition_has_no_runs_in_it() -> None:
    described = table(
        "sales",
        State.NOT_RUN,
        comment="Sales, cleaned.",
        owner="sales@example.org",
        tags={"domain": "retail"},
    )
    read = text_of(report_page(report(described, runs=(), shows_runs=False)))
    assert "Sales, cleaned." in read
    assert "sales@example.org" in read
    assert "domain retail" in read
    for absent in ("not run", "Last runs", "rows in", "up to date"):
        assert absent not in read


def test_the_policy_allows_this_style_and_this_script_and_nothing_else() -> None:
    page = report_page(report(table()))
    policy = re.search(r'http-equiv=Content-Security-Policy content="([^"]*)"', page)
    assert policy is not None
    allowed = dict(each.strip().partition(" ")[::2] for each in policy[1].split(";"))
    assert allowed["default-src"] == "'none'"
    for kind in ("style", "script"):
        (content,) = re.findall(rf"<{kind}>(.*?)</{kind}>", page, flags=re.S)
        digest = base64.b64encode(hashlib.sha256(content.encode()).digest()).decode()
        assert allowed[f"{kind}-src"] == f"'sha256-{digest}'"


def test_nothing_on_the_page_asks_for_anything() -> None:
    page = re.sub(r"<script>.*?</script>", "", report_page(large_report(12)), flags=re.S)
    assert not re.search(r"\b(?:src|srcset|action|data|poster|ping)=", page)
    assert set(re.findall(r'href="?(.)', page)) == {"#"}
    assert "url(" not in page
    assert "@import" not in page


def test_hostile_names_are_text_everywhere() -> None:
    evil = table(
        HOSTILE,
        State.FAILED,
        layer=HOSTILE,
        place=HOSTILE,
        comment=HOSTILE,
        owner=HOSTILE,
        tags={HOSTILE: HOSTILE},
        source=HOSTILE,
        failure=Failure(error_class=HOSTILE, message=f"{HOSTILE}!", root_cause=HOSTILE),
        columns=(
            ReportColumn(name=HOSTILE, type=HOSTILE, comment=HOSTILE, sources=(HOSTILE,) * 2, how=HOSTILE),
        ),
        rules=(ReportRule(name=HOSTILE, action=HOSTILE, place=HOSTILE, broken=(1, 2)),),
        steps=(ReportStep(label=HOSTILE, place=HOSTILE),),
        quarantine=Sample(headings=(HOSTILE,), rows=((HOSTILE,),)),
    )
    page = report_page(report(evil, pipeline=HOSTILE, warehouse=HOSTILE, has_lineage=True))
    assert "<img" not in page
    assert page.count("<script>") == page.count("</script>") == 1


def test_a_hundred_tables_stay_below_the_promised_size() -> None:
    assert len(report_page(large_report(100)).encode()) <= 300_000


def test_a_drawing_of_a_trend_is_no_longer_than_its_refreshes() -> None:
    rules = [(ReportRule(name="r", action="warn", place="", broken=tuple(range(many))),) for many in (2, 16)]
    short, long = (len(report_page(report(table(rules=each)))) for each in rules)
    assert long - short < 200
