"""Starts the program that builds an archive, beside everything else on the machine."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

__all__ = ["NEEDED_BYTES", "PROGRAM", "WITHOUT_DELTA", "build_in_background"]

PROGRAM = "lakehouse.spark_session.class_data_build"
WITHOUT_DELTA = "--without-delta"
"""Its option for an archive of sessions that have none of Delta's jars."""
NEEDED_BYTES = 2**30
"""Free on the disk: the archive takes 200 MB, the tables of the trial little."""

_OF_THE_PARENT = ("PYSPARK_GATEWAY_PORT", "PYSPARK_GATEWAY_SECRET", "PYSPARK_SUBMIT_ARGS", "SPARK_REMOTE")
_started: list[subprocess.Popen[bytes]] = []
"""Kept so that Python does not warn of a program that outlives us: it is meant to."""


def build_in_background(folder: Path, *, jars_folder: Path, has_delta: bool = True) -> bool:
    """Start the program that builds the archive; say whether it was started. Raises nothing.

    It finds out itself whether there is work, so that two that are started at once do no harm.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        if not os.access(folder, os.W_OK) or shutil.disk_usage(folder).free < NEEDED_BYTES:
            return False
        options = () if has_delta else (WITHOUT_DELTA,)
        _started.append(_program(folder, jars_folder, options))
    except OSError:
        return False
    return True


def _program(folder: Path, jars_folder: Path, options: Sequence[str]) -> subprocess.Popen[bytes]:
    environment = {name: value for name, value in os.environ.items() if name not in _OF_THE_PARENT}
    environment["PYTHONPATH"] = os.pathsep.join(path for path in sys.path if path)
    return subprocess.Popen(  # noqa: S603 - our own module, in this interpreter
        [sys.executable, "-m", PROGRAM, str(jars_folder.absolute()), *options],
        cwd=folder,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
