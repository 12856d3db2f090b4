"""Takes files into a table, batch by batch, in processes that are killed at any moment; the last one is left alone.

Run as: python killed_tracking.py HOME KILLS. Prints how many processes were killed in the middle of their work.
"""

from __future__ import annotations

import itertools
import os
import random
import signal
import sys
import time
from pathlib import Path

import pyarrow as pa

from lakehouse.delta_log import TransactionManager
from lakehouse.ingestion import FileInputs, seen_files
from lakehouse.pipelines import (
    Batch,
    DeclarativePipelineBuilder,
    Finish,
    PipelineFactory,
    RefreshContext,
    TablePipeline,
    Take,
    Warehouse,
    from_files,
)
from lakehouse.pipelines.refresh import taken_batches

AT_ONCE = 3


def main(home: Path, kills: int) -> None:
    """Kill so many processes, each a moment after it has begun, and let the last one finish."""
    taken_batches._MANY_BATCHES = 1  # a history is condensed after each second batch
    seen_files._GROUP_ROWS = 4
    (home / "landing").mkdir()
    chance, killed = random.Random(11), 0
    for number in range(kills + 1):
        child = os.fork()
        if child == 0:
            work(home, rounds=5 if number == kills else None)
            os._exit(0)
        if number < kills:
            time.sleep(chance.uniform(0.02, 0.3))
            os.kill(child, signal.SIGKILL)
        killed += os.WIFSIGNALED(os.waitpid(child, 0)[1])
    print(killed)


def work(home: Path, rounds: int | None) -> None:
    """Let files land and take them: for so many rounds, or for ever."""
    for _ in itertools.count() if rounds is None else range(rounds):
        for _ in range(AT_ONCE):
            land(home / "landing")
        refresh(pipeline(home))


def land(folder: Path) -> None:
    number = len(list(folder.glob("*.csv")))
    part = folder / f".{number}"
    part.write_text("id\n1\n")
    os.utime(part, (1e9, 1e9))
    part.rename(folder / f"{number:05}.csv")


def pipeline(home: Path) -> TablePipeline:
    source = from_files(f"{home}/landing/*.csv", columns=("id",))
    (table,) = DeclarativePipelineBuilder("shop").bronze("raw", source).build().tables
    context = RefreshContext(
        pipeline="shop",
        open_session=lambda: sys.exit("no session is needed"),
        warehouse=Warehouse.at(home / "lake"),
        tables={"raw": table},
    )
    return PipelineFactory(context).create("bronze", table)


def refresh(table: TablePipeline) -> None:
    """Finish what another process left, and take what is new."""
    decision = table.decide()
    if isinstance(decision, Finish):
        publish(table, decision.batch)
        decision = table.decide()
    if isinstance(decision, Take) and (batch := decision.settle()) is not None:
        publish(table, table.batches.decide(batch))


def publish(table: TablePipeline, batch: Batch) -> None:
    """Commit a row for each file, and keep the history condensed."""
    with TransactionManager(spark_writers=False).transaction(table.log.path) as transaction:
        transaction.append(pa.table({"path": list(FileInputs.of(batch.inputs).accepted())}))
        transaction.set_transaction(batch.flow, batch.number)
    table.taken(batch.number).condense(table.table.flow.source)


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]))
