"""Spark's tasks read what landed in an object store. A proxy counts what the store is asked for."""

from __future__ import annotations

import datetime as dt
import gzip
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field

import pytest
from pyspark.sql import SparkSession

from lakehouse.ingestion import CsvFormat, FileTracker, LandedFile, SeenFiles, StoredLandingZone, landing_zone
from lakehouse.ingestion.inspecting import DriverInspector
from lakehouse.settings import AdlsStorage, S3Storage
from lakehouse.storage import schemes, storage_for
from tests.conformance.storage import storage_servers
from tests.conformance.storage.fault_proxy import Fault, FaultProxy
from tests.conformance.storage.storage_servers import (
    ACCOUNT,
    AZURE_ENVIRONMENT,
    AZURITE,
    PLACE,
    S3_ENVIRONMENT,
)

pytestmark = pytest.mark.spark

FORMAT = CsvFormat(columns=("id", "note"))
NOTHING = SeenFiles(None, ())
SMALL = 40
LARGE = {
    "plain.csv": b"id,note\n" + b"1,some words\n" * 20_000,
    "quoted.csv": b"id,note\n" + b'"2\n",some words\n' * 15_000,
    "members.csv.gz": gzip.compress(b"id,note\n" + b"3,x\n" * 20_000) + gzip.compress(b"3,y\n" * 20_000),
    "latin.csv": b"id,note\n" + b"4,\xe9\n" * 40_000,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Landed:
    """A landing zone in a store, and what is read of it."""

    zone: StoredLandingZone
    opened_by_driver: list[LandedFile] = field(default_factory=list)
    asked: Counter[str] = field(default_factory=Counter)
    """How often bytes of each file were asked for, by whomever."""


@pytest.fixture(params=["s3", pytest.param("adls", marks=pytest.mark.slow)])
def landed(
    request: pytest.FixtureRequest, spark: SparkSession, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Landed]:
    is_s3 = request.param == "s3"
    if not is_s3 and not AZURITE.exists():
        pytest.skip("Azurite is not installed; `make test` installs it where there is npm")
    for variable, value in (S3_ENVIRONMENT if is_s3 else AZURE_ENVIRONMENT).items():
        monkeypatch.setenv(variable, value)
        monkeypatch.setitem(spark.sparkContext.environment, variable, value)
    asked: Counter[str] = Counter()

    def count(method: str, path: str) -> Fault:
        if method == "GET":
            asked[path.partition("?")[0].rpartition("/")[2]] += 1
        return Fault.NONE

    start = storage_servers.moto if is_s3 else storage_servers.azurite
    with start() as server, FaultProxy(server.port, count) as proxy:
        endpoint = server.behind(proxy.port)
        if is_s3:
            settings: S3Storage | AdlsStorage = S3Storage(bucket=PLACE, endpoint=endpoint)
            root = f"s3://{PLACE}"
        else:
            settings = AdlsStorage(account=ACCOUNT, container=PLACE, endpoint=endpoint)
            root = f"abfss://{PLACE}@{ACCOUNT}.dfs.core.windows.net"
        known = ("s3", PLACE) if is_s3 else ("adls", ACCOUNT)
        monkeypatch.setitem(schemes._KNOWN, known, settings)
        store = storage_for(root)
        for number in range(SMALL):
            store.write(f"in/{number:02}.csv", f"id,note\n{number},n\n".encode())
        for name, body in LARGE.items():
            store.write(f"in/{name}", body)
        zone = landing_zone(f"{root}/in/*.csv*")
        assert isinstance(zone, StoredLandingZone)
        found = Landed(zone=zone, asked=asked)
        open_file = StoredLandingZone.open

        def noting(zone: StoredLandingZone, file: LandedFile) -> object:
            found.opened_by_driver.append(file)
            return open_file(zone, file)

        monkeypatch.setattr(StoredLandingZone, "open", noting)
        yield found


def test_tasks_inspect_and_read_what_landed_in_a_store_and_the_driver_opens_no_file(
    spark: SparkSession, landed: Landed, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("lakehouse.ingestion.formats.csv_parts._PART_BYTES", 80_000)
    files = landed.zone.files()
    assert len(files) == SMALL + len(LARGE)
    assert not landed.asked.keys() & LARGE.keys()
    tracker = FileTracker(zone=landed.zone, file_format=FORMAT, session=lambda: spark)
    inputs = tracker.inspected(tracker.candidates(NOTHING), NOTHING)
    assert inputs is not None
    assert landed.opened_by_driver == []
    assert landed.asked["plain.csv"] > 2  # the digest by one task, parts by others
    accepted, rejected = inputs.accepted(), inputs.rejected()
    by_driver = dict(zip(files, DriverInspector(landed.zone, FORMAT).inspect(files), strict=True))
    for file, found in by_driver.items():
        here = (accepted | rejected)[file.path]
        assert (here.digest, getattr(here, "reason", None)) == (found.digest, getattr(found, "reason", None))
    assert [path.rpartition("/")[2] for path in rejected] == ["latin.csv"]

    landed.opened_by_driver.clear()
    assert tracker.recheck(inputs, reading_again=False) == inputs
    # Spark's own reader would take the plain one, with Amazon's or Azure's jars.
    exact = {path: found for path, found in accepted.items() if not path.endswith("plain.csv")}
    rows = FORMAT.read(spark, exact, ingested_at=dt.datetime(2024, 1, 1, tzinfo=dt.UTC))
    counts = {
        row["file"]: row["count"]
        for row in rows.groupBy("_source_file").count().toDF("file", "count").collect()
    }
    assert {name.rpartition("/")[2]: count for name, count in counts.items()} == {
        **{f"{number:02}.csv": 1 for number in range(SMALL)},
        "quoted.csv": 15_000,
        "members.csv.gz": 40_000,
    }
    assert landed.opened_by_driver == []
