"""What a definition says of event time, of tables beside it and of an API holds in a stream as plain Python says it."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from pyspark.sql import SparkSession
from rest_api_server import ApiServer

from lakehouse.ingestion import Incremental, PageNumber
from lakehouse.pipelines import (
    DeclarativePipelineBuilder,
    from_files,
    from_rest,
    read,
    session_window,
    stream_pipeline,
    window,
)
from tests.spark.pipelines.streaming import Seen, check_law, streaming

pytestmark = [pytest.mark.spark, pytest.mark.slow]

CLICKS = [
    [(1, "a", "01T10:00"), (2, "b", "01T10:20"), (3, "a", "01T23:50"), (1, "a", "01T10:00")],
    [(4, "a", "02T00:05"), (2, "b", "01T10:20"), (5, "b", "02T03:00"), (1, "a", "05T10:00")],
]
"""What lands first, and then. The same click comes again: within a batch, a batch later, and four days later."""
NAMES = [[("a", "Ada")], [("b", "Bob")]]


def moment(at: str) -> dt.datetime:
    return dt.datetime.fromisoformat(f"2024-01-{at}:00+00:00")


def sessions(times: list[dt.datetime], gap: dt.timedelta) -> list[tuple[dt.datetime, int]]:
    """Return the beginning and the number of clicks of each session."""
    found: list[list[dt.datetime]] = []
    for time in sorted(times):
        if found and time - found[-1][-1] < gap:
            found[-1].append(time)
        else:
            found.append([time])
    return [(each[0], len(each)) for each in found]


def test_windows_sessions_bounded_duplicates_and_a_table_beside_in_a_stream(
    spark: SparkSession, tmp_path: Path
) -> None:
    landing, lake = tmp_path / "landing", tmp_path / "lake"
    landing.mkdir()
    clicks = from_files("${landing}/clicks*.csv", columns=("id", "who", "at")).select("id", "who", "at")
    clicks = clicks.cast({"id": "int", "at": "timestamp"})
    new = read("clicks", incremental=True)
    definition = (
        DeclarativePipelineBuilder("events")
        .variable("landing", default="none")
        .silver("clicks", clicks.deduplicate("id", within="2 days", order_by="at").append())
        .bronze("names", from_files("${landing}/names*.csv", columns=("who", "name")))
        .silver("named", new.join(read("names").select("who", "name"), on="who", how="left").append())
        .gold("days", read("clicks").aggregate(by=window("at", "1 day"), clicks="count(*)").replace())
        .gold(
            "visits",
            read("clicks").aggregate(by=session_window("at", "30 minutes"), clicks="count(*)").replace(),
        )
        .build()
    )
    common: dict[str, Any] = {"spark": spark, "warehouse": lake, "variables": {"landing": str(landing)}}
    for number, (some, names) in enumerate(zip(CLICKS, NAMES, strict=True)):
        lines = ["who,name", *(",".join(each) for each in names)]
        (landing / f"names{number}.csv").write_text("\n".join(lines) + "\n")
        lines = ["id,who,at", *(f"{i},{who},2024-01-{at}:00Z" for i, who, at in some)]
        (landing / f"clicks{number}.csv").write_text("\n".join(lines) + "\n")
        assert not stream_pipeline(definition, mode="available-now", **common).failures

    def rows(table: str, *columns: str) -> list[tuple[Any, ...]]:
        frame = spark.read.format("delta").load(str(lake / table)).selectExpr(*columns)
        return sorted((tuple(row) for row in frame.collect()), key=repr)

    utc = "date_format(to_utc_timestamp({}, current_timezone()), \"dd'T'HH:mm\")"
    kept = [(1, "a", "01T10:00"), (1, "a", "05T10:00"), (2, "b", "01T10:20"), (3, "a", "01T23:50")]
    kept += [(4, "a", "02T00:05"), (5, "b", "02T03:00")]
    assert rows("silver/clicks", "id", "who", utc.format("at")) == sorted(kept, key=repr)
    known = {(1, "01T10:00"): "Ada", (2, "01T10:20"): None, (3, "01T23:50"): "Ada"}
    of_all = {"a": "Ada", "b": "Bob"}
    wanted = [(i, at, known.get((i, at), of_all[who])) for i, who, at in kept]
    named = rows("silver/named", "id", utc.format("at"), "name")
    assert named == sorted(wanted, key=repr), "each batch sees the other table as it stands then"
    days = Counter(at[:2] for _, _, at in kept)
    assert rows("gold/days", utc.format("window.start"), "clicks") == sorted(
        (f"{day}T00:00", count) for day, count in days.items()
    )
    visits = sessions([moment(at) for _, _, at in kept], dt.timedelta(minutes=30))
    assert rows("gold/visits", utc.format("session_window.start"), "clicks") == sorted(
        (begin.strftime("%dT%H:%M"), count) for begin, count in visits
    )
    check_law(lake)


def test_an_api_is_asked_at_each_trigger_and_its_records_come_once(
    spark: SparkSession, tmp_path: Path
) -> None:
    def orders(count: int) -> list[dict[str, Any]]:
        return [{"id": n, "updated_at": f"2026-01-{1 + n // 10:02}T{n % 10:02}:00:00Z"} for n in range(count)]

    api = ApiServer({"orders": orders(25)})
    with api.running():
        flow = from_rest(
            api.url,
            schema={"id": "bigint", "updated_at": "string"},
            endpoints=("page/orders",),
            pagination=PageNumber(),
            incremental=Incremental(field="updated_at", parameter="after"),
        )
        definition = DeclarativePipelineBuilder("shop").bronze("orders", flow.append()).build()

        def beside(stop: object, seen: Seen) -> None:
            seen.wait_for(1)
            api.lists = {"orders": orders(60)}
            seen.wait_for(2)

        streaming(beside, "orders", definition=definition, spark=spark, warehouse=tmp_path / "lake")
    rows = spark.read.format("delta").load(str(tmp_path / "lake/bronze/orders")).select("id").collect()
    assert sorted(row.id for row in rows) == list(range(60))
