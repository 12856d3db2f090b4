"""Dagster assets, one for each table of a pipeline. One run refreshes all that are chosen, side by side.

``lakehouse_project.py`` says what is run. In this folder: ``dagster dev -f dagster_assets.py``.
"""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

import dagster as dg
from lakehouse_project import PIPELINE, PROJECT, tables


def command(pipeline: str, tables: Sequence[str], run_id: str) -> list[str]:
    """Return what refreshes these tables, and tells each event on a line of its own."""
    chosen = [part for table in tables for part in ("--select", table)]
    return ["lakehouse", "run", pipeline, *chosen, "--run-id", run_id, "--json"]


def finished(lines: Iterable[str]) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Yield each table that is up to date, when it is, with what a person wants to know of it."""
    for line in lines:
        event = json.loads(line)
        if event["event"] != "table_finished" or event["status"] not in ("done", "nothing new"):
            continue
        batches = event.get("batches", [])
        known = {name: sum(each[name] for each in batches) for name in ("written", "dropped", "quarantined")}
        yield event["table"], known | ({"version": batches[-1]["version"]} if batches else {})


SPECS = [
    dg.AssetSpec(
        table["table"], deps=table["inputs"], group_name=table["layer"], description=table["comment"]
    )
    for table in tables()
]


@dg.multi_asset(specs=SPECS, can_subset=True, name=PIPELINE.replace("-", "_"))
def refreshed(context: dg.AssetExecutionContext) -> Iterator[dg.MaterializeResult]:
    """Refresh the tables that are chosen; one that fails, and those behind it, are not materialized."""
    chosen = sorted(key.to_user_string() for key in context.selected_asset_keys)
    asked = command(PIPELINE, chosen, context.run_id)
    with subprocess.Popen(asked, cwd=PROJECT, stdout=subprocess.PIPE, text=True) as run:  # noqa: S603
        for table, metadata in finished(run.stdout or ()):
            yield dg.MaterializeResult(asset_key=table, metadata=metadata)
    if run.returncode:
        raise dg.Failure(f"lakehouse run ended with {run.returncode}: lakehouse history says why")


defs = dg.Definitions(assets=[refreshed])
