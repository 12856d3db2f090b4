"""Opening a table beside deltalake: a long log, a checkpoint, and a checkpoint whose files are listed.

Asked: 3 × faster on 10,000 commits without a checkpoint, 1.5 × on a checkpoint of 10,000 files, 1.5 × to open and
list 100,000 files of a checkpoint. The checkpoints are deltalake's own.
"""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

import deltalake
from delta_log_made_logs import make_log, median_ms, print_heading, print_ratio

from lakehouse.delta_log import Snapshot

ROUNDS = int(os.environ.get("ROUNDS", "7"))
COMMITS = int(os.environ.get("COMMITS", "10000"))


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        long_log = make_log(Path(folder, "long"), commits=COMMITS)
        print_heading()
        print_ratio(
            f"open, {COMMITS} commits, no checkpoint",
            median_ms(lambda: deltalake.DeltaTable(long_log), max(3, ROUNDS // 3)),
            median_ms(lambda: Snapshot.load(long_log), max(3, ROUNDS // 3)),
            3,
        )
        deltalake.DeltaTable(long_log).create_checkpoint()
        print_ratio(
            f"open, checkpoint of {COMMITS} files",
            median_ms(lambda: deltalake.DeltaTable(long_log), ROUNDS),
            median_ms(lambda: Snapshot.load(long_log), ROUNDS),
            1.5,
        )
        print_ratio(
            f"open and list, checkpoint of {COMMITS} files",
            median_ms(lambda: deltalake.DeltaTable(long_log).file_uris(), ROUNDS),
            median_ms(lambda: paths_of(long_log), ROUNDS),
            1.5,
        )
        wide = make_log(Path(folder, "wide"), commits=100, files_each=COMMITS // 10)
        deltalake.DeltaTable(wide).create_checkpoint()
        print_ratio(
            f"open and list, checkpoint of {COMMITS * 10} files",
            median_ms(lambda: deltalake.DeltaTable(wide).file_uris(), ROUNDS),
            median_ms(lambda: paths_of(wide), ROUNDS),
            1.5,
        )


def paths_of(table: Path) -> list[str]:
    """Return the paths as Python strings, as deltalake does; all other columns are read too."""
    return Snapshot.load(table).files().column("path").to_pylist()


if __name__ == "__main__":
    main()
