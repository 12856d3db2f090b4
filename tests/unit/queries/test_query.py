"""A query over tables of a warehouse gives what the rows themselves give, without Spark."""

from __future__ import annotations

import json
import subprocess
import sys
from decimal import Decimal
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from click.testing import CliRunner
from deltalake import DeltaTable, write_deltalake

from lakehouse.cli.main import main, root_command
from lakehouse.delta_log import Snapshot, TransactionManager
from lakehouse.queries import MissingTableError, QueryError, query, tables_named

SALES = pa.table(
    {
        "id": [1, 2, 3],
        "day": ["mon", "tue", "tue"],
        "price": [Decimal("1.10"), Decimal("2.20"), Decimal("3.30")],
    }
)


@pytest.fixture
def warehouse(tmp_path: Path) -> str:
    with TransactionManager().transaction(tmp_path / "silver" / "sales") as transaction:
        transaction.append(SALES)
    with TransactionManager().transaction(tmp_path / "silver" / "sales") as transaction:
        transaction.append(SALES.slice(0, 1).append_column("note", pa.array(["again"])), merge_schema=True)
    write_deltalake(
        tmp_path / "gold" / "days", pa.table({"day": ["mon", "tue"], "n": [1, 2]}), partition_by=["day"]
    )
    return str(tmp_path)


def rows(text: str, warehouse: str) -> list[tuple[object, ...]]:
    return [tuple(row.values()) for row in query(text, warehouse).read_all().to_pylist()]


def test_tables_are_joined_and_an_added_column_is_null_before(warehouse: str) -> None:
    text = (
        "SELECT s.day, sum(s.price), count(note), any_value(d.n) FROM silver.sales s "
        'JOIN "gold"."days" d ON s.day = d.day GROUP BY s.day ORDER BY 1'
    )
    assert rows(text, warehouse) == [("mon", Decimal("2.20"), 1, 1), ("tue", Decimal("5.50"), 0, 2)]


def test_rows_that_another_engine_deleted_are_left_out(warehouse: str) -> None:
    DeltaTable(f"{warehouse}/silver/sales").delete("id = 2")
    assert rows("SELECT id FROM silver.sales ORDER BY id", warehouse) == [(1,), (1,), (3,)]


def test_of_a_plain_table_only_what_a_query_needs_is_read(
    warehouse: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    stamps = pa.table({"at": pa.array([0, 1], pa.timestamp("ns")), "id": [1, 2]})
    with TransactionManager().transaction(f"{warehouse}/silver/times") as transaction:
        schema = pa.schema([("at", pa.timestamp("us", "UTC")), ("id", pa.int64())])
        transaction.append(stamps.cast(schema, safe=False))
    (file,) = Path(warehouse, "silver", "times").glob("*.parquet")
    pq.write_table(stamps, file, use_deprecated_int96_timestamps=True)  # as older Spark writes it
    monkeypatch.setattr(Snapshot, "to_arrow", lambda snapshot: pytest.fail("all of it is read"))
    assert rows("SELECT id FROM silver.sales WHERE id > 2", warehouse) == [(3,)]
    assert rows("SELECT count(*), max(epoch_us(t.at)) FROM silver.times t", warehouse) == [(2, 0)]


def test_a_data_file_that_is_gone_or_damaged_is_said(
    warehouse: str, capsys: pytest.CaptureFixture[str]
) -> None:
    files = sorted(Path(warehouse, "silver", "sales").glob("*.parquet"))
    files[0].write_bytes(b"PAR1")
    for _ in range(2):
        assert main(["sql", "SELECT sum(id) FROM silver.sales", "--warehouse", warehouse]) != 0
        said = capsys.readouterr().err
        assert files[0].name in said
        assert "Fix: " in said
        assert "bug" not in said
        files[0].unlink(missing_ok=True)


def test_only_tables_that_the_query_names_are_opened(warehouse: str) -> None:
    named = tables_named("SELECT s.day, x.y FROM `silver`.sales s, none.such", warehouse)
    assert list(named) == [("silver", "sales")]


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("SELEC 1", "SELEC"),
        ("COPY (SELECT 1) TO 'file.csv'", "not one SELECT"),
        ("SELECT 1; SELECT 2", "not one SELECT"),
    ],
)
def test_a_wrong_query_says_why_and_how(warehouse: str, text: str, reason: str) -> None:
    with pytest.raises(QueryError, match=rf"{reason}.*Fix: write a table as layer\.table"):
        query(text, warehouse)


