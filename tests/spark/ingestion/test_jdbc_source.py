"""A table of a real PostgreSQL as a source: see jdbc_checks.py."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests.spark.ingestion.postgres_server import binaries

CHECKS = Path(__file__).with_name("jdbc_checks.py")


@pytest.mark.spark
@pytest.mark.slow
@pytest.mark.skipif(binaries() is None, reason="PostgreSQL is not installed: apt-get install postgresql")
def test_rows_of_postgresql_are_exact_come_once_and_carry_no_credential() -> None:
    command = [sys.executable, "-m", "pytest", "-q", str(CHECKS), "-p", "no:cacheprovider"]
    done = subprocess.run(command, capture_output=True, text=True, cwd=CHECKS.parents[3], timeout=280)
    assert done.returncode == 0, done.stdout[-8000:]
    assert done.stdout.startswith(".... "), "all four checks have run"
