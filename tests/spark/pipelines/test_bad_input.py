"""Whatever lies in the landing zone is used, or set aside with its reason; nothing stops in silence."""

from __future__ import annotations

import gzip
import json
import os
from collections.abc import Callable
from pathlib import Path

import pytest
from pyspark.sql import SparkSession

from lakehouse.ingestion.formats.csv_reader import CsvReader
from lakehouse.pipelines import (
    DeclarativePipelineBuilder,
    PipelineDefinition,
    Refreshed,
    RunListener,
    RunResult,
    from_files,
    read,
)
from tests.spark.pipelines.landing import COLUMNS, TYPED, Lake, shop

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
    lake.land("2024-01-15T10:00:00.csv", (15, 1, "2024-01-01"))
    lake.land("twins.csv", (16, 1, "2024-01-01", 2, 3), header="id,units,day,ID,_metadata")
    (lake.landing / "quotes.csv").write_bytes(b'id,units,day\r\n"1\r\n7\r8",1,2024-01-01\r\n')
    (lake.landing / "unclosed.csv").write_text('id,units,day\n19,"1,2024-01-01\n20,1,2024-01-01\n')
    (lake.landing / "nonutf8_\udcff.csv").write_text("id,units,day\n21,1,2024-01-01\n")
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
        ("unclosed.csv", "a quoted field of the row that begins in line 2 is never closed"),
        ("nonutf8%.csv", "its name is not UTF-8"),
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
    assert outcome.refreshes[0].details == {"files": 13, "files_rejected": 9}
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
def test_every_sign_within_quotes_is_kept(lake: Lake) -> None:
    assert raw(lake, "quotes.csv") == [("1\r\n7\r8", "1", "2024-01-01", None)]


@pytest.mark.usefixtures("result")
def test_a_name_that_spark_can_not_open_and_names_that_it_takes_for_others_are_read(lake: Lake) -> None:
    assert raw(lake, "2024-01-15T10:00:00.csv") == [("15", "1", "2024-01-01", None)]
    ((*values, rescued),) = raw(lake, "twins.csv")
    assert values == ["16", "1", "2024-01-01"]
    assert json.loads(rescued) == {"ID": "2", "_metadata": "3"}


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


def test_a_file_that_grows_is_taken_once(spark: SparkSession, tmp_path: Path) -> None:
    lake = Lake(spark, tmp_path)
    for rows in range(1, 5):
        lake.land("a.csv", *((number, 5, "2024-01-01") for number in range(rows)))
        lake.run(shop())
    assert lake.rows("bronze/raw", "id") == [("0",)]
    assert [reason for _, reason in messages(lake)] == ["it was taken before, with other content"] * 3


def test_a_file_is_looked_at_again_when_the_definition_is_corrected(
    spark: SparkSession, tmp_path: Path
) -> None:
    lake = Lake(spark, tmp_path)
    (lake.landing / "a.csv").write_text("id;units;day\n1;5;2024-01-01\n")
    lake.run(shop())
    assert lake.rows("bronze/raw") == []
    assert lake.run(shop(delimiter=";")).status == "ok"
    assert lake.run(shop(delimiter=";")).status == "nothing new"
    assert lake.rows("bronze/raw", "id", "units") == [("1", "5")]


def test_a_file_that_is_only_touched_is_not_taken_again(spark: SparkSession, tmp_path: Path) -> None:
    lake = Lake(spark, tmp_path)
    path = lake.land("a.csv", (1, 5, "2024-01-01"))
    lake.run(shop())
    path.touch()
    lake.run(shop())
    assert lake.rows("bronze/raw", "id") == [("1",)]
    assert not (lake.warehouse / "bronze" / "raw_quarantine").exists()


class AtStep(RunListener):
    """Does something once, when a step of the raw table is done."""

    def __init__(self, step: str, action: Callable[[], object]) -> None:
        self.wanted, self.action = step, action

    def step_done(self, table: str, step: str) -> None:
        if (table, step) == ("raw", self.wanted):
            self.wanted = ""
            self.action()


