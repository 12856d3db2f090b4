"""Whatever lies in the landing zone is used, or set aside with its reason; nothing stops in silence."""

from __future__ import annotations

import gzip
import json
from pathlib import Path

import pytest
from pyspark.sql import SparkSession

from lakehouse.pipelines import Refreshed, RunListener, RunResult, read
from tests.spark.pipelines.landing import TYPED, Lake, shop

pytestmark = pytest.mark.spark

SALES = shop(sales=("silver", TYPED.append()))


@pytest.fixture(scope="module")
def lake(spark: SparkSession, tmp_path_factory: pytest.TempPathFactory) -> Lake:
    """A landing zone with one file of every kind, run once."""
    lake = Lake(spark, tmp_path_factory.mktemp("bad"))
    lake.land("good.csv", (1, 5, "2024-01-01"))
    lake.land("other_order.csv", ("2024-01-01", 6, 2), header="day,units,id")
    lake.land("extra.csv", (3, 7, "2024-01-01", "gift"), header="id,units,day,note")
    lake.land("header_only.csv")
    lake.land("missing.csv", (4, 8), header="id,units")
    lake.land("renamed.csv", (4, 8, "2024-01-01"), header="id,unitz,day")
    (lake.landing / "delimiter.csv").write_text("id;units;day\n4;8;2024-01-01\n")
    (lake.landing / "latin1.csv").write_bytes("id,units,day\né,8,2024-01-01\n".encode("latin-1"))
    (lake.landing / "nul.csv").write_bytes(b"id,units,day\n4\x00,8,2024-01-01\n")
    (lake.landing / "empty.csv").write_bytes(b"")
    (lake.landing / "folder.csv").mkdir()
    (lake.landing / "long.csv").write_text(f'id,units,day\n"{"9" * (10 << 20)}",8,2024-01-01\n')
    (lake.landing / "quoted.csv").write_text('id,units,day\n"1\n0",9,2024-01-01\n')
    lake.land("wide.csv", (11, 1, "2024-01-01", "more"), (12, 2, "2024-01-01"))
    lake.land("narrow.csv", (13, 1))
    lake.land("not_a_number.csv", ("ten", 1, "2024-01-01"))
    lake.land("we[i]rd {name} 100%é.csv", (14, 1, "2024-01-01"))
    return lake


@pytest.fixture(scope="module")
def result(lake: Lake) -> RunResult:
    return lake.run(SALES)


def raw(lake: Lake, file: str) -> list[tuple]:
    frame = lake.spark.read.format("delta").load(str(lake.warehouse / "bronze/raw"))
    rows = frame.where(f"_source_file LIKE '%/{file}'").select("id", "units", "day", "_rescued_data")
    return [tuple(row) for row in rows.collect()]


@pytest.mark.usefixtures("result")
@pytest.mark.parametrize(
    ("file", "reason"),
    [
        ("missing.csv", "its header lacks 'day'"),
        ("renamed.csv", "'unitz' is there instead of 'units'?"),
        ("delimiter.csv", "its delimiter seems to be ';'"),
        ("latin1.csv", "it is not UTF-8"),
        ("nul.csv", "is NUL"),
        ("empty.csv", "it is empty"),
        ("folder.csv", "it is a folder where a file is expected"),
    ],
)
def test_a_file_that_can_not_be_read_is_set_aside_with_its_reason(lake: Lake, file: str, reason: str) -> None:
    frame = lake.spark.read.format("delta").load(str(lake.warehouse / "bronze/raw_quarantine"))
    (row,) = frame.where(f"_source_file LIKE '%/{file}'").collect()
    assert row["_errors"][0].rule == "readable_file"
    assert reason in row["_errors"][0].message
    assert raw(lake, file) == []


def test_the_others_go_on_and_the_run_is_fine(lake: Lake, result: RunResult) -> None:
    outcome = result.outcomes["raw"]
    assert isinstance(outcome, Refreshed)
    assert outcome.refreshes[0].details == {"files": 10, "files_rejected": 7}
    assert result.status == "ok"


@pytest.mark.usefixtures("result")
def test_columns_are_found_by_name_in_any_order(lake: Lake) -> None:
    assert raw(lake, "other_order.csv") == [("2", "6", "2024-01-01", None)]


@pytest.mark.usefixtures("result")
def test_a_header_alone_is_no_row(lake: Lake) -> None:
    assert raw(lake, "header_only.csv") == []


@pytest.mark.usefixtures("result")
def test_a_column_more_is_rescued(lake: Lake) -> None:
    ((*_, rescued),) = raw(lake, "extra.csv")
    assert json.loads(rescued) == {"note": "gift"}


@pytest.mark.usefixtures("result")
def test_a_row_of_another_width_is_rescued_whole(lake: Lake) -> None:
    rows = {row[0]: row[3] for row in raw(lake, "wide.csv")}
    assert json.loads(rows["11"]) == {"_malformed_row": "11,1,2024-01-01,more"}
    assert rows["12"] is None
    ((*_, rescued),) = raw(lake, "narrow.csv")
    assert json.loads(rescued) == {"_malformed_row": "13,1"}


