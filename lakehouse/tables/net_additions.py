"""Which files hold the rows that came to a table between two of its versions, and whether rows of before went."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from lakehouse.delta_log import Action, AddFile, RemoveFile

__all__ = ["NetAdditions", "net_additions"]

_Id = tuple[str, str]
"""A path, and the deletion vector of its file."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NetAdditions:
    """What came, less what went again in between."""

    paths: Sequence[str]
    """The files that came and stayed, in order, as the log names them."""
    came_and_went: bool
    """Whether some files came and went."""
    have_vectors: bool = False
    """Whether rows of one of ``paths`` are deleted by a vector."""
    reason: str = ""
    """Why rows that were there before are not there as they were; empty where they are."""


def net_additions(commits: Iterable[tuple[int, Sequence[Action]]]) -> NetAdditions:
    """Return what commits, each with its version, did to the files of a table.

    A file that is only written again brings no rows, and stands for those that it was made of. A table that is put
    back to an older version takes files away that came after that version: whoever read it before they came has
    missed nothing.
    """
    came: dict[_Id, None] = {}
    gone: dict[_Id, int] = {}
    made_of: dict[_Id, frozenset[_Id]] = {}
    came_and_went = False
    for version, actions in commits:
        files = [each for each in actions if isinstance(each, AddFile | RemoveFile)]
        changes = [each for each in files if each.data_change]
        if not changes:
            _note_rewritten(files, came, made_of)
        went = [each for file in changes if isinstance(file, RemoveFile) for each in _ids(file, made_of)]
        for each in went:
            if each in came:
                del came[each]
                came_and_went = True
            else:
                gone[each] = version
        for each in (each for file in changes if isinstance(file, AddFile) for each in _ids(file, made_of)):
            if gone.pop(each, None) is None:
                came[each] = None
    reason = ""
    if gone:
        version = min(gone.values())
        count = sum(each == version for each in gone.values())
        reason = f"version {version} took {count} data files away"
    return NetAdditions(
        paths=[path for path, _ in came],
        came_and_went=came_and_went,
        have_vectors=any(vector for _, vector in came),
        reason=reason,
    )


def _note_rewritten(
    files: Sequence[AddFile | RemoveFile], came: dict[_Id, None], made_of: dict[_Id, frozenset[_Id]]
) -> None:
    """Put files that were made of new ones alone in their place; of another file, note what it was made of."""
    removed = [each for each in files if isinstance(each, RemoveFile)]
    added = [_id(each) for each in files if isinstance(each, AddFile)]
    before = frozenset(each for file in removed for each in _ids(file, made_of))
    if not before or not added:
        return
    if came.keys() >= before:
        for each in before:
            del came[each]
        came.update(dict.fromkeys(added))
    elif len(added) == 1:
        made_of[added[0]] = before


def _ids(file: AddFile | RemoveFile, made_of: Mapping[_Id, frozenset[_Id]]) -> Iterable[_Id]:
    """Return the files that this one stands for, itself in general."""
    return made_of.get(_id(file), (_id(file),))


def _id(file: AddFile | RemoveFile) -> _Id:
    """Return what names a logical file (Delta PROTOCOL, "Reconciliation of Actions")."""
    vector = file.deletion_vector
    return file.path, "" if vector is None else vector.unique_id
