"""The memory that a table of 1,000,000 files takes to be opened and listed. Asked: at most 500 MB, all told."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from pathlib import Path

from delta_log_made_logs import make_log

from lakehouse.delta_log import Snapshot
from lakehouse.delta_log.checkpoint import write_checkpoint
from lakehouse.storage import LocalStorageService

FILES = int(os.environ.get("FILES", "1000000"))
ASKED_MB = 500

OPEN = """
from lakehouse.delta_log import Snapshot
files = Snapshot.load({table!r}).files({columns})
print(files.num_rows, files.nbytes // 2**20)
print(next(line for line in open("/proc/self/status") if line.startswith("VmHWM")).split()[1])
"""


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        table = make_log(Path(folder), commits=FILES // 10_000, files_each=10_000)
        write_checkpoint(LocalStorageService(table), Snapshot.load(table))
        code = OPEN.format(table=str(table), columns="")
        done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    (rows, megabytes), (peak_kb,) = (line.split() for line in done.stdout.splitlines())
    peak_mb = int(peak_kb) / 1024
    verdict = "reached" if peak_mb <= ASKED_MB else "NOT REACHED"
    print(f"{rows} files, {megabytes} MB as an Arrow table, statistics included")
    print(f"peak of the whole process: {peak_mb:.0f} MB; asked {ASKED_MB} MB: {verdict}")


if __name__ == "__main__":
    main()