def strict_shop() -> PipelineDefinition:
    """Return a pipeline whose raw table quarantines rows by a rule."""
    builder = DeclarativePipelineBuilder("shop").variable("landing", default="none")
    source = from_files("${landing}/*.csv", columns=COLUMNS)
    return builder.bronze("raw", source.expect_or_quarantine("positive", "id > 0")).build()


def stop() -> None:
    raise KeyboardInterrupt


def messages(lake: Lake) -> list[tuple[str, str]]:
    """Return file and reason of what is in the raw table's quarantine."""
    rows = lake.rows("bronze/raw_quarantine", "_source_file", "_errors")
    return [(path.rpartition("/")[2], errors[0].message) for path, errors in rows]


def test_a_file_that_changes_after_it_was_named_is_set_aside_and_taken_when_whole(
    spark: SparkSession, tmp_path: Path
) -> None:
    lake = Lake(spark, tmp_path)
    lake.land("a.csv", (1, 5, "2024-01-01"))
    lake.land("b.csv", (2, 5, "2024-01-01"))
    grow = AtStep("batch", lambda: lake.land("a.csv", (1, 5, "2024-01-01"), (3, 5, "2024-01-01")))
    assert lake.run(shop(), listener=grow).status == "ok"
    assert lake.rows("bronze/raw", "id") == [("2",)]
    assert messages(lake) == [
        ("a.csv", "it changed before its rows were written (it had 28 bytes, and has 43)")
    ]
    assert lake.run(shop()).status == "ok"
    assert lake.rows("bronze/raw", "id") == [("1",), ("2",), ("3",)]
    assert lake.run(shop()).status == "nothing new"
    assert len(messages(lake)) == 1


@pytest.mark.parametrize(
    "step",
    ["quarantine", *(pytest.param(step, marks=pytest.mark.slow) for step in ("batch", "validate"))],
)
def test_a_file_that_goes_between_a_stopped_run_and_the_next_stops_nothing_and_no_other_row_is_lost(
    spark: SparkSession, tmp_path: Path, step: str
) -> None:
    lake = Lake(spark, tmp_path)
    definition = strict_shop()
    for name, rows in {"a.csv": [(1, 5), (-1, 5)], "b.csv": [(2, 5), (-2, 5)]}.items():
        lake.land(name, *((*row, "2024-01-01") for row in rows))
    lake.land("bad.csv", (9,), header="id")
    with pytest.raises(KeyboardInterrupt):
        lake.run(definition, listener=AtStep(step, stop))
    (lake.landing / "a.csv").unlink()
    lake.land("c.csv", (3, 5, "2024-01-01"), (-3, 5, "2024-01-01"))
    assert lake.run(definition).status == "ok"
    # Once its rows are judged, they lie beside the table, and the file is needed no more.
    was_judged = step != "batch"
    assert lake.rows("bronze/raw", "id") == [*([("1",)] if was_judged else []), ("2",), ("3",)]
    quarantined = [row[0] for row in lake.rows("bronze/raw_quarantine", "id") if row[0] is not None]
    assert quarantined == [*(["-1"] if was_judged else []), "-2", "-3"]
    reasons = [each for each in messages(lake) if each[0] in ("a.csv", "bad.csv")]
    gone = ("a.csv", "it was gone before its rows were written")
    assert (gone in reasons) is not was_judged
    assert len([file for file, _ in reasons if file == "bad.csv"]) == 1
    assert lake.run(definition).status == "nothing new"


def test_files_that_go_one_after_the_other_leave_the_rest_of_their_batch(
    spark: SparkSession, tmp_path: Path
) -> None:
    lake = Lake(spark, tmp_path)
    for name, id_ in {"a.csv": 1, "b.csv": 2, "c.csv": 3}.items():
        lake.land(name, (id_, 5, "2024-01-01"))
    for name in ("a.csv", "b.csv"):
        with pytest.raises(KeyboardInterrupt):
            lake.run(shop(), listener=AtStep("batch", stop))
        (lake.landing / name).unlink()
    assert lake.run(shop()).status == "ok"
    assert lake.rows("bronze/raw", "id") == [("3",)]
    gone = "it was gone before its rows were written"
    assert messages(lake) == [("a.csv", gone), ("b.csv", gone)]
    lake.land("a.csv", (1, 5, "2024-01-01"))
    lake.run(shop())
    assert lake.rows("bronze/raw", "id") == [("1",), ("3",)]


