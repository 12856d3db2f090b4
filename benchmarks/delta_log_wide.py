"""Reading wide tables beside deltalake: one row, and 250 to 2,000 columns.

Asked: at most 2 × the time of deltalake at every width, so that it doesn't grow with the square of the columns.
"""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

import deltalake
import pyarrow as pa
from delta_log_made_logs import median_ms, print_heading, print_ratio

from lakehouse.delta_log import Snapshot, TransactionManager

ROUNDS = int(os.environ.get("ROUNDS", "7"))
AT_MOST = 0.5
"""The ratio of deltalake's time to ours."""


def main() -> None:
    manager = TransactionManager()
    with tempfile.TemporaryDirectory() as folder:
        print_heading()
        for width in (250, 500, 1000, 2000):
            path = Path(folder, str(width))
            with manager.transaction(path) as transaction:
                transaction.append(pa.table({f"c{number}": [number] for number in range(width)}))
            print_ratio(
                f"read, {width} columns",
                median_ms(lambda path=path: deltalake.DeltaTable(path).to_pyarrow_table(), ROUNDS),
                median_ms(lambda path=path: Snapshot.load(path).to_arrow(), ROUNDS),
                AT_MOST,
            )


if __name__ == "__main__":
    main()
