"""What a set of changes makes of a table, in plain Python: the oracle of the tests of change data."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any

__all__ = ["Change", "conflicting", "current_rows", "history_rows"]

Values = tuple[Any, ...]


@dataclass(frozen=True, slots=True)
class Change:
    """What a key is from a sequence on; ``values`` None where it is deleted."""

    key: Any
    sequence: Any
    values: Values | None


def conflicting(changes: Iterable[Change]) -> set[Change]:
    """Return the changes of one key and sequence that differ."""
    moments = defaultdict(set)
    for change in changes:
        moments[change.key, change.sequence].add(change)
    return {change for alike in moments.values() if len(alike) > 1 for change in alike}


def _in_order(changes: Iterable[Change], *, ignore_nulls: bool, truncated_at: Any) -> list[list[Change]]:
    there = set(changes)
    there -= conflicting(there)
    valid = [each for each in there if truncated_at is None or each.sequence >= truncated_at]
    valid.sort(key=lambda each: (each.key, each.sequence))
    by_key = [list(each) for _, each in groupby(valid, key=lambda each: each.key)]
    return [_filled(each) for each in by_key] if ignore_nulls else by_key


def _filled(changes: Sequence[Change]) -> list[Change]:
    found: list[Change] = []
    for change in changes:
        before = found[-1].values if found else None
        values = change.values
        if values is not None and before is not None:
            values = tuple(old if new is None else new for new, old in zip(values, before, strict=True))
        found.append(Change(change.key, change.sequence, values))
    return found


def current_rows(
    changes: Iterable[Change], *, ignore_nulls: bool = False, truncated_at: Any = None
) -> set[Any]:
    """Return (key, sequence, values) of each key as it is now."""
    newest = [each[-1] for each in _in_order(changes, ignore_nulls=ignore_nulls, truncated_at=truncated_at)]
    return {(each.key, each.sequence, each.values) for each in newest if each.values is not None}


def history_rows(
    changes: Iterable[Change], *, ignore_nulls: bool = False, tracked: Sequence[int] | None = None
) -> set[Any]:
    """Return (key, start, end, values); ``tracked``: the values that make a new interval, by position."""
    rows = set()
    for each in _in_order(changes, ignore_nulls=ignore_nulls, truncated_at=None):
        runs = [list(run) for _, run in groupby(each, key=lambda change: _tracked(change, tracked))]
        for run, following in zip(runs, [*runs[1:], None], strict=True):
            if run[0].values is not None:
                end = following[0].sequence if following else None
                rows.add((run[0].key, run[0].sequence, end, run[-1].values))
    return rows


def _tracked(change: Change, tracked: Sequence[int] | None) -> Any:
    if change.values is None or tracked is None:
        return change.values
    return tuple(change.values[position] for position in tracked)
