"""Rows of CSV files in Spark are those that Python's ``csv`` module reads in strict mode, whoever reads them."""

from __future__ import annotations

import bz2
import csv
import datetime as dt
import gzip
import io
import json
import lzma
import zipfile
from collections.abc import Mapping
from pathlib import Path

import pyarrow as pa
import pytest
from pyspark.sql import SparkSession

from lakehouse.ingestion import Accepted, CsvFormat, Rejected
from tests.spark.ingestion.csv_texts import HEADER, made_texts

pytestmark = pytest.mark.spark

NOW = dt.datetime(2024, 1, 1, tzinfo=dt.UTC)
WIDTH = len(HEADER)

Row = tuple[str | None, ...]


def by_csv(text: str, *, delimiter: str = ",") -> list[Row]:
    """Return (id, note, extra, whole text of a row of another width), as the oracle reads them."""
    text = text.removeprefix("\ufeff")
    lines = io.StringIO(text, newline="").readlines()
    reader = csv.reader(iter(lines), delimiter=delimiter, strict=True)
    rows: list[Row] = []
    at = 0
    for fields in reader:
        raw, at = "".join(lines[at : reader.line_num]), reader.line_num
        if fields:
            values = [field or None for field in fields[:WIDTH]]
            whole = None if len(fields) == WIDTH else raw.removesuffix("\n").removesuffix("\r")
            rows.append((*values, *[None] * (WIDTH - len(values)), whole))
    return sorted(rows[1:], key=repr)


def read(spark: SparkSession, files: Mapping[Path, Accepted], format_: CsvFormat) -> dict[str, list[Row]]:
    """Return the same of each file, by its name."""
    found = {str(path): inspection for path, inspection in files.items()}
    frame = format_.read(spark, found, ingested_at=NOW)
    rows: dict[str, list[Row]] = {path.name: [] for path in files}
    for row in frame.collect():
        rescued = json.loads(row["_rescued_data"] or "{}")
        name = row["_source_file"].rpartition("/")[2]
        rows[name].append((row["id"], row["note"], rescued.get("extra"), rescued.get("_malformed_row")))
    return {name: sorted(each, key=repr) for name, each in rows.items()}


def inspected(path: Path, format_: CsvFormat) -> Accepted | Rejected:
    with path.open("rb") as stream:
        return format_.inspect(stream, name=str(path))


@pytest.fixture(scope="module")
def corpus(tmp_path_factory: pytest.TempPathFactory) -> dict[Path, str]:
    folder = tmp_path_factory.mktemp("corpus")
    texts = {folder / f"{number:03}.csv": text for number, text in enumerate(made_texts())}
    for path, text in texts.items():
        path.write_bytes(text.encode())
    return texts


FORMAT = CsvFormat(columns=("id", "note"))


def test_a_file_is_rejected_exactly_when_csv_in_strict_mode_can_not_read_it(corpus: dict[Path, str]) -> None:
    for path, text in corpus.items():
        found = inspected(path, FORMAT)
        try:
            by_csv(text)
        except csv.Error:
            assert isinstance(found, Rejected), text
        else:
            assert isinstance(found, Accepted), (text, found)


@pytest.mark.slow
@pytest.mark.parametrize("with_care", [False, True])
def test_rows_are_those_of_csv_in_strict_mode(
    spark: SparkSession, corpus: dict[Path, str], with_care: bool
) -> None:
    accepted = {path: found for path in corpus if isinstance(found := inspected(path, FORMAT), Accepted)}
    plain = [path for path, found in accepted.items() if found.facts["plain"]]
    assert len(plain) > 30
    assert len(accepted) - len(plain) > 30
    if with_care:
        accepted = {path: FORMAT.with_care(found) for path, found in accepted.items()}
    rows = read(spark, accepted, FORMAT)
    wrong = {
        corpus[path]: (rows[path.name], by_csv(corpus[path]))
        for path in accepted
        if rows[path.name] != by_csv(corpus[path])
    }
    assert wrong == {}


def as_zip(body: bytes) -> bytes:
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("inside.csv", body)
    return target.getvalue()


PACKED = {
    "a.csv.gz": gzip.compress,
    "two_members.csv.gz": lambda body: gzip.compress(body[:20]) + gzip.compress(body[20:]),
    "padded.csv.gz": lambda body: gzip.compress(body) + bytes(600),
    "a.csv.bz2": bz2.compress,
    "a.csv.xz": lzma.compress,
    "a.csv.zst": lambda body: pa.compress(body, codec="zstd", asbytes=True),
    "a.csv.zip": as_zip,
}


@pytest.mark.parametrize("text", ["id,note,extra\n1,a,x\n2,,y\n", 'id,note,extra\n1,"a\r\nb",x\n2,é,\n'])
def test_every_compression_gives_the_rows_of_the_plain_file(
    spark: SparkSession, tmp_path: Path, text: str
) -> None:
    files = {}
    for name, pack in PACKED.items():
        (tmp_path / name).write_bytes(pack(text.encode()))
        files[tmp_path / name] = inspected(tmp_path / name, FORMAT)
    assert read(spark, files, FORMAT) == dict.fromkeys(PACKED, by_csv(text))


