"""A DAG of Airflow with a task for each table of a pipeline, in the order of the pipeline's own graph.

Put this file into the folder of DAGs. LAKEHOUSE_PROJECT is the folder of the project, LAKEHOUSE_PIPELINE its pipeline.
"""

from __future__ import annotations

import json
import os
import shlex
import subprocess
from collections.abc import Mapping, Sequence
from typing import Any

from airflow import DAG
from airflow.providers.standard.operators.bash import BashOperator

PROJECT = os.environ.get("LAKEHOUSE_PROJECT", ".")
PIPELINE = os.environ.get("LAKEHOUSE_PIPELINE", "shop")


def graph(project: str, pipeline: str) -> Sequence[Mapping[str, Any]]:
    """Return the tables with their inputs, each after all that it reads. It takes no session and reads no data."""
    asked = ["lakehouse", "graph", pipeline, "--json"]
    answer = subprocess.run(asked, cwd=project, capture_output=True, text=True, check=True)  # noqa: S603
    tables: Sequence[Mapping[str, Any]] = json.loads(answer.stdout)["tables"]
    return tables


def command(pipeline: str, table: str) -> str:
    """Return what refreshes one table: it fails the task where the table fails, and may be repeated at any time."""
    refresh = ["lakehouse", "run", pipeline, "--select", table, "--json", "--run-id"]
    return f"{shlex.join(refresh)} {{{{ run_id | replace('+', '_') }}}}-{shlex.quote(table)}"


# One run of a pipeline works in a warehouse at a time; tables side by side are what a run without --select gives.
with DAG(PIPELINE, schedule="@daily", catchup=False, max_active_runs=1, max_active_tasks=1) as dag:
    tables = graph(PROJECT, PIPELINE)
    tasks = {
        table["table"]: BashOperator(
            task_id=table["table"],
            bash_command=command(PIPELINE, table["table"]),
            cwd=PROJECT,
            append_env=True,
        )
        for table in tables
    }
    for table in tables:
        for read in table["inputs"]:
            tasks[read] >> tasks[table["table"]]
