"""A stream that begins in a process of its own, as after a restart: how soon does it take what waits?"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from stream.arriving_files import drop, landing_with
from stream.memory import resident_mib
from stream.watching import Watch

__all__ = ["restarted"]

ROOT = Path(__file__).parents[2]
MORE_FILES = 10


def restarted(job: Path, folder: Path, files: Sequence[Path]) -> None:
    """Print how long after its start a stream's rows are visible, and what memory it holds after some files."""
    home = folder / "restart"
    landing, lake = landing_with(home / "landing", files[:1]), home / "lake"
    with Watch(lake / "silver/sales").running() as watch:
        _process(job, landing, lake, watch, files[1:2], versions=1)
        drop(files[2], landing)
        started = time.time()
        seen, memory = _process(job, landing, lake, watch, files[3 : 3 + MORE_FILES], versions=3)
    print(f"restart: rows that waited are visible {seen - started:.2f} s after the start of the process")
    held = ", ".join(f"{program} {mib:.0f} MiB" for program, mib in sorted(memory.items()))
    print(f"memory of a stream's processes after {MORE_FILES} more files: {held}")


def _process(
    job: Path, landing: Path, lake: Path, watch: Watch, files: Sequence[Path], *, versions: int
) -> tuple[float, dict[str, float]]:
    arguments = ["--mode", "continuous", "--trigger", "1 second"]
    arguments += ["--warehouse", str(lake), "--set", f"landing={landing}"]
    stream = subprocess.Popen(
        [sys.executable, str(job), *arguments],
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        stdout=subprocess.DEVNULL,
        start_new_session=True,
    )
    watch.wait_for(versions)
    seen = time.time()
    for number, file in enumerate(files, start=1):
        drop(file, landing)
        watch.wait_for(versions + number)
    memory = dict(resident_mib(stream.pid))
    stream.send_signal(signal.SIGTERM)
    stream.wait()
    return seen, memory
