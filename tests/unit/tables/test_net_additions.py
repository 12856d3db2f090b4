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


@given(st.data())
def test_rows_that_came_are_in_the_files_that_stayed_however_these_were_written_again(
    data: st.DataObject,
) -> None:
    rows = {"h0": {0}, "h1": {1}}
    live, versions, commits = set(HELD), [set(HELD)], []
    for version in range(1, data.draw(st.integers(1, 9))):
        kind = data.draw(st.sampled_from(["add", "take", "rewrite", "rewrite", "restore"]))
        before, actions = set(live), []
        if kind == "add":
            rows[f"f{version}"] = {100 * version}
            live.add(f"f{version}")
        elif kind == "take" and live:
            live.discard(data.draw(st.sampled_from(sorted(live))))
        elif kind == "restore":
            live = set(data.draw(st.sampled_from(versions)))
        elif kind == "rewrite" and live:
            chosen = data.draw(st.sets(st.sampled_from(sorted(live)), min_size=1))
            rows[f"f{version}"] = set().union(*(rows[each] for each in chosen))
            live = live - chosen | {f"f{version}"}
        keeps = kind != "rewrite"
        actions += [went(each, rows=keeps) for each in sorted(before - live)]
        actions += [came(each, rows=keeps) for each in sorted(live - before)]
        versions.append(set(live))
        commits.append((version, actions))
    held, now = (set().union(*(rows[each] for each in files)) for files in (HELD, live))
    found = net_additions(commits)
    if not found.reason:
        assert now >= held
        assert sorted(row for path in found.paths for row in rows[path]) == sorted(now - held)


def test_new_files_that_were_put_together_are_read_as_they_are_now() -> None:
    commits: list[tuple[int, list[Action]]] = [(1, [came("n0")]), (2, [came("n1")])]
    commits.append((3, [went("n0", rows=False), went("n1", rows=False), came("n2", rows=False)]))
    found = net_additions(commits)
    assert (found.paths, found.reason) == (["n2"], "")
    found = net_additions([*commits, (4, [went("n2"), came("n0")])])
    assert (found.paths, found.reason) == (["n0"], "")


def test_a_table_that_is_put_back_to_before_its_files_were_put_together_has_lost_nothing() -> None:
    commits: list[tuple[int, list[Action]]] = [(1, [came("n0")])]
    commits.append((2, [went("h0", rows=False), went("n0", rows=False), came("c", rows=False)]))
    assert (net_additions(commits).paths, net_additions(commits).reason) == (["n0"], "")
    found = net_additions([*commits, (3, [went("c"), came("h0")])])
    assert (found.paths, found.reason) == ([], "")
