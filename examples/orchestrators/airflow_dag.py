"""A DAG of Airflow with a task for each table of a pipeline, in the order of the pipeline's own graph.

Put this file and ``lakehouse_project.py``, which says what is run, into the folder of DAGs.
"""

from __future__ import annotations

import shlex

from airflow import DAG
from airflow.providers.standard.operators.bash import BashOperator
from lakehouse_project import PIPELINE, PROJECT, tables


def command(pipeline: str, table: str) -> str:
    """Return what refreshes one table: it fails the task where the table fails, and may be repeated at any time."""
    refresh = ["lakehouse", "run", pipeline, "--select", table, "--json", "--run-id"]
    return f"{shlex.join(refresh)} {{{{ run_id | replace('+', '_') }}}}-{shlex.quote(table)}"


# One run of a pipeline works in a warehouse at a time; tables side by side are what a run without --select gives.
with DAG(PIPELINE, schedule="@daily", catchup=False, max_active_runs=1, max_active_tasks=1) as dag:
    declared = tables()
    tasks = {
        table["table"]: BashOperator(
            task_id=table["table"],
            bash_command=command(PIPELINE, table["table"]),
            cwd=PROJECT,
            append_env=True,
        )
        for table in declared
    }
    for table in declared:
        for read in table["inputs"]:
            tasks[read] >> tasks[table["table"]]
