"""Keep a commit that delta-spark, too, is about to write.

Delta-spark on a local disk checks that version N is free, and then renames its temporary over it: a commit
that came in between is replaced. But it makes the temporary before its last check. So whoever has made
version N visible, and then finds no such temporary, can't be replaced any more.
"""

from __future__ import annotations

import os
import time
from pathlib import Path

from lakehouse.delta_log.commit_protocols.foreign_temporaries import ForeignTemporaries, ScannedTemporaries
from lakehouse.delta_log.commit_protocols.inotify import NotifiedTemporaries, sees_all_changes

__all__ = ["SparkGuard", "foreign_temporaries"]

_POLL_SECONDS = 0.0005


class SparkGuard:
    """Waits until no commit of delta-spark can replace one that is visible.

    A JVM that stalls longer than ``patience_seconds`` is fenced: its temporary is removed, so that its rename
    fails when it wakes up, and its writer gets an error instead of replacing a commit.
    """

    def __init__(
        self, folder: Path, *, temporaries: ForeignTemporaries | None = None, patience_seconds: float = 10.0
    ) -> None:
        self._folder = folder
        self._temporaries = temporaries
        self._patience_seconds = patience_seconds

    def settle(self, version: int) -> None:
        """Return when the commits that are visible from ``version`` on will stay.

        They may have been replaced until then: the caller looks whether they are still the same files.
        """
        if self._temporaries is None:  # not before the folder is there
            self._temporaries = foreign_temporaries(self._folder)
        give_up = time.monotonic() + self._patience_seconds
        try:
            names = self._temporaries.seen(version)
        except OSError:  # the folder is another one, and watches are out by now
            self._temporaries = ScannedTemporaries(self._folder)
            names = self._temporaries.seen(version)
        for name in names:
            self._outwait(self._folder / name, give_up)

    def _outwait(self, temporary: Path, give_up: float) -> None:
        while os.path.lexists(temporary):
            if time.monotonic() >= give_up:
                temporary.unlink(missing_ok=True)
                return
            time.sleep(_POLL_SECONDS)


def foreign_temporaries(folder: Path) -> ForeignTemporaries:
    """Return the quickest sound way to know the temporaries of ``folder``."""
    if sees_all_changes(folder):
        try:
            return NotifiedTemporaries(folder)
        except OSError:  # out of watches: the limit is one per user, over all programs
            pass
    return ScannedTemporaries(folder)