NAMES = [
    "2024-01-15T10:00:00.csv",
    "100%25 [x] {y} é€?.csv",
    "two\nlines.csv",
    "_private.csv",
    " blank .csv",
    "no suffix",
    "plain text.csv.deflate.txt",
    "back\\slash.csv",
    "=+@,~()!$&;'*#.csv",
    "usual-name_1.csv",
]


def test_a_file_of_any_name_is_read_and_named_as_spark_names_it(spark: SparkSession, tmp_path: Path) -> None:
    files, content = {}, {}
    for number, name in enumerate(NAMES):
        path = tmp_path / name
        path.write_text(f"id,note,extra\n{number},a,x\n")
        files[path], content[path] = inspected(path, FORMAT), str(number)
    rows = FORMAT.read(spark, {str(path): found for path, found in files.items()}, ingested_at=NOW).collect()
    assert sorted(row["id"] for row in rows) == sorted(content.values())
    to_uri = spark.sparkContext._jvm.org.apache.hadoop.fs.Path
    assert {row["id"]: row["_source_file"] for row in rows} == {
        number: to_uri("file", None, str(path)).toUri().toString() for path, number in content.items()
    }


@pytest.mark.parametrize(
    ("delimiter", "encoding"),
    [
        ("||", "utf-8"),
        ("~", "utf-8"),
        (",", "utf-16"),
        (",", "utf-16-le"),
        (";", "latin-1"),
        ("::", "cp1252"),
    ],
)
def test_a_declared_delimiter_and_encoding_are_read(
    spark: SparkSession, tmp_path: Path, delimiter: str, encoding: str
) -> None:
    rows = [("1", "é\nx", "a|b:c"), ("2", None, "-"), ("3", f"in{delimiter}side", "|")]
    lines = ["id note extra", '1 "é\nx" a|b:c', "2  -", '3 "in side" |']
    path = tmp_path / "a.csv"
    path.write_bytes("\n".join(line.replace(" ", delimiter) for line in lines).encode(encoding))
    format_ = CsvFormat(columns=("id", "note"), delimiter=delimiter, encoding=encoding)
    found = inspected(path, format_)
    assert isinstance(found, Accepted)
    assert read(spark, {path: found}, format_) == {"a.csv": [(*row, None) for row in rows]}


def test_names_that_differ_by_case_and_names_of_sparks_own_are_rescued(
    spark: SparkSession, tmp_path: Path
) -> None:
    path = tmp_path / "a.csv"
    path.write_text("id,note,ID,_metadata,c0,malformed,a.b,No te\n1,x,2,3,4,5,6,7\n")
    for with_care in (False, True):
        found = inspected(path, FORMAT)
        assert isinstance(found, Accepted)
        assert found.facts["plain"]
        found = FORMAT.with_care(found) if with_care else found
        (row,) = FORMAT.read(spark, {str(path): found}, ingested_at=NOW).collect()
        assert (row["id"], row["note"]) == ("1", "x")
        rescued = {"ID": "2", "_metadata": "3", "c0": "4", "malformed": "5", "a.b": "6", "No te": "7"}
        assert json.loads(row["_rescued_data"]) == rescued


def test_an_optional_column_that_a_file_lacks_is_null_in_its_rows(
    spark: SparkSession, tmp_path: Path
) -> None:
    format_ = CsvFormat(columns=("id", "w"), optional=("w",))
    texts = {"old.csv": "id\n1\n", "new.csv": "w,id\nx,2\n", "odd.csv": 'id\n"3\n"\n'}
    files = {}
    for name, text in texts.items():
        (tmp_path / name).write_text(text)
        files[str(tmp_path / name)] = inspected(tmp_path / name, format_)
    rows = format_.read(spark, files, ingested_at=NOW).select("id", "w", "_rescued_data").collect()
    assert sorted(tuple(row) for row in rows) == [("1", None, None), ("2", "x", None), ("3\n", None, None)]


@pytest.mark.slow
def test_a_very_long_line_and_a_very_wide_file_are_read(spark: SparkSession, tmp_path: Path) -> None:
    long_field, wide = "9" * (10 << 20), [f"n{number}" for number in range(25_000)]
    (tmp_path / "long.csv").write_text(f"id,note\n{long_field},x\n")
    (tmp_path / "wide.csv").write_text(f"id,note,{','.join(wide)}\n1,x{',' * len(wide)}\n")
    (tmp_path / "wide_row.csv").write_text(f"id,note\n2,x{',' * 30_000}\n")
    files = {str(path): inspected(path, FORMAT) for path in tmp_path.iterdir()}
    rows = FORMAT.read(spark, files, ingested_at=NOW).select("id", "note").collect()
    assert sorted(tuple(row) for row in rows) == [("1", "x"), ("2", "x"), (long_field, "x")]
