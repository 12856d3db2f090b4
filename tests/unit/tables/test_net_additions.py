"""Which rows came to a table between two versions, where files also went: by what the table holds at both."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from lakehouse.delta_log import Action, AddFile, RemoveFile
from lakehouse.tables.net_additions import net_additions


def came(path: str, *, rows: bool = True) -> AddFile:
    return AddFile(path=path, partition_values={}, size_bytes=1, modified_ms=0, data_change=rows)


def went(path: str, *, rows: bool = True) -> RemoveFile:
    return RemoveFile(path=path, data_change=rows)


HELD = frozenset({"h0", "h1"})
STEPS = st.lists(st.tuples(st.booleans(), st.sampled_from(["h0", "h1", "n0", "n1", "n2"])), max_size=12)


@given(STEPS)
def test_what_came_is_what_the_table_holds_now_and_did_not_before(steps: list[tuple[bool, str]]) -> None:
    live, commits = set(HELD), []
    for version, (adds, path) in enumerate(steps, start=1):
        if adds != (path in live):
            commits.append((version, [came(path) if adds else went(path)]))
            (live.add if adds else live.discard)(path)
    found = net_additions(commits)
    assert (found.reason == "") == (live >= HELD)
    assert set(found.paths) == live - HELD


def test_the_first_version_that_took_rows_away_is_named() -> None:
    commits: list[tuple[int, list[Action]]] = [(4, [came("n0")]), (5, [went("h0"), went("h1"), came("n1")])]
    assert net_additions(commits).reason == "version 5 took 2 data files away"


def test_files_that_are_only_written_again_do_not_count() -> None:
    found = net_additions([(1, [went("h0", rows=False), came("n0", rows=False)])])
    assert (found.paths, found.came_and_went, found.reason) == ([], False, "")