def test_a_file_that_breaks_after_its_inspection_does_not_stop_its_table_twice(
    spark: SparkSession, tmp_path: Path
) -> None:
    lake = Lake(spark, tmp_path)
    path = lake.landing / "a.csv.gz"
    path.write_bytes(gzip.compress(b"id,units,day\n1,5,2024-01-01\n"))
    lake.land("b.csv", (2, 5, "2024-01-01"))
    definition = shop(pattern="${landing}/*.csv*")

    def tear() -> None:
        status, body = path.stat(), path.read_bytes()
        path.write_bytes(body[:12] + bytes(len(body) - 12))
        os.utime(path, ns=(status.st_atime_ns, status.st_mtime_ns))

    (failure,) = lake.run(definition, listener=AtStep("batch", tear)).failures
    assert failure.cause
    assert lake.run(definition).status == "ok"
    assert lake.rows("bronze/raw", "id") == [("2",)]
    ((file, reason),) = messages(lake)
    assert file == "a.csv.gz"
    assert "its gzip stream is broken" in reason


def test_a_batch_that_is_read_again_is_read_without_sparks_own_reader(
    spark: SparkSession, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lake = Lake(spark, tmp_path)
    lake.land("a.csv", (1, 5, "2024-01-01"))

    def fail(*_: object) -> None:
        raise OSError("the reader can't")

    monkeypatch.setattr(CsvReader, "_plain_rows", fail)
    assert lake.run(shop()).status == "failed"
    assert lake.run(shop()).status == "ok"
    assert lake.rows("bronze/raw", "id") == [("1",)]


def test_an_optional_column_comes_and_goes(spark: SparkSession, tmp_path: Path) -> None:
    lake = Lake(spark, tmp_path)
    source = from_files("${landing}/*.csv", columns=("id", "w"), optional=("w",))
    definition = (
        DeclarativePipelineBuilder("shop").variable("landing", default="").bronze("raw", source).build()
    )
    for name, header, row in (("a", "id,w", (1, "x")), ("b", "id", (2,)), ("c", "w,id", ("y", 3))):
        lake.land(f"{name}.csv", row, header=header)
        lake.run(definition)
    assert lake.rows("bronze/raw", "id", "w") == [("1", "x"), ("2", None), ("3", "y")]


def test_a_table_takes_files_of_an_older_shape_beside_an_added_column(
    spark: SparkSession, tmp_path: Path
) -> None:
    lake = Lake(spark, tmp_path)

    def definition(columns: tuple[str, ...], optional: tuple[str, ...] = ()) -> PipelineDefinition:
        source = from_files("${landing}/*.csv", columns=columns, optional=optional)
        builder = DeclarativePipelineBuilder("shop").variable("landing", default="")
        return builder.bronze("raw", source.append(evolve_schema=True)).build()

    lake.land("a.csv", (1,), header="id")
    lake.run(definition(("id",)))
    lake.land("b.csv", (2, "x"), header="id,w")
    lake.run(definition(("id", "w")))
    lake.land("late.csv", (3,), header="id")
    lake.land("misspelt.csv", (4, "x"), header="id,W2")
    lake.run(definition(("id", "w")))
    assert lake.rows("bronze/raw", "id", "w") == [("1", None), ("2", "x"), ("3", None)]
    assert messages(lake) == [("misspelt.csv", "its header lacks 'w' ('W2' is there instead of 'w'?)")]
    lake.run(definition(("id", "w"), optional=("w",)))
    assert lake.rows("bronze/raw", "id", "w") == [("1", None), ("2", "x"), ("3", None), ("4", None)]
    lake.land("later.csv", (5,), header="id")
    lake.run(definition(("id",)))
    assert lake.rows("bronze/raw", "id", "w")[-1] == ("5", None), "the definition has dropped the column"


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
