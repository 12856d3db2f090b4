"""The page: one file with all that it needs in it. A browser that opens it asks nobody for anything.

Its style and its script are known by their hashes; anything else that looks like code is not run.
"""

from __future__ import annotations

import base64
import hashlib
from functools import cache
from importlib import resources

from lakehouse.pipelines.report.graph_svg import graph_svg
from lakehouse.pipelines.report.history_section import history_section
from lakehouse.pipelines.report.markup import Html, element
from lakehouse.pipelines.report.model import Report
from lakehouse.pipelines.report.phrases import moment
from lakehouse.pipelines.report.summary import summary_section
from lakehouse.pipelines.report.table_section import table_section
from lakehouse.pipelines.report.verdict import verdict_of, verdict_section
from lakehouse.version import __version__

__all__ = ["report_page"]


def report_page(report: Report) -> str:
    """Return the report as one HTML document."""
    return f"<!doctype html>{element('html', _head(report), _body(report), lang='en')}\n"


def _head(report: Report) -> Html:
    style, script = _file("page.css"), _file("page.js")
    policy = (
        f"default-src 'none'; style-src {_hash(style)}; script-src {_hash(script)}; "
        "base-uri 'none'; form-action 'none'"
    )
    title = f"{report.pipeline}: {verdict_of(report).sentence}" if report.shows_runs else report.pipeline
    return element(
        "head",
        element("meta", charset="utf-8"),
        element("meta", http_equiv="Content-Security-Policy", content=policy),
        element("meta", name="viewport", content="width=device-width,initial-scale=1"),
        element("meta", name="color-scheme", content="light dark"),
        element("title", title),
        element("style", Html(style)),
        element("script", Html(script)),
    )


def _body(report: Report) -> Html:
    made = ["made ", moment(report.made_at), f" UTC by lakehouse {__version__} from {report.warehouse}"]
    return element(
        "body",
        element(
            "main",
            element("header", element("h1", report.pipeline), element("p", *made)),
            verdict_section(report) if report.shows_runs else None,
            _graph_section(report),
            summary_section(report),
            history_section(report),
            element(
                "section",
                element("h2", "Each table"),
                *(table_section(table, report) for table in report.tables),
                id="each",
            ),
        ),
    )


def _graph_section(report: Report) -> Html:
    drawing = element(
        "div", graph_svg(report.tables, with_states=report.shows_runs), class_="wide", id="drawing"
    )
    hint = element("p", "To see where columns come from, type: ", element("code", "lakehouse lineage NAME"))
    return element("section", element("h2", "Graph"), drawing, None if report.has_lineage else hint)


@cache
def _file(name: str) -> str:
    return resources.files("lakehouse.pipelines.report").joinpath(name).read_text("utf-8").strip()


@cache
def _hash(content: str) -> str:
    digest = hashlib.sha256(content.encode()).digest()
    return f"'sha256-{base64.b64encode(digest).decode()}'"
