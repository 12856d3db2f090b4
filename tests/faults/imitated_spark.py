"""Writes commits as delta-spark's HDFSLogStore does on a local disk: look, write a temporary, look, rename over.

Run as: python imitated_spark.py LOG_FOLDER ROUNDS; each line on stdin starts the next version.
"""

from __future__ import annotations

import os
import sys
import uuid


def write(folder: str, version: int) -> bool:
    """Return whether the commit was made, as the log store would tell its caller."""
    target = f"{folder}/{version:020d}.json"
    if os.path.exists(target):
        return False
    temporary = f"{folder}/.{version:020d}.json.{uuid.uuid4()}.tmp"
    with open(temporary, "x") as file:
        file.write('{"commitInfo":{"txnId":"theirs"}}\n')
    if os.path.exists(target):
        os.unlink(temporary)
        return False
    os.rename(temporary, target)
    return True


def main(folder: str, rounds: int) -> None:
    """Take part in each round."""
    for version in range(rounds):
        sys.stdin.readline()
        print("committed" if write(folder, version) else "refused", flush=True)


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
