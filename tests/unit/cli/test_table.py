"""``lakehouse table``: what it prints, how it ends, and what it leaves alone."""

from __future__ import annotations

import json
import math
import os
import subprocess
import sys
from datetime import datetime
from decimal import Decimal
from pathlib import Path

import deltalake
import pyarrow as pa
import pytest

from lakehouse.cli import main


@pytest.fixture
def table(tmp_path: Path) -> str:
    """Return a partitioned table of two versions."""
    path = tmp_path / "t"
    price = pa.array([Decimal("1.50"), None], pa.decimal128(10, 2))
    data = pa.table({"x": [1, 2], "p": ["a", "b"], "price": price, "raw": [b"\0\1", None]})
    deltalake.write_deltalake(path, data, partition_by=["p"])
    deltalake.write_deltalake(path, data.slice(0, 1), mode="append")
    return str(path)


def printed(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    assert main(["table", *arguments]) == 0
    return capsys.readouterr().out


def json_lines(capsys: pytest.CaptureFixture[str], *arguments: str) -> list[dict]:
    return [json.loads(line) for line in printed(capsys, *arguments, "--json").splitlines()]


def test_history_is_newest_first(table: str, capsys: pytest.CaptureFixture[str]) -> None:
    entries = json_lines(capsys, "history", table)
    assert [(entry["version"], entry["operation"]) for entry in entries] == [(1, "WRITE"), (0, "WRITE")]
    assert "WRITE" in printed(capsys, "history", table, "--limit", "1")


def test_files_tell_size_and_rows(table: str, capsys: pytest.CaptureFixture[str]) -> None:
    files = json_lines(capsys, "files", table)
    assert sorted(file["partitionValues"]["p"] for file in files) == ["a", "a", "b"]
    assert all((Path(table) / file["path"]).stat().st_size == file["size"] for file in files)
    assert len(printed(capsys, "files", table, "--version", "0").splitlines()) == 3


def test_schema_shows_columns_and_properties(table: str, capsys: pytest.CaptureFixture[str]) -> None:
    [shown] = json_lines(capsys, "schema", table)
    assert [field["name"] for field in shown["schema"]["fields"]] == ["x", "p", "price", "raw"]
    assert (shown["version"], shown["partitionColumns"]) == (1, ["p"])
    assert "decimal128(10, 2)" in printed(capsys, "schema", table)


def test_cat_prints_one_row_a_line(table: str, capsys: pytest.CaptureFixture[str]) -> None:
    rows = sorted(json_lines(capsys, "cat", table, "--version", "0"), key=lambda row: row["x"])
    assert rows == [
        {"x": 1, "p": "a", "price": "1.50", "raw": "AAE="},
        {"x": 2, "p": "b", "price": None, "raw": None},
    ]
    assert printed(capsys, "cat", table, "--columns", "x", "--limit", "0") == "x\n"
    assert len(printed(capsys, "cat", table, "--limit", "2").splitlines()) == 3


def test_diff_tells_what_came_and_went(table: str, capsys: pytest.CaptureFixture[str]) -> None:
    deltalake.DeltaTable(table).alter.set_table_properties({"delta.appendOnly": "true"})
    [found] = json_lines(capsys, "diff", table, "--from", "0")
    assert (found["from"], found["to"], len(found["added"]), found["removed"]) == (0, 2, 1, [])
    assert found["added"][0]["rows"] == 1
    assert found["settings"]["property delta.appendOnly"] == {"old": None, "new": "true"}
    assert "~ property delta.appendOnly: none → true" in printed(capsys, "diff", table)


def test_checkpoint_writes_a_checkpoint(table: str, capsys: pytest.CaptureFixture[str]) -> None:
    [written] = json_lines(capsys, "checkpoint", table)
    assert (Path(table) / written["key"]).stat().st_size == written["bytes"]
    assert deltalake.DeltaTable(table).version() == written["version"] == 1


def test_vacuum_lists_first_and_deletes_only_when_told(
    table: str, capsys: pytest.CaptureFixture[str]
) -> None:
    deltalake.DeltaTable(table).delete("p = 'b'")
    gone = next(Path(table).glob("p=b/*.parquet"))
    short = ("vacuum", table, "--retention-hours", "0")
    assert main(["table", *short]) == 1
    assert "168" in capsys.readouterr().err
    [listed] = json_lines(capsys, *short, "--force")
    assert (listed["deleted"], [Path(key).name for key in listed["keys"]]) == (False, [gone.name])
    assert gone.exists()
    assert "1 files" in printed(capsys, *short, "--force", "--delete")
    assert not gone.exists()
    assert len(json_lines(capsys, "cat", table)) == 2


def test_verify_says_whether_the_table_is_sound(table: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert printed(capsys, "verify", table) == "no errors\n"
    lost = next(Path(table).glob("p=b/*.parquet"))
    lost.unlink()
    assert main(["table", "verify", table, "--json"]) == 1
    finding = json.loads(capsys.readouterr().out)
    assert (finding["kind"], finding["severity"]) == ("missing file", "error")
    assert lost.name in finding["where"]


@pytest.mark.parametrize(
    ("arguments", "code", "text"),
    [
        (["history", "/nowhere"], 1, "not a Delta table"),
        (["history", "gopher://hole/t"], 2, "gopher"),
        (["cat"], 2, "PATH"),
        (["cat", "{table}", "--version", "7"], 1, "from 0 to 1"),
        (["cat", "{table}", "--timestamp", "yesterday"], 2, "ISO 8601"),
        (["cat", "{table}", "--timestamp", "2001-01-01T00:00:00Z"], 1, "earliest"),
        (["cat", "{table}", "--columns", "nonsense"], 1, "'nonsense'"),
    ],
)
def test_an_impossible_request_gets_one_line_with_its_reason(
    table: str, capsys: pytest.CaptureFixture[str], arguments: list[str], code: int, text: str
) -> None:
    assert main(["table", *(argument.format(table=table) for argument in arguments)]) == code
    assert text in capsys.readouterr().err


def test_no_verb_loads_spark_or_pandas(table: str) -> None:
    verbs = ("history", "files", "schema", "cat", "diff", "verify", "checkpoint", "vacuum")
    code = f"""
import sys
from lakehouse.cli import main
for verb in {verbs}:
    main(["table", verb, {table!r}])
print(sorted({{"pyspark", "pandas", "deltalake", "rich"}} & sys.modules.keys()), file=sys.stderr)
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.stderr.splitlines()[-1] == "[]"


@pytest.fixture
def odd_rows(tmp_path: Path) -> str:
    path = tmp_path / "odd"
    numbers = [math.nan, math.inf, -math.inf, None]
    texts = ["two\nlines", "a\ttab", "back\\slash", "\r"]
    rows = pa.table({"n": numbers, "t": texts, "l": [[math.nan], [], None, [1.5]], "a\nb": [1, 2, 3, 4]})
    deltalake.write_deltalake(path, rows)
    return str(path)


def test_cat_keeps_each_row_on_its_line(odd_rows: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert printed(capsys, "cat", odd_rows).split("\n") == [
        "n\tt\tl\ta\\nb",
        'NaN\ttwo\\nlines\t["NaN"]\t1',
        "Infinity\ta\\ttab\t[]\t2",
        "-Infinity\tback\\\\slash\tnull\t3",
        "null\t\\r\t[1.5]\t4",
        "",
    ]


def test_cat_tells_numbers_that_json_lacks_from_null(
    odd_rows: str, capsys: pytest.CaptureFixture[str]
) -> None:
    rows = json_lines(capsys, "cat", odd_rows)
    assert [row["n"] for row in rows] == ["NaN", "Infinity", "-Infinity", None]
    assert [row["l"] for row in rows] == [["NaN"], [], None, [1.5]]
    assert [row["t"] for row in rows] == ["two\nlines", "a\ttab", "back\\slash", "\r"]


def test_a_day_means_its_end_in_utc(table: str, capsys: pytest.CaptureFixture[str]) -> None:
    for version, moment in enumerate(["2024-05-01T23:59:59.999+00:00", "2024-05-02T00:00:00+00:00"]):
        seconds = datetime.fromisoformat(moment).timestamp()
        os.utime(Path(table) / "_delta_log" / f"{version:020d}.json", (seconds, seconds))

    def versions(day: str) -> int:
        return len(json_lines(capsys, "history", table, "--timestamp", day))

    assert [versions(day) for day in ("2024-05-01", "2024-05-02", "20240502")] == [1, 2, 2]
    for day in ("2024-04-30", "2024-05-03"):
        assert main(["table", "history", table, "--timestamp", day]) != 0


def test_vacuum_and_verify_say_what_they_cannot_know(table: str, capsys: pytest.CaptureFixture[str]) -> None:
    (Path(table) / "orphan.parquet").write_bytes(b"x")
    os.utime(Path(table) / "orphan.parquet", (1, 1))
    assert main(["table", "vacuum", table]) == 0
    assert "warning: Clones of this table elsewhere" in capsys.readouterr().err
    assert main(["table", "verify", table]) == 0
    assert "not checked: the values in the data files" in capsys.readouterr().err
