"""A run's result in a notebook: a table with its counts and places, in which no text is markup."""

from __future__ import annotations

import dataclasses
import datetime as dt
from functools import partial
from html.parser import HTMLParser

import pytest

from lakehouse import masking
from lakehouse.errors import TableError
from lakehouse.pipelines import Failed, NothingNew, Refresh, Refreshed, RunResult, Skipped
from lakehouse.pipelines.record.result_table import result_html
from lakehouse.pipelines.refresh.batches import Batch
from lakehouse.quality import Tally

EVIL = "<script>alert('x')</script> & \"more\""


class Page(HTMLParser):
    """What a browser makes of it: texts, tags, and where links lead."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.texts: list[str] = []
        self.tags: set[str] = set()
        self.links: dict[str, str | None] = {}
        self._link: str | None = None
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self._link = dict(attrs).get("href") if tag == "a" else self._link

    def handle_data(self, data: str) -> None:
        self.texts.append(data)
        if self._link:
            self.links[data], self._link = self._link, None


def result() -> RunResult:
    batch = Batch(flow="f", number=0, planned_at="", starts_over=True, fingerprint="", inputs={}, pinned={})
    tally = Tally(rows_in=1200, written=1150, dropped=0, quarantined=50, failed=0, broken={})
    done = Refresh(
        layer="silver",
        batch=batch,
        version=7,
        tally=tally,
        steps=(),
        seconds=2.0,
        set_aside={f"/in/{EVIL}.csv": "it is empty"},
    )
    folders = {name: f"/lake house/{name}" for name in ("sales", "raw", "bad", "behind")}
    return RunResult(
        run_id="r",
        pipeline=EVIL,
        started_at=dt.datetime(2026, 1, 1, tzinfo=dt.UTC),
        seconds=4.0,
        outcomes={
            "raw": NothingNew(table="raw"),
            "sales": Refreshed(table="sales", refreshes=(done,)),
            "bad": Failed(table="bad", error=TableError(EVIL), seconds=1.0),
            "behind": Skipped(table="behind", because=EVIL),
        },
        html=partial(result_html, folders=folders),
    )


def test_a_notebook_shows_counts_places_and_reasons_and_runs_nothing() -> None:
    html = result()._repr_html_()
    assert html is not None
    page = Page(html)
    assert page.tags == {"p", "table", "thead", "tbody", "tr", "th", "td", "a", "ul", "li"}
    text = "\n".join(page.texts)
    for part in (
        "1,200",
        "1,150",
        "50",
        "nothing new",
        f"skipped: {EVIL} failed",
        f"bad: {EVIL}",
        "it is empty",
    ):
        assert part in text
    assert page.links == {
        "raw": "file:///lake%20house/raw",
        "sales": "file:///lake%20house/sales",
        "50": "file:///lake%20house/sales_quarantine",
    }


def test_a_table_of_a_store_is_linked_by_its_uri() -> None:
    shown = dataclasses.replace(
        result(),
        outcomes={"raw": NothingNew(table="raw")},
        html=partial(result_html, folders={"raw": "s3a://lake/bronze/raw?a=<b>"}),
    )
    assert Page(str(shown._repr_html_())).links == {"raw": "s3a://lake/bronze/raw?a=<b>"}


def test_a_result_of_nowhere_has_no_table() -> None:
    assert dataclasses.replace(result(), html=None)._repr_html_() is None


def test_a_hidden_value_is_not_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(masking, "_hidden", {"s3cr<t"})
    failed = Failed(table="bad", error=ValueError("no access with s3cr<t"), seconds=1.0)
    shown = dataclasses.replace(result(), outcomes={"bad": failed})
    text = "\n".join(Page(str(shown._repr_html_())).texts)
    assert "no access with ***" in text
    assert "s3cr" not in text
