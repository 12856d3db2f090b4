"""What an orchestrator runs: LAKEHOUSE_PROJECT is the folder of a project, LAKEHOUSE_PIPELINE its pipeline."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Mapping, Sequence
from typing import Any

PROJECT = os.environ.get("LAKEHOUSE_PROJECT", ".")
PIPELINE = os.environ.get("LAKEHOUSE_PIPELINE", "shop")


def tables() -> Sequence[Mapping[str, Any]]:
    """Return the tables with their inputs, each after all that it reads. It takes no session and reads no data."""
    asked = ["lakehouse", "graph", PIPELINE, "--json"]
    answer = subprocess.run(asked, cwd=PROJECT, capture_output=True, text=True, check=True)  # noqa: S603
    found: Sequence[Mapping[str, Any]] = json.loads(answer.stdout)["tables"]
    return found
