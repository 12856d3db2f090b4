"""``lakehouse docs NAME``: the tables of a definition, their columns, rules and owners, as one page of HTML."""

from __future__ import annotations

from pathlib import Path

import click

from lakehouse.cli.known_lineage import known_lineage
from lakehouse.cli.pipeline_options import PipelineRequest, pipeline_options
from lakehouse.cli.report import page_options, shown
from lakehouse.cli.report_file import write_docs

__all__ = ["command"]


@page_options("docs.html")
@pipeline_options
def _docs(request: PipelineRequest, *, path: Path, is_opened: bool) -> int:
    """Write what pipeline NAME declares, as one page that needs nothing else.

    A session is started only where the definition changed since somebody last asked for its lineage.
    """
    write_docs(request, path, known_lineage(request))
    return shown(request, path, is_opened=is_opened)


command = click.command("docs")(_docs)