@pytest.mark.usefixtures("result")
def test_ten_megabytes_in_one_field_are_read(lake: Lake) -> None:
    ((id_, units, _, _),) = raw(lake, "long.csv")
    assert len(id_) == 10 << 20
    assert units == "8"


@pytest.mark.usefixtures("result")
def test_a_line_break_within_quotes_stays_in_its_field(lake: Lake) -> None:
    assert raw(lake, "quoted.csv") == [("1\n0", "9", "2024-01-01", None)]


@pytest.mark.usefixtures("result")
def test_a_file_name_is_no_pattern(lake: Lake) -> None:
    frame = lake.spark.read.format("delta").load(str(lake.warehouse / "bronze/raw"))
    assert frame.where("id = '14'").count() == 1


@pytest.mark.usefixtures("result")
def test_a_value_that_is_none_of_its_type_puts_its_row_into_quarantine(lake: Lake) -> None:
    frame = lake.spark.read.format("delta").load(str(lake.warehouse / "silver/sales_quarantine"))
    messages = {error.message for row in frame.collect() for error in row["_errors"]}
    assert "id is 'ten', which is no int" in messages
    assert any(message.startswith("id is '9999") for message in messages)


def test_a_file_that_was_set_aside_may_come_again_mended(spark: SparkSession, tmp_path: Path) -> None:
    lake = Lake(spark, tmp_path)
    lake.land("a.csv", (1, 5), header="id,units")
    lake.run(shop())
    assert lake.rows("bronze/raw") == []
    lake.land("a.csv", (1, 5, "2024-01-01"))
    lake.run(shop())
    assert lake.rows("bronze/raw", "id") == [("1",)]
    assert lake.run(shop()).status == "nothing new"


def test_a_file_that_was_taken_and_comes_with_other_content_is_set_aside(
    spark: SparkSession, tmp_path: Path
) -> None:
    lake = Lake(spark, tmp_path)
    lake.land("a.csv", (1, 5, "2024-01-01"))
    lake.run(shop())
    lake.land("a.csv", (1, 5, "2024-01-01"), (2, 6, "2024-01-01"))
    lake.run(shop())
    assert lake.rows("bronze/raw", "id") == [("1",)]
    ((errors,),) = lake.rows("bronze/raw_quarantine", "_errors")
    assert errors[0].message == "it was taken before, with other content"


def test_a_file_that_is_only_touched_is_not_taken_again(spark: SparkSession, tmp_path: Path) -> None:
    lake = Lake(spark, tmp_path)
    path = lake.land("a.csv", (1, 5, "2024-01-01"))
    lake.run(shop())
    path.touch()
    lake.run(shop())
    assert lake.rows("bronze/raw", "id") == [("1",)]
    assert not (lake.warehouse / "bronze" / "raw_quarantine").exists()


def test_a_file_that_changes_after_it_was_named_stops_the_table_with_a_way_out(
    spark: SparkSession, tmp_path: Path
) -> None:
    lake = Lake(spark, tmp_path)
    path = lake.land("a.csv", (1, 5, "2024-01-01"))

    class Meddler(RunListener):
        def step_done(self, table, step) -> None:
            if step == "batch":
                path.write_text("id,units,day\n9,9,2024-01-01\n1,1,2024-01-01\n")

    (failure,) = lake.run(shop(), listener=Meddler()).failures
    assert "is not as it was when the batch" in str(failure.error)
    assert "Fix:" in str(failure.error)


def test_a_torn_gzip_file_is_set_aside(spark: SparkSession, tmp_path: Path) -> None:
    lake = Lake(spark, tmp_path)
    body = gzip.compress(b"id,units,day\n1,5,2024-01-01\n")
    (lake.landing / "a.csv").write_bytes(body)  # compressed, and not called so
    assert lake.run(shop()).status == "ok"
    assert lake.rows("bronze/raw") == []


def test_a_target_that_can_not_be_written_fails_with_path_and_way_out(
    spark: SparkSession, tmp_path: Path
) -> None:
    lake = Lake(spark, tmp_path)
    lake.land("a.csv", (1, 5, "2024-01-01"))
    lake.warehouse.mkdir()
    (lake.warehouse / "bronze").write_text("a file where a folder is needed")
    (failure,) = lake.run(shop()).failures
    assert str(lake.warehouse / "bronze" / "raw") in str(failure.error)
    assert "Fix:" in str(failure.error)


def test_no_row_left_is_counted_as_that(spark: SparkSession, tmp_path: Path) -> None:
    lake = Lake(spark, tmp_path)
    lake.land("a.csv", (1, 5, "2024-01-01"), (2, 6, "2024-01-01"))
    none = read("raw", incremental=True).where("id = 'none'").deduplicate().expect("some", "id IS NOT NULL")
    outcome = lake.run(shop(none=("silver", none.append()))).outcomes["none"]
    assert isinstance(outcome, Refreshed)
    steps = [(step.rows_in, step.rows_out) for step in outcome.refreshes[0].steps]
    assert steps == [(2, 0), (0, 0)]
    assert lake.rows("silver/none") == []
