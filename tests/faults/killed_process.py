"""Start a run in a process of its own, and have it killed after a step, for real."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

__all__ = ["kill_a_run", "killed"]

_HERE = Path(__file__).parent


def kill_a_run(
    landing: Path,
    warehouse: Path,
    case: tuple[str, str, str],
    *,
    options: Mapping[str, Any] | None = None,
    environment: Mapping[str, str] | None = None,
) -> None:
    """Run until the case's table is at the case's step, and let it be killed in the case's way.

    ``options`` are those of ``run_pipeline``, and ``job`` or ``definition``, the file of another pipeline.
    """
    arguments = [str(landing), str(warehouse), *case, json.dumps(options or {})]
    killed("killed_run.py", *arguments, environment=environment)


def killed(script: str, *arguments: str, environment: Mapping[str, str] | None = None) -> None:
    """Run a script of this folder that kills its own process, alone or with all of its group."""
    done = subprocess.run(
        [sys.executable, str(_HERE / script), *arguments],
        env={**os.environ, "PYTHONPATH": str(_HERE.parents[1]), **(environment or {})},
        start_new_session=True,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        timeout=280,
        check=False,
    )
    assert done.returncode == -signal.SIGKILL
