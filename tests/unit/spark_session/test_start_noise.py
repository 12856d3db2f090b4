"""One line of the JVM's errors is left out, and everything else arrives, in whatever pieces it comes."""

from __future__ import annotations

import itertools
import subprocess
import sys

from hypothesis import given
from hypothesis import strategies as st

from lakehouse.spark_session.start_noise import LineFilter

LINE = b"WARNING: noise"
CHILD = """
import sys, time
print("WARNING: Using incubator modules: jdk.incubator.vector", file=sys.stderr, flush=True)
print("other", file=sys.stderr, flush=True)
time.sleep(0.3)
print("later", file=sys.stderr, flush=True)
"""
PARENT = """
import subprocess, sys, time
from lakehouse.spark_session.start_noise import without_incubator_line
with without_incubator_line():
    child = subprocess.Popen([sys.executable, "-c", sys.argv[1]])
child.wait()
time.sleep(0.2)
print("ours", file=sys.stderr)
"""


@given(
    st.lists(
        st.sampled_from([LINE, b"WARNING: no", b"", b"other", LINE + b" more", b"x" + LINE]), max_size=6
    ),
    st.lists(st.integers(0, 60), max_size=6),
    st.booleans(),
)
def test_all_lines_but_one_arrive_whatever_the_pieces(
    lines: list[bytes], cuts: list[int], ends: bool
) -> None:
    text = b"\n".join(lines) + (b"\n" if ends and lines else b"")
    expected = b"".join(line for line in text.splitlines(keepends=True) if line.rstrip(b"\n") != LINE)
    bounds = [0, *sorted(min(cut, len(text)) for cut in cuts), len(text)]
    kept = LineFilter(LINE)
    pieces = [kept.feed(text[start:stop]) for start, stop in itertools.pairwise(bounds)]
    assert b"".join([*pieces, kept.end()]) == expected


def test_a_process_that_is_started_meanwhile_writes_all_but_the_line() -> None:
    done = subprocess.run([sys.executable, "-c", PARENT, CHILD], capture_output=True, text=True, check=True)
    assert done.stderr.splitlines() == ["other", "later", "ours"]


def test_a_process_that_has_closed_its_errors_starts_others_too() -> None:
    script = PARENT.replace("with without", "import os; os.close(2)\nwith without").replace(
        "file=sys.stderr", ""
    )
    done = subprocess.run(
        [sys.executable, "-c", script, "print('started')"], capture_output=True, text=True, check=False
    )
    assert (done.returncode, sorted(done.stdout.split())) == (0, ["ours", "started"])