@pytest.mark.parametrize("text", ["SELECT * FROM gold.dayz", "SELECT d.n FROM gold.days d, Gold.dayz"])
def test_a_table_that_is_not_there_is_named_with_its_warehouse(warehouse: str, text: str) -> None:
    with pytest.raises(
        MissingTableError, match=r"has no table 'gold\.dayz'.*Fix: run the pipeline"
    ) as missing:
        query(text, warehouse)
    assert warehouse in str(missing.value)
    with pytest.raises(MissingTableError, match=r"'platinum\.days'"):
        query("SELECT * FROM platinum.days", warehouse)


@pytest.mark.parametrize(
    ("text", "wrong", "fix"),
    [
        ("SELECT dya FROM gold.days", '"dya" not found', 'use a column that is there, such as "day"'),
        (
            "SELECT day, sum(n) FROM gold.days",
            'column "day" must appear',
            "Either add it to the GROUP BY list",
        ),
        ("SELECT flor(n) FROM gold.days", "name flor", 'Did you mean "floor"'),
    ],
)
def test_a_name_that_is_wrong_is_answered_by_one_that_is_there(
    warehouse: str, text: str, wrong: str, fix: str
) -> None:
    with pytest.raises(QueryError) as refused:
        query(text, warehouse)
    assert wrong in str(refused.value)
    assert f"Fix: {fix}" in str(refused.value)


def test_a_value_that_a_query_can_t_use_is_an_error_of_the_query_however_late_it_comes(
    warehouse: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    late = "SELECT CASE WHEN n = 199999 THEN CAST(n AS VARCHAR)::DATE END AS day FROM range(200000) r(n)"
    assert main(["sql", late, "--warehouse", warehouse, "--output", str(tmp_path / "new" / "a.csv")]) == 2
    said = capsys.readouterr().err
    assert "invalid date" in said
    assert "try_cast" in said
    assert "bug" not in said


def test_an_answer_goes_to_a_new_folder_and_a_place_that_refuses_it_is_named(
    warehouse: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    place = tmp_path / "new" / "answer.csv"
    assert main(["sql", "SELECT 1 AS one", "--warehouse", warehouse, "--output", str(place)]) == 0
    assert place.read_text() == '"one"\n1\n'
    inside = str(place / "below.csv")  # of a file, which is no folder
    assert main(["sql", "SELECT 1 AS one", "--warehouse", warehouse, "--output", inside]) == 2
    said = capsys.readouterr().err
    assert f"{inside!r} can't be written" in said
    assert "Fix: name another file." in said


def test_the_answer_is_printed_and_written_in_every_form(warehouse: str, tmp_path: Path) -> None:
    def run(*arguments: str) -> str:
        ended = CliRunner().invoke(
            root_command, ["sql", "--warehouse", warehouse, *arguments], standalone_mode=False
        )
        assert ended.exit_code == 0, ended.exception
        return ended.output

    text = "SELECT day, n, NULL AS nothing FROM gold.days ORDER BY day"
    assert run(text) == "day  n  nothing\nmon  1  null\ntue  2  null\n"
    assert [json.loads(line) for line in run(text, "--format", "json").splitlines()] == [
        {"day": "mon", "n": 1, "nothing": None},
        {"day": "tue", "n": 2, "nothing": None},
    ]
    assert run(text, "--format", "csv") == '"day","n","nothing"\n"mon",1,\n"tue",2,\n'
    run(text, "--output", str(tmp_path / "answer.parquet"))
    assert pq.read_table(tmp_path / "answer.parquet")["n"].to_pylist() == [1, 2]


def test_an_answer_in_an_unknown_form_is_refused(warehouse: str, tmp_path: Path) -> None:
    ended = CliRunner().invoke(
        root_command, ["sql", "--warehouse", warehouse, "SELECT 1", "--output", str(tmp_path / "a.xls")]
    )
    assert ended.exit_code == 2
    assert "Fix: --format csv, json or parquet" in ended.output


def test_no_query_loads_spark(warehouse: str) -> None:
    program = (
        "import sys; from lakehouse.cli.main import main; "
        f"code = main(['sql', 'SELECT 1', '--warehouse', {warehouse!r}]); "
        "sys.exit(code or 'pyspark' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", program], check=False, capture_output=True).returncode == 0
