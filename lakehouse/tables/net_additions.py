"""Which files hold the rows that came to a table between two of its versions, and whether rows of before went."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from lakehouse.delta_log import Action, AddFile, RemoveFile

__all__ = ["NetAdditions", "net_additions"]


@dataclass(frozen=True, slots=True, kw_only=True)
class NetAdditions:
    """What came, less what went again in between."""

    paths: Sequence[str]
    """The files that came and stayed, in order, as the log names them."""
    came_and_went: bool
    """Whether some files came and went."""
    reason: str = ""
    """Why rows that were there before are not there as they were; empty where they are."""


def net_additions(commits: Iterable[tuple[int, Sequence[Action]]]) -> NetAdditions:
    """Return what commits, each with its version, did to the files of a table. Files only rewritten don't count.

    A table that is put back to an older version takes files away that came after that version: whoever read it
    before they came has missed nothing.
    """
    came: dict[tuple[str, str], None] = {}
    gone: dict[tuple[str, str], int] = {}
    came_and_went = False
    for version, actions in commits:
        changes = [each for each in actions if isinstance(each, AddFile | RemoveFile) and each.data_change]
        for each in changes:
            if isinstance(each, RemoveFile):
                if _id(each) in came:
                    del came[_id(each)]
                    came_and_went = True
                else:
                    gone[_id(each)] = version
        for each in changes:
            if isinstance(each, AddFile) and gone.pop(_id(each), None) is None:
                came[_id(each)] = None
    reason = ""
    if gone:
        version = min(gone.values())
        count = sum(each == version for each in gone.values())
        reason = f"version {version} took {count} data files away"
    return NetAdditions(paths=[path for path, _ in came], came_and_went=came_and_went, reason=reason)


def _id(file: AddFile | RemoveFile) -> tuple[str, str]:
    """Return what names a logical file (Delta PROTOCOL, "Reconciliation of Actions")."""
    vector = file.deletion_vector
    return file.path, "" if vector is None else vector.unique_id
